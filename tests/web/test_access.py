"""Who may do what: every rule, keys and scopes, the way in and out, and what closed browsing closes."""

import logging
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr, ValidationError

from app.microscope import Microscope
from app.microscope import keys as keys_module
from app.settings import Settings
from app.web.access import needed
from app.web.app import create_app
from app.web.session import NAME
from tests.web.conftest import LAYER, SPEC
from tests.web.markup import Markup

JSON = {"Accept": "application/json"}
SECRET = "a secret of the whole team"
IMAGE = "/corpora/small-corpus/images/0"
READ = [
    "/",
    "/models.json",
    f"/models/small/{LAYER}/3",
    f"/models/small/{LAYER}/units.csv",
    f"{IMAGE}.webp",
    f"{IMAGE}/heat/{LAYER}/3.webp",
    f"{IMAGE}/crop/{LAYER}/3.webp",
    "/renders/0123456789abcdef/events",
    "/nothing",
]
OPEN = ["/healthz", "/readyz", "/static/app.css", "/enter", "/enter.json", "/openapi.json"]

Guarded = Callable[..., TestClient]


@pytest.fixture
def guarded(client: TestClient, settings: Settings) -> Iterator[Guarded]:
    """Makes clients of servers that guard the shared microscope; the keys that they add are revoked after the test."""
    microscope: Microscope = client.app.state.microscope  # type: ignore[attr-defined]

    def make(address: str = "192.0.2.1", **access: Any) -> TestClient:
        app = create_app(settings.model_copy(update=access))
        app.state.microscope = microscope
        return TestClient(app, follow_redirects=False, client=(address, 50000))

    yield make
    for line in microscope.key_desk.all():
        microscope.key_desk.revoke(line.name)


@pytest.fixture
def new_key(client: TestClient) -> Callable[[str], str]:
    """Makes a key of a scope, which is its name too."""
    return lambda scope: client.app.state.microscope.key_desk.add(scope, scope)  # type: ignore[attr-defined]


@pytest.fixture
def team(tmp_path: Path) -> Iterator[TestClient]:
    """A client of a server with a shared secret and closed browsing, whose model is never loaded."""
    settings = Settings(data=tmp_path, access="team", browsing="closed", secret=SECRET)  # type: ignore[arg-type]
    app = create_app(settings)
    app.state.microscope = Microscope(settings)
    yield TestClient(app, follow_redirects=False)
    app.state.microscope.close()


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def test_a_change_that_nobody_thought_of_needs_an_admin() -> None:
    assert needed("POST", "/no/such/thing") == needed("DELETE", "/renders/1") == needed("PUT", "/") == "admin"
    assert needed("POST", "/renders") == needed("POST", "/renders/") == "make"
    assert needed("GET", "/renders") == needed("HEAD", "/no/such/thing") == "read"
    assert needed("GET", "/healthz") is needed("HEAD", "/static/a/b.css") is None


def test_private_asks_nobody_for_anything(client: TestClient) -> None:
    assert client.get("/metrics").status_code == 200
    assert client.get("/models.json", headers=bearer("nonsense")).status_code == 200
    assert client.get("/enter.json").json() == {"access": "private", "entered": False, "key": None, "may": "admin"}
    assert "no key is asked for" in client.get("/enter").text
    assert "/enter" not in client.get("/models").text


@pytest.mark.parametrize("path", READ)
def test_closed_browsing_shows_nothing_without_a_key(
    guarded: Guarded, new_key: Callable[[str], str], path: str
) -> None:
    site, key = guarded(access="team", browsing="closed"), new_key("read")
    refused = site.get(path)
    assert refused.status_code == 401 and refused.headers["www-authenticate"].startswith("Bearer")
    assert site.get(path, headers=bearer(key)).status_code in (200, 404)
    assert site.get(path, headers=bearer(f"{key}x")).status_code == 401


@pytest.mark.parametrize("path", OPEN)
def test_some_addresses_answer_everybody(guarded: Guarded, path: str) -> None:
    site = guarded(access="team", browsing="closed")
    assert site.get(path).status_code == 200
    assert site.get(path, headers=bearer("nonsense")).status_code == 200


def test_a_refusal_says_how_to_come_in(guarded: Guarded) -> None:
    site = guarded(access="team", browsing="closed")
    page = Markup(site.get("/models?after=3&q=a b").text)
    assert page.one("form", action="/enter")
    assert page.one("input", name="back")["value"] == "/models?after=3&q=a%20b"
    problem = site.get("/models.json")
    assert problem.headers["content-type"] == "application/problem+json"
    assert problem.json()["status"] == 401 and "scope read" in problem.json()["detail"]


def test_a_refusal_tells_people_what_a_key_is_where_it_goes_and_whom_to_ask(guarded: Guarded) -> None:
    site = guarded(access="team", browsing="closed", secret=SecretStr(SECRET))
    for page in (Markup(site.get("/models").text), Markup(site.get("/enter").text)):
        assert "a long password" in page.text and "ask whoever gave you this address" in page.text
        assert "secret that your class or team shares" in page.text
        assert " scope " not in page.text, "a word for programs"
    sent = Markup(site.post("/renders", data=SPEC).text)
    assert "Your form was not sent" in sent.text and "make or say something here" in sent.text
    wrong = Markup(site.post("/enter", data={"key": "facetscope_wrong"}).text)
    assert "not known here" in wrong.text and "whoever gave it to you" in wrong.text


def test_a_form_that_was_refused_leads_back_to_its_page(guarded: Guarded) -> None:
    site = guarded(access="team")
    for referer, back in [
        ("http://testserver/facets?a=1#new", "/facets?a=1#new"),
        ("http://evil.example/facets", "/"),
        ("http://testserver//evil.example", "/"),
    ]:
        answer = site.post("/renders", data={}, headers={"Referer": referer})
        assert answer.status_code == 401
        assert Markup(answer.text).one("input", name="back")["value"] == back


@pytest.mark.parametrize(
    ("access", "scope", "get", "post", "metrics"),
    [
        ("team", None, 200, 401, 401),
        ("team", "read", 200, 403, 403),
        ("team", "make", 200, 422, 403),
        ("team", "admin", 200, 422, 200),
        ("public", None, 200, 422, 401),
        ("public", "read", 200, 422, 403),
        ("public", "admin", 200, 422, 200),
    ],
)
def test_what_a_scope_is_good_for(
    guarded: Guarded,
    new_key: Callable[[str], str],
    access: str,
    scope: str | None,
    get: int,
    post: int,
    metrics: int,
) -> None:
    site, headers = guarded(access=access), JSON | (bearer(new_key(scope)) if scope else {})
    answers = [
        site.get("/models.json", headers=headers),
        site.post("/renders", json={"model": "small"}, headers=headers),
        site.get("/metrics", headers=headers),
    ]
    assert [each.status_code for each in answers] == [get, post, metrics]


def test_only_an_admin_deletes_and_is_offered_to(
    guarded: Guarded, new_key: Callable[[str], str], render_url: str, look_url: str
) -> None:
    made = [render_url, look_url]
    paths = [*made, "/facets/0123", "/findings/0123", f"/models/small/{LAYER}/3/labels"]
    for access, scope, status in [("team", None, 401), ("team", "make", 403), ("public", None, 401)]:
        site, headers = guarded(access=access), bearer(new_key(scope)) if scope else {}
        assert {site.post(f"{path}/delete", headers=headers).status_code for path in paths} == {status}
        assert not [url for url in made if "/delete" in site.get(url, headers=headers).text]
        assert "<button" not in site.get(f"{render_url}/delete", headers=headers).text.partition('id="main"')[2]
    site, headers = guarded(access="public"), bearer(new_key("admin"))
    assert all(f"{url}/delete" in site.get(url, headers=headers).text for url in made)
    assert {site.post(f"{path}/delete", headers=headers).status_code for path in paths[2:4]} == {404}


def test_whoever_may_make_keeps_a_render(guarded: Guarded, new_key: Callable[[str], str], render_url: str) -> None:
    site = guarded(access="team")
    assert site.post(f"{render_url}/pin", headers=bearer(new_key("read"))).status_code == 403
    make = bearer(new_key("make"))
    assert site.post(f"{render_url}/pin", headers=make).headers["location"] == render_url
    assert site.post(f"{render_url}/pin", data={"off": "1"}, headers=make).status_code == 303


def test_a_key_that_is_none_is_refused_even_where_none_is_needed(guarded: Guarded) -> None:
    answer = guarded(access="public").get("/models.json", headers=bearer("nonsense"))
    assert answer.status_code == 401 and "revoked" in answer.json()["detail"]


def test_a_person_comes_in_goes_back_and_leaves(guarded: Guarded, new_key: Callable[[str], str]) -> None:
    site = guarded(access="team", browsing="closed")
    answer = site.post("/enter", data={"key": f" {new_key('make')}\n", "back": "/facets?a=1"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/facets?a=1")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=lax" in cookie and "Secure" not in cookie
    assert site.get("/enter.json").json() == {"access": "team", "entered": True, "key": "make", "may": "make"}
    assert "In with the key make" in site.get("/models").text
    kept = site.cookies[NAME]
    assert site.post("/leave").headers["location"] == "/"
    assert NAME not in site.cookies
    site.cookies.set(NAME, kept)
    assert site.get("/models").status_code == 401


def test_the_entrance_leads_back_to_the_page_whose_link_led_to_it(
    guarded: Guarded, new_key: Callable[[str], str]
) -> None:
    site = guarded(access="team")
    page = Markup(site.get("/enter", headers={"Referer": "http://testserver/facets?a=1"}).text)
    assert page.one("input", name="back")["value"] == "/facets?a=1"
    assert Markup(site.get("/enter").text).one("input", name="back")["value"] == "/"
    site.post("/enter", data={"key": new_key("read")})
    page = Markup(site.get("/enter", params={"back": "/facets?a=1&b=2"}).text)
    assert page.one("a", href="/facets?a=1&b=2")
    left = site.post("/leave", data={"back": page.all("input", name="back")[0]["value"]}).headers["location"]
    assert Markup(site.get(left).text).one("input", name="back")["value"] == "/facets?a=1&b=2"


def test_whoever_is_in_with_too_small_a_key_may_show_another_at_once(
    guarded: Guarded, new_key: Callable[[str], str], render_url: str
) -> None:
    site = guarded(access="team")
    site.post("/enter", data={"key": new_key("read")})
    refused = site.post(f"{render_url}/pin", headers={"Referer": f"http://testserver{render_url}"})
    assert refused.status_code == 403 and "Enter with another key" in refused.text
    assert Markup(refused.text).one("input", name="back")["value"] == render_url
    assert "Enter with one" in site.get(f"{render_url}/delete").text
    assert Markup(site.get("/enter").text).one("form", action="/enter")
    answer = site.post("/enter", data={"key": new_key("admin"), "back": f"{render_url}/delete"})
    assert "Leave it" in site.get(answer.headers["location"]).text


def test_the_cookie_is_for_https_alone_where_one_came_by_it(guarded: Guarded, new_key: Callable[[str], str]) -> None:
    site = guarded(access="team")
    site.base_url = "https://testserver"
    assert "Secure" in site.post("/enter", data={"key": new_key("make")}).headers["set-cookie"]


def test_a_session_ends_when_its_key_is_revoked(
    client: TestClient, guarded: Guarded, new_key: Callable[[str], str]
) -> None:
    site, key = guarded(access="team", browsing="closed"), new_key("read")
    site.post("/enter", data={"key": key})
    assert site.get("/models").status_code == 200
    client.app.state.microscope.key_desk.revoke("read")  # type: ignore[attr-defined]
    assert site.get("/models").status_code == 401
    assert site.get("/models", headers=bearer(key)).status_code == 401
    new_key("read")  # of the same name
    assert site.get("/models").status_code == 401


def test_a_session_ends_by_itself(
    guarded: Guarded, new_key: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys_module, "SESSION_LASTS", timedelta(seconds=-1))
    site = guarded(access="team", browsing="closed")
    site.post("/enter", data={"key": new_key("read")})
    assert site.cookies[NAME] and site.get("/models").status_code == 401


def test_nothing_that_is_stored_lets_anybody_in(
    guarded: Guarded, new_key: Callable[[str], str], settings: Settings
) -> None:
    site, key = guarded(access="team", browsing="closed"), new_key("read")
    site.post("/enter", data={"key": key})
    cookie = site.cookies[NAME]
    written = b"".join(path.read_bytes() for path in settings.data.glob("facetscope.sqlite3*"))
    assert key.encode() not in written and cookie.encode() not in written
    digest = keys_module._digest(cookie)
    assert digest.encode() in written
    for forged in (digest, "", cookie[:-1], "read", keys_module._digest(key)):
        site.cookies.clear()
        site.cookies.set(NAME, forged)
        assert site.get("/models").status_code == 401


@pytest.mark.parametrize(
    "back", ["//evil.example", "/\\evil.example", "https://evil.example", "/\t/evil", "evil", "/\r\nA: b"]
)
def test_nobody_is_sent_to_another_site(guarded: Guarded, new_key: Callable[[str], str], back: str) -> None:
    site, key = guarded(access="team"), new_key("make")
    for answer in (site.post("/enter", data={"key": key, "back": back}), site.post("/leave", data={"back": back})):
        assert answer.status_code == 422 and "location" not in answer.headers and "set-cookie" not in answer.headers
    assert site.get("/enter", params={"back": back}).status_code == 422


def test_another_sites_form_brings_nobody_in(guarded: Guarded, new_key: Callable[[str], str]) -> None:
    headers = {"Sec-Fetch-Site": "cross-site"}
    assert guarded(access="team").post("/enter", data={"key": new_key("make")}, headers=headers).status_code == 403


def test_the_teams_secret_lets_in_until_it_is_another(team: TestClient, tmp_path: Path) -> None:
    assert team.get("/models").status_code == 401
    assert team.get("/models", headers=bearer(SECRET)).status_code == 200
    assert team.get("/metrics", headers=bearer(SECRET)).status_code == 403
    team.post("/enter", data={"key": SECRET})
    assert team.get("/enter.json").json() == {"access": "team", "entered": True, "key": None, "may": "make"}
    assert "In with the team’s secret" in team.get("/models").text
    changed = Settings(data=tmp_path, access="team", browsing="closed", secret=f"{SECRET}!")  # type: ignore[arg-type]
    later = Microscope(changed)
    assert later.key_desk.of_session(team.cookies[NAME]) is None
    later.close()


def test_keys_are_not_guessed(team: TestClient) -> None:
    answers = [team.post("/enter", data={"key": f"guess {number}"}) for number in range(32)]
    assert [each.status_code for each in answers] == [401] * 30 + [429] * 2
    assert int(answers[-1].headers["retry-after"]) > 3000
    assert team.get("/models", headers=bearer(SECRET)).status_code == 429
    assert Markup(answers[0].text).one("input", type="password")


def test_what_a_closed_server_shows_is_kept_by_no_shared_cache(guarded: Guarded, new_key: Callable[[str], str]) -> None:
    path, headers = "/corpora/small-corpus/images/0.webp", bearer(new_key("read"))
    closed, open_ = guarded(access="team", browsing="closed"), guarded(access="team")
    assert closed.get(path, headers=headers).headers["cache-control"].startswith("private")
    assert open_.get(path).headers["cache-control"].startswith("public")
    assert closed.get("/static/app.css").headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"secret": SECRET}, "access is private"),
        ({"secret": "too short", "access": "team"}, "16 at least"),
        ({"browsing": "closed"}, "only be closed where access is team"),
        ({"browsing": "closed", "access": "public"}, "only be closed where access is team"),
    ],
)
def test_settings_that_would_only_seem_to_protect_are_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Settings(**given)


def test_no_key_is_logged(guarded: Guarded, new_key: Callable[[str], str], caplog: pytest.LogCaptureFixture) -> None:
    site, key = guarded(access="team"), new_key("make")
    with caplog.at_level(logging.DEBUG):
        site.post("/enter", data={"key": key})
        site.get("/models", headers=bearer(key))
        site.get("/models", headers=bearer(f"{key}x"))
    assert key not in caplog.text and site.cookies[NAME] not in caplog.text


def test_the_secret_is_never_printed() -> None:
    settings = Settings(access="team", secret=SECRET)  # type: ignore[arg-type]
    assert SECRET not in repr(settings) + str(settings.model_dump()) + settings.model_dump_json()
