"""Findings: a search for captions from the form to its result, its twin, its stream, and what is refused."""

import pytest
from fastapi.testclient import TestClient

from tests.web.conftest import LAYER, finish
from tests.web.test_streams import events

SPEC = {"kind": "captions", "model": "small", "layer": LAYER, "unit": "100", "restarts": "3"}
JSON = {"Accept": "application/json"}


@pytest.fixture(scope="module")
def finding_url(client: TestClient) -> str:
    answer = client.post("/findings", data=SPEC)
    assert answer.status_code == 303
    assert finish(client, answer.headers["location"])["status"] == "done"
    return answer.headers["location"]


def test_a_search_ends_with_texts_and_words_best_first(client: TestClient, finding_url: str) -> None:
    found = client.get(f"{finding_url}.json").json()
    assert found["spec"]["unit"] == 100
    assert len(found["captions"]) >= 2
    assert found["captions"][0]["sd"] > 2
    scores = [each["sd"] for each in found["words"]]
    assert scores == sorted(scores, reverse=True)
    page = client.get(finding_url).text
    assert found["captions"][0]["text"].split()[0] in page
    assert found["words"][0]["text"] in page


def test_the_unit_page_shows_what_was_found(client: TestClient, finding_url: str) -> None:
    twin = client.get(f"/models/small/{LAYER}/100.json").json()
    assert twin["speaks"] is True
    assert twin["captions"]["url"] == finding_url
    assert finding_url in client.get(f"/models/small/{LAYER}/100").text
    assert client.get(f"/models/small/{LAYER}/101.json").json()["captions"] is None
    assert client.get("/models/small/layer3.1/3.json").json()["speaks"] is False


def test_the_same_search_is_one_finding(client: TestClient, finding_url: str) -> None:
    again = client.post("/findings", json={**SPEC, "unit": 100, "restarts": 3}, headers=JSON)
    assert (again.status_code, again.json()["url"]) == (200, finding_url)
    other = client.post("/findings", json={**SPEC, "seed": 1}, headers=JSON)
    assert other.status_code == 201
    assert other.json()["url"] != finding_url
    assert finish(client, other.json()["url"])["status"] == "done"


def test_the_stream_ends_with_the_state(client: TestClient, finding_url: str) -> None:
    state, end = events(client.get(f"{finding_url}/events").text)
    assert 'hx-target="#live"' in state["data"]
    assert end == {"event": "end", "data": "done"}


def test_a_search_that_was_stopped_says_so_and_can_be_started_again(client: TestClient) -> None:
    url = client.post("/findings", data={**SPEC, "unit": "7", "restarts": "16"}).headers["location"]
    assert client.post(f"{url}/cancel").status_code == 303
    assert finish(client, url)["status"] in ("cancelled", "done")
    assert client.post("/findings", data={**SPEC, "unit": "7", "restarts": "16"}).headers["location"] == url
    assert finish(client, url)["status"] == "done"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"layer": "layer3.1"}, "last layer only"),
        ({"unit": "4000"}, "no unit 4000"),
        ({"restarts": "99"}, "restarts"),
        ({"penalty": "nan"}, "penalty"),
        ({"kind": "horoscope"}, "kind"),
        ({"model": "nobody"}, "nobody"),
        ({"list": "red"}, "list is no field"),
    ],
)
def test_what_cannot_be_searched_is_refused_in_words(client: TestClient, change: dict[str, str], said: str) -> None:
    for headers in ({}, JSON):
        answer = client.post("/findings", data={**SPEC, **change}, headers=headers)
        assert answer.status_code == 422, answer.text
        assert said in answer.text


def test_what_nobody_made_is_not_found(client: TestClient) -> None:
    for path in ("/findings/0123456789abcdef", "/findings/0123456789abcdef.json", "/findings/0123456789abcdef/events"):
        assert client.get(path).status_code == 404
    assert client.post("/findings/0123456789abcdef/cancel").status_code == 404
