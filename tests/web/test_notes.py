"""Notes about a unit: written, previewed, changed, voted on and taken back."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.web.browser_id import NAME
from tests.web.conftest import LAYER
from tests.web.markup import Markup

UNIT = f"/models/small/{LAYER}/51"
NOTES = f"{UNIT}/notes"
JSON = {"Accept": "application/json"}

As = Callable[[str], TestClient]


@pytest.fixture
def somebody(client: TestClient) -> Iterator[As]:
    """The client as the browser of a name; what browsers noted is taken back after the test."""
    seen = []

    def be(browser: str) -> TestClient:
        client.cookies.clear()
        client.cookies.set(NAME, browser, domain="testserver.local")
        seen.append(browser)
        return client

    yield be
    for browser in set(seen):
        be(browser).post(f"{NOTES}/undo")
    client.cookies.clear()


def notes(client: TestClient) -> list[dict[str, Any]]:
    return client.get(f"{UNIT}.json").json()["notes"]["notes"]


def test_a_note_is_kept_shown_as_markdown_changed_and_taken_back(client: TestClient) -> None:
    client.cookies.clear()
    answer = client.post(NOTES, data={"note": "It *reads*:\r\n\r\n# Why\r\n\r\n- one", "name": "Ada"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"{UNIT}#notes")
    assert "HttpOnly" in answer.headers["set-cookie"]
    (note,) = notes(client)
    assert (note["text"], note["name"], note["yours"], note["changed"]) == (
        "It *reads*:\n\n# Why\n\n- one", "Ada", True, None,
    )  # fmt: skip
    page = client.get(UNIT).text
    assert "It <em>reads</em>:" in page and "<h3>Why</h3>" in page and "A note is public" in page
    client.post(NOTES, data={"note": "It counts", "name": "Ada"})
    (changed,) = notes(client)
    assert (changed["text"], changed["id"]) == ("It counts", note["id"]) and changed["changed"]
    client.post(f"{NOTES}/undo")
    assert notes(client) == []


def test_a_preview_shows_the_note_and_keeps_nothing(client: TestClient) -> None:
    client.cookies.clear()
    answer = client.post(NOTES, data={"note": "**Bold** words\nmore", "name": "Ada", "preview": "1"})
    assert answer.status_code == 200 and NAME not in client.cookies
    assert "<strong>Bold</strong>" in answer.text and "Bold** words\nmore</textarea>" in answer.text
    assert Markup(answer.text).one("input", id="note-name")["value"] == "Ada"
    assert Markup(answer.text).one("link", rel="alternate")["href"] == f"{UNIT}.json"
    assert notes(client) == []


def test_a_page_that_answers_a_form_points_to_its_own_twin(client: TestClient) -> None:
    client.cookies.clear()
    answer = client.post(NOTES, data={"note": "", "name": "Ada"})
    assert answer.status_code == 422
    assert answer.headers["link"].startswith(f"<{UNIT}.json>")


def test_those_come_first_that_help_and_each_browser_counts_once(somebody: As) -> None:
    for browser in ("ada", "bob", "cy"):
        client = somebody(browser)
        client.post(NOTES, data={"note": f"by {browser}"})
    assert [each["text"] for each in notes(client)] == ["by cy", "by bob", "by ada"], "the newest first"
    ada, bob, cy = (next(n["id"] for n in notes(client) if n["text"] == f"by {who}") for who in ("ada", "bob", "cy"))
    for browser, votes in (("cy", {ada: "up", bob: "down"}), ("bob", {ada: "up"}), ("dan", {bob: "down", cy: "up"})):
        client = somebody(browser)
        for note, vote in votes.items():
            assert client.post(f"{NOTES}/votes", data={"note": note, "vote": vote}).status_code == 303
    found = notes(client)
    assert [(each["text"], each["votes"]) for each in found] == [
        ("by ada", {"up": 2, "down": 0, "yours": None}),
        ("by cy", {"up": 1, "down": 0, "yours": "up"}),
        ("by bob", {"up": 0, "down": 2, "yours": "down"}),
    ]
    client.post(f"{NOTES}/votes", data={"note": bob, "vote": "none"})
    assert notes(client)[-1]["votes"] == {"up": 0, "down": 1, "yours": None}
    somebody("ada").post(NOTES, data={"note": "by ada", "name": "Ada"})
    assert notes(client)[0]["votes"]["up"] == 2, "only the name is another"
    client.post(NOTES, data={"note": "the opposite", "name": "Ada"})
    assert next(each for each in notes(client) if each["yours"])["votes"]["up"] == 0, "the votes were on another text"
    own = client.post(f"{NOTES}/votes", json={"note": ada, "vote": "up"}, headers=JSON)
    assert own.status_code == 422 and "yours" in own.json()["detail"]
    assert client.post(f"{NOTES}/votes", json={"note": bob, "vote": "maybe"}, headers=JSON).status_code == 422
    assert client.post(f"{NOTES}/votes", json={"note": "nothing", "vote": "up"}, headers=JSON).status_code == 404
    other = f"/models/small/{LAYER}/52/notes/votes"
    assert client.post(other, json={"note": bob, "vote": "up"}, headers=JSON).status_code == 404


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "note is missing"),
        ({"note": " \n "}, "note is missing"),
        ({"note": "x" * 4001}, "at most 4,000 characters, but has 4,001"),
        ({"note": "a\u202eb"}, "U+202E cannot be shown"),
        ({"note": "a\x00b"}, "U+0000 cannot be shown"),
        ({"note": "ok", "name": "two\nlines"}, "one line"),
    ],
)
def test_a_note_that_cannot_be_used_comes_back_with_the_form(somebody: As, fields: dict[str, str], said: str) -> None:
    client = somebody("ada")
    answer = client.post(NOTES, data=fields)
    assert answer.status_code == 422 and said in Markup(answer.text).text
    assert fields.get("note", "").strip() in Markup(answer.text).text
    problem = client.post(NOTES, json=fields, headers=JSON)
    assert problem.status_code == 422 and said in problem.json()["detail"]
    assert client.post(NOTES, json={"note": 5}, headers=JSON).status_code == 422
    assert (
        client.post(
            NOTES, content=b'{"note": "\\ud800"}', headers={**JSON, "content-type": "application/json"}
        ).status_code
        == 422
    )
    assert notes(client) == []


def test_a_preview_keeps_nothing_and_tells_programs_its_html(somebody: As) -> None:
    client = somebody("ada")
    page = client.post(NOTES, data={"note": "It *reads*", "preview": "1"})
    assert page.status_code == 200 and "<em>reads</em>" in page.text
    assert (
        "<em>reads</em>"
        in client.post(NOTES, json={"note": "It *reads*", "preview": True}, headers=JSON).json()["html"]
    )
    assert notes(client) == []
    assert client.post(NOTES, json={"note": "It *reads*", "preview": False}, headers=JSON).status_code == 201


def test_letters_that_are_joined_invisibly_are_welcome(somebody: As) -> None:
    said = "family \U0001f468\u200d\U0001f469\u200d\U0001f467, Persian می\u200cخواهم, a\u00a0b"
    assert somebody("ada").post(NOTES, data={"note": said}).status_code == 303
    assert notes(somebody("ada"))[0]["text"] == said


def test_a_unit_has_not_any_number_of_notes(somebody: As, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.microscope.notes.MOST_NOTES", 1)
    assert somebody("ada").post(NOTES, data={"note": "first"}).status_code == 303
    assert somebody("ada").post(NOTES, data={"note": "first, again"}).status_code == 303
    refused = somebody("bob").post(NOTES, json={"note": "one more"}, headers=JSON)
    assert refused.status_code == 422 and "1 notes already" in refused.json()["detail"]


def test_what_is_not_there_has_no_notes_and_other_sites_write_none(client: TestClient) -> None:
    for path in (f"/models/small/{LAYER}/999", "/models/small/layer9/1", "/models/other/x/1"):
        for action, body in (("notes", {"note": "x"}), ("notes/votes", {"vote": "up"}), ("notes/undo", {})):
            assert client.post(f"{path}/{action}", json=body, headers=JSON).status_code == 404
    assert client.post(NOTES, data={"note": "x"}, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert notes(client) == []


def test_without_scripts_the_page_opens_at_the_form_that_was_sent(client: TestClient) -> None:
    page = Markup(client.get(UNIT).text)
    for action, section in (("notes", "notes"), ("lists", "lists"), ("labels", "names")):
        sent_to = f"{UNIT}/{action}"
        forms = [form for form in page.all("form") if form.get("hx-post") == sent_to]
        assert forms and {form["action"] for form in forms} == {f"{sent_to}#{section}"}
