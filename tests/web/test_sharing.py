"""Taking a finished render along: its film, its settings, a frame on another page, and what a link of it shows."""

import json
from io import BytesIO

from fastapi.testclient import TestClient
from PIL import Image, ImageChops

from tests.web.conftest import LAYER, SPEC, finish
from tests.web.markup import Markup


def test_the_film_shows_every_frame_and_stays_on_the_last(client: TestClient, render_url: str) -> None:
    twin = client.get(f"{render_url}.json").json()
    answer = client.get(f"{render_url}/film.webp")
    assert answer.headers["content-type"] == "image/webp"
    film = Image.open(BytesIO(answer.content))
    assert film.n_frames == len(twin["frames"]) > 1 and film.info["loop"] == 0  # type: ignore[attr-defined]
    film.seek(film.n_frames - 1)  # type: ignore[attr-defined]
    last = Image.open(BytesIO(client.get(twin["image"]).content)).convert("RGB")
    difference = ImageChops.difference(film.convert("RGB"), last).convert("L").resize((1, 1)).getpixel((0, 0))
    assert isinstance(difference, int) and difference < 8
    assert film.info["duration"] >= 1000


def test_the_settings_make_the_same_render_again(client: TestClient, render_url: str) -> None:
    settings = client.get(f"{render_url}/spec.json")
    assert settings.headers["content-type"] == "application/json"
    again = client.post("/renders", json=json.loads(settings.text), headers={"Accept": "application/json"})
    assert (again.status_code, again.json()["url"]) == (200, render_url)


def test_a_render_that_did_not_finish_has_no_film(client: TestClient) -> None:
    url = client.post("/renders", data={**SPEC, "unit": "44", "steps": "4000"}).headers["location"]
    client.post(f"{url}/cancel")
    assert finish(client, url)["status"] == "cancelled"
    answer = client.get(f"{url}/film.webp")
    assert answer.status_code == 404 and "cancelled" in answer.text
    assert client.get("/renders/0000000000000000/film.webp").status_code == 404


def test_another_site_may_show_the_picture_and_nothing_else(client: TestClient, render_url: str) -> None:
    answer = client.get(f"{render_url}?embed=1")
    assert "frame-ancestors *" in answer.headers["content-security-policy"]
    page = Markup(answer.text)
    assert page.one("img")["src"] == f"{render_url}/picture.png"
    assert not page.all("form") and not page.all("script")
    assert {each["href"] for each in page.all("a")} == {render_url}
    assert {each["target"] for each in page.all("a")} == {"_blank"}
    whole = client.get(render_url)
    assert "frame-ancestors 'none'" in whole.headers["content-security-policy"]
    assert f"{render_url}?embed=1" in whole.text


def test_a_link_carries_its_picture(client: TestClient, render_url: str) -> None:
    page = Markup(client.get(render_url).text)
    assert page.one("meta", property="og:image")["content"] == f"http://testserver{render_url}/picture.png"
    assert page.one("meta", property="og:url")["content"] == f"http://testserver{render_url}"
    assert "Unit" in page.one("meta", property="og:title")["content"]


def test_two_renders_side_by_side_say_what_differs(client: TestClient, render_url: str) -> None:
    spec = json.loads(client.get(f"{render_url}/spec.json").text)
    other = client.post("/renders", json={**spec, "seed": spec["seed"] + 1, "strength": -1}).headers["location"]
    assert finish(client, other)["status"] == "done"
    whole = Markup(client.get(render_url).text)
    (address,) = [each["href"] for each in whole.all("a") if other.rsplit("/", 1)[1] in each.get("href", "")]
    assert address.startswith("/compare?")
    twin = client.get(address.replace("/compare?", "/compare.json?")).json()
    assert [each["name"] for each in twin["differences"]] == ["strength", "seed"]
    page = Markup(client.get(address).text)
    shown = [each["src"] for each in page.all("img")]
    assert shown == [f"{render_url}/picture.png", f"{other}/picture.png"]
    assert "differ in strength, seed" in page.text


def test_a_render_beside_one_that_is_not_there_is_not_found(client: TestClient, render_url: str) -> None:
    name = render_url.rsplit("/", 1)[1]
    assert client.get(f"/compare?a={name}&b=0000000000000000").status_code == 404
    assert client.get(f"/compare?a={name}").status_code == 422


def test_a_picture_made_against_a_unit_never_stands_for_it(client: TestClient) -> None:
    against = {**SPEC, "unit": "53", "aim": "least", "facet": "stripes"}
    urls = [client.post("/renders", data=spec).headers["location"] for spec in (against, {**against, "facet": ""})]
    assert {finish(client, url)["status"] for url in urls} == {"done"}
    facet = client.get(f"{urls[0]}.json").json()["spec"]["facet"]
    unit = Markup(client.get(f"/models/small/{LAYER}/53").text)
    hero, *_ = unit.all("img")
    assert not hero["src"].startswith("/renders/")
    assert "against the unit" in unit.text
    layer = client.get(f"/models/small/{LAYER}.json", params={"facet": facet, "q": "53"}).json()
    assert not any(card["thumbnail"].startswith("/renders/") for card in layer["units"] if card["unit"] == 53)
    page = Markup(client.get(urls[1]).text)
    assert "speaks against" in page.one("meta", property="og:description")["content"]
