"""What forms and JSON clients can do: everything made has an address, and the same spec has the same one."""

import pytest
from fastapi.testclient import TestClient

from tests.pictures import striped_files
from tests.web.conftest import LAYER, SPEC, finish
from tests.web.markup import Markup


def test_a_render_started_by_form_is_found_again_by_json(client: TestClient) -> None:
    spec = {**SPEC, "unit": "7"}
    answer = client.post("/renders", data=spec)
    assert answer.status_code == 303
    url = answer.headers["location"]
    again = client.post("/renders", json={**spec, "unit": 7, "size": 32, "steps": 6})
    assert (again.status_code, again.headers["location"], again.json()["url"]) == (200, url, url)
    as_json = client.post("/renders", json=spec, headers={"Accept": "application/json"})
    assert (as_json.status_code, as_json.json()["url"]) == (200, url)
    new = client.post("/renders", json={**spec, "seed": 9}, headers={"Accept": "application/json"})
    assert new.status_code == 201 and new.json()["url"] != url
    for address in (url, new.json()["url"]):
        assert finish(client, address)["status"] == "done"


def test_a_finished_render_says_what_came_of_it_and_offers_another_run(client: TestClient, render_url: str) -> None:
    page = Markup(client.get(render_url).text)
    twin = client.get(f"{render_url}.json").json()
    assert "percentile" in page.text or "harder than every image" in page.text
    assert "stripes" in page.text and not page.all("meta", **{"http-equiv": "refresh"})
    assert not [tag for tag in page.tags if "sse-connect" in tag[1]]
    values = {each["name"]: each["value"] for each in page.all("input") if each.get("name") in twin["spec"]}
    assert values["steps"] == "6" and values["size"] == "32" and values["unit"] == "3"
    assert page.one("a", download="unit-3-stripes.png")["href"] == twin["image"]
    assert client.get(twin["image"]).content.startswith(b"\x89PNG")


def test_a_running_render_refreshes_itself_without_scripts_and_can_be_cancelled(client: TestClient) -> None:
    url = client.post("/renders", data={**SPEC, "unit": "11", "steps": "4000", "size": "64"}).headers["location"]
    page = Markup(client.get(url).text)
    assert page.one("meta", **{"http-equiv": "refresh"})["content"] == "3"
    assert page.one("section", id="render")["sse-connect"] == f"{url}/events"
    answer = client.post(f"{url}/cancel")
    assert (answer.status_code, answer.headers["location"]) == (303, url)
    twin = finish(client, url)
    assert twin["status"] == "cancelled" and 0 <= twin["step"] < 4000  # type: ignore[operator]
    assert "Run again with" in Markup(client.get(url).text).text


def test_a_full_queue_answers_429_with_the_form_and_when_to_return(client: TestClient) -> None:
    started, answer = [], None
    for unit in range(20, 30):
        answer = client.post("/renders", data={**SPEC, "unit": str(unit), "steps": "4000"})
        if answer.status_code != 303:
            break
        started.append(answer.headers["location"])
    assert answer is not None and answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0
    assert Markup(answer.text).one("input", name="unit")["value"] == str(20 + len(started))
    for url in reversed(started):
        client.post(f"{url}/cancel")
    assert {finish(client, url)["status"] for url in started} == {"cancelled"}


def test_a_facet_is_trained_and_shown_with_its_interval(client: TestClient) -> None:
    files = [("images", file) for file in [*striped_files(12, start=300), ("notes.png", b"words")]]
    answer = client.post("/facets", data={"name": "bars"}, files=files, headers={"Accept": "application/json"})
    assert answer.status_code == 201
    url = answer.json()["url"]
    twin, page = finish(client, url), Markup(client.get(url).text)
    assert twin["status"] == "ready" and twin["positives"] == 12
    assert len(page.all("svg", **{"class": "interval"})) == len(twin["layers"]) >= 1  # type: ignore[arg-type]
    assert "notes.png" in page.text and "1 file was not used" in page.text
    assert len([each for each in page.all("img") if each["src"].startswith("/blobs/")]) == 12
    same = client.post("/facets", data={"name": "bars"}, files=files, headers={"Accept": "application/json"})
    assert (same.status_code, same.json()["url"]) == (200, url)


def test_a_look_links_the_units_it_drives_to_their_pages(client: TestClient, look_url: str) -> None:
    twin, page = client.get(f"{look_url}.json").json(), Markup(client.get(look_url).text)
    links = [each["href"] for each in page.all("a", **{"class": "hit"})]
    assert sorted(links) == sorted(hit["url"] for hits in twin["layers"].values() for hit in hits)
    strongest = twin["layers"][LAYER]
    assert [hit["sd"] for hit in strongest] == sorted((hit["sd"] for hit in strongest), reverse=True)
    assert client.get(strongest[0]["url"]).status_code == 200


@pytest.mark.parametrize("facet", ["", "stripes"])
def test_the_unit_page_posts_a_form_that_starts_a_render(client: TestClient, facet: str) -> None:
    page = Markup(client.get(f"/models/small/{LAYER}/13").text)
    assert page.all("form", action="/renders", method="post")
    named = {each["name"]: each["value"] for each in page.all("input", type="hidden")}
    hidden = {name: named[name] for name in ("model", "layer", "unit")}
    assert hidden == {"model": "small", "layer": LAYER, "unit": "13"}
    answer = client.post("/renders", data={**hidden, "facet": facet, "size": "32", "steps": "2", "strength": "0.3"})
    assert finish(client, answer.headers["location"])["status"] == "done"
