"""What units are called: automatic labels and people's, apart; accepting, correcting, voting and taking it back."""

import csv
import io
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.web.browser_id import NAME
from tests.web.conftest import LAYER, wait_for
from tests.web.markup import Markup

UNIT = f"/models/small/{LAYER}/21"
JSON = {"Accept": "application/json"}
As = Callable[[str], None]
SCRIPT = "<script>alert(1)</script>"


def names(client: TestClient, unit: str = UNIT) -> dict[str, Any]:
    return client.get(f"{unit}.json").json()["labels"]


@pytest.fixture(scope="module")
def labelled(client: TestClient) -> TestClient:
    """The client once the automatic labels are there, which the server makes after the columns by itself."""
    wait_for(lambda: not names(client)["status"])
    return client


@pytest.fixture
def person(labelled: TestClient) -> Iterator[TestClient]:
    """A browser that has not been here yet; what it said is taken back after the test."""
    labelled.cookies.clear()
    yield labelled
    if NAME in labelled.cookies:
        for unit in (UNIT, UNIT + "1"):
            labelled.post(f"{unit}/labels/undo")
            if names(labelled, unit)["votes"]["yours"]:
                labelled.post(f"{unit}/labels/votes", data={"vote": "none"})
    labelled.cookies.clear()


@pytest.fixture
def somebody(person: TestClient) -> Iterator[As]:
    """Makes the client the browser of a name; what they all said, and voted for, is taken back after the test."""
    seen: list[str] = []

    def be(browser: str) -> None:
        person.cookies.clear()
        person.cookies.set(NAME, browser, domain="testserver.local")
        seen.append(browser)

    yield be
    words = {each["text"] for each in names(person)["people"]}
    for browser in set(seen):
        be(browser)
        for word in words:
            person.post(f"{UNIT}/labels/votes", data={"vote": "none", "word": word})
    for browser in set(seen):
        be(browser)
        person.post(f"{UNIT}/labels/undo")


def test_the_automatic_label_has_a_score_rivals_and_a_source(labelled: TestClient) -> None:
    found = names(labelled)
    automatic = found["automatic"]
    scores = [automatic["score"], *(each["score"] for each in automatic["rivals"])]
    assert len(scores) == 6 and scores == sorted(scores, reverse=True)
    assert automatic["margin"] == pytest.approx(scores[0] - scores[1])
    assert automatic["sure"] == (automatic["score"] > automatic["threshold"])
    assert automatic["corpus"] == "small-corpus" and "5 values of concept" in automatic["words"]
    page = Markup(labelled.get(UNIT).text)
    assert all(each["word"] in page.text for each in [automatic, *automatic["rivals"], *found["drawn"]])
    assert ("no better than chance" in page.text) is not automatic["sure"]
    assert labelled.get(f"{UNIT}.json").json()["label_by"] == "corpus"
    assert NAME not in labelled.cookies, "reading a page leaves no cookie"


def test_a_label_is_accepted_shown_in_the_title_and_taken_back(person: TestClient) -> None:
    word = names(person)["automatic"]["word"]
    before = person.get(f"{UNIT}.json").json()["label"]
    form = [each for each in Markup(person.get(UNIT).text).all("input", type="hidden") if each["name"] == "text"]
    assert [each["value"] for each in form] == [word]
    answer = person.post(f"{UNIT}/labels", data={"text": word})
    assert (answer.status_code, answer.headers["location"]) == (303, f"{UNIT}#names")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=lax" in cookie
    twin = person.get(f"{UNIT}.json").json()
    assert (twin["label"], twin["label_by"]) == (word, "person")
    (said,) = twin["labels"]["people"]
    assert said["accepted"] and said["yours"] and said["text"] == word
    person.post(f"{UNIT}/labels", data={"text": "  a corrected one ", "name": "Ada"})
    (said,) = names(person)["people"]
    assert (said["text"], said["name"], said["accepted"]) == ("a corrected one", "Ada", False)
    assert person.get(f"/models/small/{LAYER}.json", params={"q": "CORRECTED"}).json()["units"][0]["unit"] == 21
    found = person.get("/search.json", params={"q": "a corrected one", "layer": LAYER}).json()["units"]
    assert found[0]["unit"] == 21 and found[0]["label"] == "a corrected one"
    answer = person.post(f"{UNIT}/labels/undo")
    assert answer.status_code == 303
    twin = person.get(f"{UNIT}.json").json()
    assert (twin["label"], twin["label_by"], twin["labels"]["people"]) == (before, "corpus", [])


def test_most_people_decide_and_nobody_takes_back_anothers(person: TestClient, somebody: As) -> None:
    said = {"ada": "pear", "bob": "apple", "cy": "apple", "dan": "plum"}
    for browser, text in said.items():
        somebody(browser)
        assert person.post(f"{UNIT}/labels", json={"text": text}, headers=JSON).status_code == 201
    assert person.get(f"{UNIT}.json").json()["label"] == "apple"
    person.cookies.clear()
    person.post(f"{UNIT}/labels/undo")
    people = names(person)["people"]
    assert [each["text"] for each in people] == ["apple", "apple", "plum", "pear"], "most first, then the newest"
    assert not any(each["yours"] for each in people)
    for browser in said:
        somebody(browser)
        person.post(f"{UNIT}/labels/undo")
    assert names(person)["people"] == []


def test_a_browser_has_one_vote_and_may_change_it(person: TestClient) -> None:
    votes = f"{UNIT}/labels/votes"
    word = names(person)["automatic"]["word"]
    assert person.post(votes, data={"vote": "up", "word": word}).status_code == 303
    assert names(person)["votes"] == {"up": 1, "down": 0, "yours": "up"}
    assert person.post(votes, json={"vote": "down"}, headers=JSON).status_code == 201
    assert names(person)["votes"] == {"up": 0, "down": 1, "yours": "down"}
    person.post(votes, data={"vote": "none"})
    assert names(person)["votes"] == {"up": 0, "down": 0, "yours": None}
    assert person.post(votes, data={"vote": "up", "word": "what it was before"}).status_code == 422
    assert person.post(votes, data={"vote": "sideways"}).status_code == 422


def test_votes_on_peoples_labels_decide_the_title(person: TestClient, somebody: As) -> None:
    def title() -> str:
        return person.get(f"{UNIT}.json").json()["label"]

    before, votes = title(), f"{UNIT}/labels/votes"
    for browser, text in (("ada", "pear"), ("bob", "plum")):
        somebody(browser)
        person.post(f"{UNIT}/labels", data={"text": text})
    assert title() == "plum", "the newer of two that are level"
    somebody("cy")
    buttons = Markup(person.get(UNIT).text).all("input", type="hidden", name="word")
    assert {"pear", "plum"} < {each["value"] for each in buttons}
    assert person.post(votes, data={"vote": "up", "word": "pear"}).status_code == 303
    assert title() == "pear"
    first, second = names(person)["people"]
    assert (first["text"], first["votes"]) == ("pear", {"up": 1, "down": 0, "yours": "up"})
    assert (second["text"], second["votes"]["yours"]) == ("plum", None)
    somebody("ada")
    person.post(votes, data={"vote": "up", "word": "pear"})
    assert [each["value"] for each in Markup(person.get(UNIT).text).all("input", name="word")][1:] == ["plum"]
    for browser in ("bob", "cy", "dan"):
        somebody(browser)
        person.post(votes, data={"vote": "down", "word": "pear"})
    assert title() == "plum", "three are against it, and whoever says it counts once"
    for browser in ("ada", "cy"):
        somebody(browser)
        person.post(votes, data={"vote": "down", "word": "plum"})
    assert title() == before, "more are against either than for it"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "text is missing"),
        ({"text": "  "}, "text is missing"),
        ({"text": "x" * 81}, "at most 80 characters, but has 81"),
        ({"text": "two\nlines"}, "one line"),
        ({"text": "a\u202eb"}, "one line of plain text"),
        ({"text": "ok", "name": "n" * 41}, "name may have at most 40"),
    ],
)
def test_a_label_that_cannot_be_used_comes_back_with_the_form(
    person: TestClient, fields: dict[str, str], said: str
) -> None:
    answer = person.post(f"{UNIT}/labels", data=fields)
    page = Markup(answer.text)
    assert answer.status_code == 422 and said in page.text
    assert page.one("input", id="label-text")["value"] == fields.get("text", "").replace("\n", page_newline(page))
    problem = person.post(f"{UNIT}/labels", json=fields, headers=JSON)
    assert problem.status_code == 422 and said in problem.json()["detail"]
    assert names(person)["people"] == []


def page_newline(page: Markup) -> str:
    """Forms are sent with CRLF or LF; what comes back is what was sent."""
    return "\r\n" if "\r\n" in str(page.one("input", id="label-text")["value"]) else "\n"


def test_script_in_a_label_is_text_everywhere(person: TestClient) -> None:
    person.post(f"{UNIT}/labels", data={"text": SCRIPT, "name": SCRIPT})
    for address in (UNIT, f"/models/small/{LAYER}?q=script", f"{UNIT}/given", f"{UNIT}/facets", "/"):
        html = person.get(address).text
        assert SCRIPT not in html and not [each for each in Markup(html).all("script") if "src" not in each]
    assert SCRIPT in Markup(person.get(UNIT).text).text
    assert person.get(f"{UNIT}.json").json()["label"] == SCRIPT


def test_another_sites_form_is_refused(person: TestClient) -> None:
    for path, fields in (("labels", {"text": "x"}), ("labels/votes", {"vote": "up"}), ("labels/undo", {})):
        answer = person.post(f"{UNIT}/{path}", data=fields, headers={"Sec-Fetch-Site": "cross-site"})
        assert answer.status_code == 403
    assert names(person)["people"] == []


def test_what_is_not_there_cannot_be_labelled(person: TestClient) -> None:
    for path in (f"/models/small/{LAYER}/999", "/models/small/layer9/1", "/models/other/x/1"):
        assert person.post(f"{path}/labels", json={"text": "x"}, headers=JSON).status_code == 404
        assert person.post(f"{path}/labels/votes", json={"vote": "up"}, headers=JSON).status_code == 404
    wrong = person.post(f"{UNIT}/labels", json={"text": "x", "corpus": "none"}, headers=JSON)
    assert wrong.status_code == 404 and "none" in wrong.json()["detail"]


def test_all_labels_of_a_layer_leave_as_json_and_csv(person: TestClient) -> None:
    person.post(f"{UNIT}1/labels", data={"text": "=cmd()", "name": "Ada"})
    units = person.get(f"/models/small/{LAYER}/labels.json").json()["units"]
    assert len(units) == 256 and units[211]["people"][0]["text"] == units[211]["label"] == "=cmd()"
    assert all(each["automatic"]["word"] for each in units) and not units[0]["people"]
    answer = person.get(f"/models/small/{LAYER}/labels.csv")
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["automatic"] for row in rows] == [each["automatic"]["word"] for each in units]
    assert (rows[211]["people"], rows[211]["label_by"]) == ("'=cmd()", "person")
    page = Markup(person.get(f"/models/small/{LAYER}").text)
    assert page.all("a", href=f"/models/small/{LAYER}/labels.csv")
    assert person.get("/models/small/layer9/labels.json").status_code == 404


def test_a_unit_has_not_any_number_of_labels(person: TestClient, somebody: As, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.microscope.naming.MOST_LABELS", 1)
    somebody("ada")
    person.post(f"{UNIT}/labels", data={"text": "first"})
    assert person.post(f"{UNIT}/labels", data={"text": "first, again"}).status_code == 303
    somebody("bob")
    answer = person.post(f"{UNIT}/labels", json={"text": "one more"}, headers=JSON)
    assert answer.status_code == 422 and "1 labels already" in answer.json()["detail"]
