"""The proxies of docs/operating.md, before a public server at a real address: what a visitor of the site meets."""

import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from itertools import count
from pathlib import Path

import httpx
import numpy as np
import pytest
from fastapi import FastAPI
from PIL import Image

from app.cli.serving import configured
from app.settings import Settings
from app.web import browser_id, session
from app.web.app import create_app
from tests.pictures import furnished_folder, png
from tests.web.conftest import LAYER, SPEC, serving, wait_for
from tests.web.proxies import SITE, Proxy, Visitor, allowed_hosts, caddy, nginx

HOME = f"https://{SITE}"
UNIT = f"/models/small/{LAYER}/5"
PICTURE = "/corpora/small-corpus/images/3.webp"
SECRET = "a secret of the whole team"
JSON = {"Accept": "application/json"}
PER_HOUR = 2
UNANNOUNCED = ["-H", "Transfer-Encoding: chunked"]  # by HTTP/2 curl then leaves out how long the body is
PROXIES: dict[str, Callable[[Path, str], AbstractContextManager[Proxy]]] = {"nginx": nginx, "caddy": caddy}


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = furnished_folder(tmp_path_factory.mktemp("models") / "small", pictures=24, facet=8)
    return Settings(
        models=(f"small@{folder}",),
        data=tmp_path_factory.mktemp("data"),
        device="cpu",
        port=0,
        access="public",
        allowed_hosts=tuple(allowed_hosts().split()),
        secret=SECRET,  # type: ignore[arg-type]
        renders_per_hour=PER_HOUR,
        renders_at_once=1,
    )


@pytest.fixture(scope="module")
def app(settings: Settings) -> FastAPI:
    return create_app(settings)


@pytest.fixture(scope="module")
def public(app: FastAPI, settings: Settings) -> Iterator[str]:
    """Where a public server listens, as `serve` starts it."""
    with serving(configured(app, settings)) as address:
        wait_for(lambda: httpx.get(f"http://{address}/readyz").status_code == 200)
        yield address


@pytest.fixture(scope="module", params=PROXIES)
def proxy(request: pytest.FixtureRequest, public: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    with PROXIES[request.param](tmp_path_factory.mktemp("proxy") / request.param, public) as proxy:
        yield proxy


numbers = count(1)


def somebody(proxy: Proxy) -> Visitor:
    """A visitor who has not been here before."""
    return Visitor(proxy, f"127.0.7.{next(numbers)}")


def render(visitor: Visitor, steps: int = 1, forged: str = "") -> httpx.Response:
    """Ask for a picture that nobody asked for yet, and say that one is at another address."""
    spec = {**SPEC, "unit": next(numbers), "steps": steps}
    return visitor.post("/renders", spec, Origin=HOME, X_Forwarded_For=forged)


def test_a_page_comes_by_http_2_and_its_links_lead_back_by_https(proxy: Proxy) -> None:
    visitor = somebody(proxy)
    page = visitor.ask(UNIT)
    assert page.status_code == 200 and page.http_version == "HTTP/2", page.text
    url = render(visitor).headers["location"]
    links = re.findall(r'property="og:(?:url|image)" content="(.*?)"', visitor.ask(url).text)
    assert links[0] == HOME + url and all(link.startswith(f"{HOME}/") for link in links)
    assert visitor.ask(f"{UNIT}/").headers["location"] == HOME + UNIT


def test_the_sites_own_forms_are_taken_and_cookies_are_kept_to_https(proxy: Proxy) -> None:
    visitor = somebody(proxy)
    label = {"text": "stripes"}
    said = visitor.post(f"{UNIT}/labels", label, Origin=HOME)
    assert said.status_code == 303 and said.headers["location"].startswith(UNIT), said.text
    entered = visitor.post("/enter", {"key": SECRET}, Origin=HOME)
    for answer, name in ((said, browser_id.NAME), (entered, session.NAME)):
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith(f"{name}=") and "; secure" in cookie.lower()
    for origin in ("https://elsewhere.example.org", f"{HOME}:8443", "null"):
        refused = visitor.post(f"{UNIT}/labels", label, Origin=origin)
        assert refused.status_code == 403 and "sent by another site" in refused.text


def test_a_large_picture_is_taken_and_a_huge_one_is_refused_with_a_reason(proxy: Proxy, tmp_path: Path) -> None:
    visitor = somebody(proxy)
    large, huge = tmp_path / "large.png", tmp_path / "huge.png"
    large.write_bytes(png(Image.fromarray(np.random.default_rng(0).integers(0, 256, (1300, 1300, 3), np.uint8))))
    assert large.stat().st_size > 4e6
    taken = visitor.ask("/looks", "-F", f"image=@{large}", Origin=HOME)
    assert taken.status_code == 303, taken.text
    assert visitor.ask(taken.headers["location"]).status_code == 200
    for size, more in ((140_000_000, []), (129_000_000, []), (129_000_000, UNANNOUNCED)):
        with huge.open("wb") as file:
            file.truncate(size)
        refused = visitor.ask("/looks", "-F", f"image=@{huge}", *more, Origin=HOME)
        assert refused.status_code == 413, refused.text
    # Of one that is announced curl sends no more once it has seen the status, and Caddy may then cut off the rest.
    assert "at most 128 MB" in refused.text and "FACETSCOPE_MAX_BODY_BYTES" in refused.text


def test_a_render_is_seen_while_it_waits_and_grows(proxy: Proxy) -> None:
    """The one event of a render that waits must come, though nothing follows it that would fill a buffer."""
    visitor = somebody(proxy)
    before, url = (render(visitor, steps=4000).headers["location"] for _ in range(2))
    with subprocess.Popen(visitor.command(f"{url}/events", "--no-buffer"), stdout=subprocess.PIPE, text=True) as stream:
        assert stream.stdout
        ids = (line for line in iter(stream.stdout.readline, "") if line.startswith("id:"))
        seen = {next(ids)}
        assert visitor.ask(f"{before}.json").json()["status"] in ("queued", "running"), (
            "it came after what it waits for"
        )
        visitor.post(f"{before}/cancel", {}, Origin=HOME)
        for _ in range(4):
            seen.add(next(ids))
            assert visitor.ask(f"{url}.json").json()["status"] in ("queued", "running"), "it came after the end"
        assert len(seen) == 5
        visitor.post(f"{url}/cancel", {}, Origin=HOME)
        assert "event: end\n" in stream.stdout.readlines()
    assert stream.returncode == 0


def test_each_visitor_has_an_hour_of_their_own_whatever_they_say_of_themselves(proxy: Proxy) -> None:
    visitor, other = somebody(proxy), somebody(proxy)
    assert [render(visitor).status_code for _ in range(PER_HOUR)] == [303] * PER_HOUR
    for forged in ("", "203.0.113.9", other.address, f"203.0.113.9, {other.address}"):
        refused = render(visitor, forged=forged)
        assert refused.status_code == 429 and "in an hour" in refused.text and "retry-after" in refused.headers
    assert render(other).status_code == 303


def test_another_name_is_not_answered_to(proxy: Proxy) -> None:
    visitor = somebody(proxy)
    answer = visitor.ask("/", Host="elsewhere.example.org")
    assert answer.status_code == 400 or answer.content == b""  # Caddy says nothing where it has no such site
    with pytest.raises(httpx.ConnectError):
        visitor.ask("https://elsewhere.example.org/")


def test_nginx_at_another_port_says_which(public: str, tmp_path: Path) -> None:
    with nginx(tmp_path / "nginx", public, host="$http_host") as proxy:
        visitor, home = somebody(proxy), f"{HOME}:8443"
        assert visitor.ask(f"{home}{UNIT}/").headers["location"] == home + UNIT
        label = {"text": "stripes"}
        said = [visitor.post(f"{home}{UNIT}/labels", label, Origin=origin).status_code for origin in (home, HOME)]
        assert said == [303, 403]


def test_nginx_keeps_what_is_for_all_and_nothing_else(public: str, tmp_path: Path) -> None:
    """What it kept has the same id, which the server gives each request anew."""
    with nginx(tmp_path / "nginx", public) as proxy:
        first, second = somebody(proxy), somebody(proxy)
        style = re.findall(r'href="(/static/[^"]*\.css\?v=.*?)"', first.ask("/").text)[0]
        for url in (PICTURE, style):
            answers = [first.ask(url), second.ask(url, Cookie=f"{session.NAME}=x"), second.ask(url)]
            assert {answer.status_code for answer in answers} == {200}
            assert len({answer.headers["x-request-id"] for answer in answers}) == 1
            assert len({answer.content for answer in answers}) == 1
            assert all("public" in answer.headers["cache-control"] for answer in answers)
            assert first.ask(url, If_None_Match=answers[0].headers["etag"]).status_code == 304
        for url in (
            "/",
            UNIT,
            "/corpora/small-corpus/3",
            "/corpora/small-corpus/images/999.webp",
            style.partition("?")[0],
        ):
            answers = [first.ask(url), second.ask(url)]
            assert len({answer.headers["x-request-id"] for answer in answers}) == 2, url


def test_nginx_keeps_nothing_that_a_closed_server_shows(
    app: FastAPI, public: str, settings: Settings, tmp_path: Path
) -> None:
    assert public  # its microscope has all that is to be seen
    closed = settings.model_copy(update={"access": "team", "browsing": "closed"})
    team = create_app(closed)
    team.state.microscope = app.state.microscope
    config = configured(team, closed)
    config.lifespan = "off"
    with serving(config) as address, nginx(tmp_path / "nginx", address) as proxy:
        member, stranger = somebody(proxy), somebody(proxy)
        entered = member.post("/enter", {"key": SECRET}, Origin=HOME).headers["set-cookie"].partition(";")[0]
        shown = [member.ask(PICTURE, Cookie=entered), member.ask(PICTURE, Authorization=f"Bearer {SECRET}")]
        assert [answer.status_code for answer in shown] == [200, 200]
        assert len({answer.headers["x-request-id"] for answer in shown}) == 2
        assert stranger.ask(PICTURE).status_code == 401
