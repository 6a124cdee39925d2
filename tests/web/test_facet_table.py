"""The facet table: every facet of a unit grown together, at one address, live and without JavaScript."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.web.conftest import LAYER, wait_for
from tests.web.markup import Markup
from tests.web.test_streams import events

URL = f"/models/small/{LAYER}/31/facets"
CHOICE = {"preset": "preview", "strength": "0.5", "seed": "7"}


def grown(client: TestClient, url: str) -> dict[str, Any]:
    base, _, query = url.partition("?")
    twin = f"{base}.json?{query}"
    wait_for(lambda: client.get(twin).json()["status"] != "running")
    return client.get(twin).json()


def test_a_table_nobody_grew_says_so_and_offers_it(client: TestClient) -> None:
    page = Markup(client.get(f"/models/small/{LAYER}/30/facets").text)
    assert "Nobody has grown it" in page.text and not page.all("section", **{"hx-ext": "sse"})
    assert page.one("form", method="post")["action"] == f"/models/small/{LAYER}/30/facets"
    twin = client.get(f"/models/small/{LAYER}/30/facets.json").json()
    assert twin["status"] == "empty" and twin["missing"] == len(twin["cells"]) >= 2
    assert [cell["facet"] and cell["facet"]["name"] for cell in twin["cells"]][:2] == [None, "stripes"]


def test_one_press_grows_every_facet_at_one_address(client: TestClient) -> None:
    answer = client.post(URL, data=CHOICE)
    assert answer.status_code == 303
    url = answer.headers["location"]
    assert url == f"{URL}?preset=preview&strength=0.5&seed=7"
    twin = grown(client, url)
    assert twin["status"] == "done" and twin["missing"] == 0
    assert all(cell["picture"] == cell["render"]["image"] for cell in twin["cells"])
    specs = [client.get(f"{cell['render']['url']}.json").json()["spec"] for cell in twin["cells"]]
    assert {(spec["preset"], spec["seed"], spec["unit"]) for spec in specs} == {("preview", 7, 31)}
    assert [spec["strength"] for spec in specs if spec["facet"]] == [0.5] * (len(specs) - 1)
    page = Markup(client.get(url).text)
    pictures = {each["src"] for each in page.all("img")}
    assert {cell["picture"] for cell in twin["cells"]} <= pictures
    assert page.one("input", name="seed")["value"] == "7"


def test_a_growing_table_is_one_stream_that_ends_with_every_picture(client: TestClient) -> None:
    url = client.post(URL, data={**CHOICE, "seed": "8"}).headers["location"]
    page = Markup(client.get(url).text)
    base, _, query = url.partition("?")
    assert page.one("section", id="table")["sse-connect"] == f"{base}/events?{query}"
    seen = events(client.get(f"{base}/events?{query}").text)
    assert seen[-1] == {"event": "end", "data": "done"}
    last = Markup(seen[-2]["data"])
    assert len(last.all("img")) == len(grown(client, url)["cells"])


def test_the_same_table_again_starts_nothing(client: TestClient) -> None:
    url = client.post(URL, data=CHOICE).headers["location"]
    before = grown(client, url)
    assert client.post(URL, data=CHOICE, headers={"Accept": "application/json"}).json() == {"url": url}
    assert grown(client, url) == before


@pytest.mark.parametrize(
    ("changes", "field"), [({"preset": "huge"}, "preset"), ({"strength": "9"}, "strength"), ({"seed": "-1"}, "seed")]
)
def test_a_bad_choice_is_refused_in_a_sentence(client: TestClient, changes: dict[str, str], field: str) -> None:
    for answer in (client.post(URL, data={**CHOICE, **changes}), client.get(URL, params={**CHOICE, **changes})):
        assert answer.status_code == 422 and field in Markup(answer.text).text


def test_a_table_of_a_unit_that_is_not_there_is_not_found(client: TestClient) -> None:
    for path in (f"/models/small/{LAYER}/999/facets", f"/models/small/{LAYER}/999/facets/events"):
        assert client.get(path).status_code == 404
    assert client.post("/models/small/layer9.9/3/facets", data=CHOICE).status_code == 404


def test_the_unit_page_leads_to_its_table(client: TestClient) -> None:
    page = Markup(client.get(f"/models/small/{LAYER}/31").text)
    assert [each for each in page.all("a") if each["href"] == URL]
