"""How much one visitor may make in an hour."""

import io
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.cli.serving import configured
from app.errors import TooMany
from app.microscope import Microscope
from app.settings import Settings
from app.web.app import create_app
from app.web.limits import HOUR_S, Limits
from app.web.visitor import address_of
from tests.pictures import blobs, png
from tests.web.conftest import LAYER, SPEC, finish

JSON = {"Accept": "application/json"}
ANY = {f"{what}_per_hour": 0 for what in ("renders", "findings", "facets", "uploads", "changes")}

Public = Callable[..., TestClient]


@pytest.fixture
def public(client: TestClient, settings: Settings) -> Iterator[Public]:
    """Makes clients of a public server on the shared microscope, with the limits that are given and no other. Clients of
    one server are made by its own client's `app`."""
    microscope: Microscope = client.app.state.microscope  # type: ignore[attr-defined]

    def make(address: str = "192.0.2.1", of: TestClient | None = None, **limits: Any) -> TestClient:
        app = of.app if of else create_app(settings.model_copy(update={"access": "public", **ANY, **limits}))
        app.state.microscope = microscope  # type: ignore[attr-defined]
        return TestClient(app, follow_redirects=False, client=(address, 50000))

    yield make
    for line in microscope.key_desk.all():
        microscope.key_desk.revoke(line.name)


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_an_hour_slides() -> None:
    clock = Clock()
    limits = Limits({"renders": 2}, clock)
    limits.take("anna", "renders")
    clock.now += 600
    limits.take("anna", "renders")
    with pytest.raises(TooMany, match="at most 2 renders in an hour.*in 50 minutes") as refused:
        limits.take("anna", "renders")
    assert refused.value.retry_after_s == HOUR_S - 600
    limits.take("bert", "renders")
    clock.now += HOUR_S - 600
    limits.take("anna", "renders")
    with pytest.raises(TooMany):
        limits.take("anna", "renders")


def test_several_at_once_take_several_places_or_the_whole_hour() -> None:
    limits = Limits({"renders": 5}, Clock())
    limits.take("anna", "renders", 3)
    with pytest.raises(TooMany):
        limits.take("anna", "renders", 3)
    limits.take("anna", "renders", 2)
    limits.take("bert", "renders", 9)
    with pytest.raises(TooMany):
        limits.take("bert", "renders")


def test_what_came_to_nothing_is_given_back_and_no_limit_is_none() -> None:
    limits = Limits({"renders": 1, "facets": 0}, Clock())
    limits.take("anna", "renders")
    limits.give_back("anna", "renders")
    limits.take("anna", "renders")
    limits.take("anna", "facets", 1000)


def test_who_does_not_come_back_is_forgotten() -> None:
    clock = Clock()
    limits = Limits({"renders": 2}, clock)
    for number in range(100):
        limits.take(f"visitor {number}", "renders")
    clock.now += HOUR_S + 1
    limits.take("anna", "renders")
    assert len(limits._times) == 1


@pytest.mark.parametrize(
    ("client", "counted"),
    [
        (("192.0.2.7", 1), "192.0.2.7"),
        (("2001:db8:1:2:3:4:5:6", 1), "2001:db8:1:2::/64"),
        (("fe80::1%eth0", 1), "fe80::/64"),
        (("::ffff:192.0.2.7", 1), "192.0.2.7"),
        (("testclient", 1), "testclient"),
        (None, "unknown"),
    ],
)
def test_an_address_stands_for_a_visitor(client: tuple[str, int] | None, counted: str) -> None:
    assert address_of(client) == counted


def render(site: TestClient, unit: int, **headers: str) -> int:
    return site.post("/renders", data={**SPEC, "unit": unit, "steps": 2}, headers=headers).status_code


def test_new_renders_are_limited_and_those_that_are_there_are_not(client: TestClient, public: Public) -> None:
    site = public(renders_per_hour=2)
    assert [render(site, unit) for unit in (210, 211)] == [303, 303]
    assert [render(site, unit) for unit in (210, 211)] == [303, 303]
    refused = site.post("/renders", data={**SPEC, "unit": 212, "steps": 2}, headers=JSON)
    assert refused.status_code == 429 and 3500 < int(refused.headers["retry-after"]) <= 3600
    assert "at most 2 renders in an hour" in refused.json()["detail"] and "60 minutes" in refused.json()["detail"]
    assert client.get(f"/models/small/{LAYER}/212.json").json()["renders"] == []
    page = site.post("/renders", data={**SPEC, "unit": 212, "steps": 2})
    assert page.status_code == 429 and "Retry-After" in page.headers and "Try again in" in page.text
    assert render(public("192.0.2.2", of=site), 212) == 303
    for unit in (210, 211, 212):
        url = client.post("/renders", data={**SPEC, "unit": unit, "steps": 2}).headers["location"]
        assert finish(client, url)["status"] == "done"


def test_a_form_at_fault_takes_no_render(public: Public) -> None:
    site = public(renders_per_hour=1)
    for unit in (99_999, -1, 99_999):
        assert render(site, unit) == 422
    assert render(site, 210) == 303  # there already, or the first


def ids(client: TestClient) -> set[str]:
    return {each["id"] for each in client.get("/renders.json").json()["renders"]}


def test_seeds_and_tables_count_each_of_their_renders(client: TestClient, public: Public, render_url: str) -> None:
    site = public(renders_per_hour=2)
    before = ids(client)
    assert render(site, 213) == 303
    for path in (f"{render_url}/seeds", f"/models/small/{LAYER}/213/facets"):
        assert site.post(path).status_code == 429
    (new,) = ids(client) - before
    assert finish(client, f"/renders/{new}")["status"] == "done"


def test_a_key_has_an_hour_of_its_own_and_an_admin_has_no_limits(client: TestClient, public: Public) -> None:
    desk = client.app.state.microscope.key_desk  # type: ignore[attr-defined]
    site = public(changes_per_hour=1)
    keys = {
        name: {"Authorization": f"Bearer {desk.add(name, scope)}"} for name, scope in [("a", "make"), ("b", "admin")]
    }
    answers = [site.post("/nothing/at/all/labels/undo", headers=keys["b"]).status_code for _ in range(3)]
    assert answers == [404] * 3
    undo = f"/models/small/{LAYER}/5/labels/undo"
    assert [site.post(undo, headers=headers).status_code for headers in ({}, {}, keys["a"], keys["a"])] == [
        303,
        429,
        303,
        429,
    ]
    elsewhere = public("192.0.2.2", of=site)
    assert [elsewhere.post(undo, headers=headers).status_code for headers in (keys["a"], {})] == [429, 303]


def test_one_comes_in_with_a_key_where_the_address_has_had_its_hour(client: TestClient, public: Public) -> None:
    site, key = public(changes_per_hour=1), client.app.state.microscope.key_desk.add("a", "make")  # type: ignore[attr-defined]
    undo = f"/models/small/{LAYER}/5/labels/undo"
    assert [site.post(undo).status_code for _ in range(2)] == [303, 429]
    assert site.post("/enter", data={"key": key}).status_code == 303
    assert site.post(undo).status_code == 303
    assert site.post("/leave").status_code == 303 and site.post(undo).status_code == 429


def test_uploads_and_facets_are_limited_before_they_are_read(public: Public) -> None:
    site = public(uploads_per_hour=1, facets_per_hour=1)
    picture = {"image": ("discs.png", io.BytesIO(png(blobs(7)[0])), "image/png")}
    broken = {"image": ("discs.png", b"nothing", "image/png")}
    assert site.post("/looks", files=broken).status_code == 415
    assert site.post("/looks", files=picture).status_code == 429
    assert site.post("/renders", data=SPEC, files={"picture_file": picture["image"]}).status_code == 429
    words = {"kind": "words", "model": "small", "layer": LAYER, "list": "one\ntwo"}
    assert site.post("/findings", data=words).status_code == 429
    assert [site.post("/facets", data={"name": "x"}).status_code for _ in range(2)] == [422, 429]


def test_findings_are_limited(client: TestClient, public: Public) -> None:
    site = public(findings_per_hour=1)
    spec = {"kind": "captions", "model": "small", "layer": LAYER}
    first = site.post("/findings", data={**spec, "unit": 214})
    assert first.status_code == 303
    assert site.post("/findings", data={**spec, "unit": 214}).headers["location"] == first.headers["location"]
    assert site.post("/findings", data={**spec, "unit": 215}).status_code == 429
    client.post(f"{first.headers['location']}/cancel")


@pytest.mark.parametrize(("proxies", "own_hours"), [(("192.0.2.0/24",), True), (("198.51.100.1",), False)])
def test_visitors_are_told_apart_behind_a_proxy_that_is_trusted(
    client: TestClient, settings: Settings, proxies: tuple[str, ...], own_hours: bool
) -> None:
    guarded = settings.model_copy(update={"access": "public", "changes_per_hour": 1, "trusted_proxies": proxies})
    app = create_app(guarded)
    app.state.microscope = client.app.state.microscope  # type: ignore[attr-defined]
    config = configured(app, guarded)
    config.load()
    served: Any = config.loaded_app
    site = TestClient(served, follow_redirects=False, client=("192.0.2.9", 50000))
    undo = f"/models/small/{LAYER}/5/labels/undo"
    said = [{"X-Forwarded-For": f"6.6.6.6, 203.0.113.{number}"} for number in (1, 1, 2)]
    answers = [site.post(undo, headers=headers).status_code for headers in said]
    assert answers == [303, 429, 303 if own_hours else 429]
