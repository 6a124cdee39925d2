"""Lists of units: made, shared, ordered, copied, taken over by the edit link, deleted; and all that people said as one file."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from app.cli import cli
from app.settings import Settings
from app.web.browser_id import NAME
from tests.web.conftest import LAYER
from tests.web.markup import Markup

JSON = {"Accept": "application/json"}
As = Callable[[str], TestClient]
TALKED_OF = f"/models/small/{LAYER}/71"


def unit(number: int, layer: str = LAYER) -> dict[str, str]:
    return {"model": "small", "layer": layer, "unit": str(number)}


@pytest.fixture
def somebody(client: TestClient) -> Iterator[As]:
    """The client as the browser of a name; the lists of browsers, and what they said of `TALKED_OF`, go after the test."""
    seen = []

    def be(browser: str) -> TestClient:
        client.cookies.clear()
        client.cookies.set(NAME, browser, domain="testserver.local")
        seen.append(browser)
        return client

    yield be
    for browser in set(seen):
        be(browser).post(f"{TALKED_OF}/labels/votes", data={"vote": "none", "word": "reader"})
    for browser in set(seen):
        for each in be(browser).get("/lists.json").json()["yours"]:
            client.post(f"{each['url']}/delete")
        for kind in ("labels", "notes"):
            client.post(f"{TALKED_OF}/{kind}/undo")
    client.cookies.clear()


def made(client: TestClient, *units: int, title: str = "Readers", **about: str) -> str:
    url = client.post("/lists", json={"title": title, **about}, headers=JSON).json()["url"]
    for number in units:
        assert client.post(f"{url}/units", json={**unit(number), "remark": f"no. {number}"}, headers=JSON).is_success
    return url


def on(client: TestClient, url: str) -> list[int]:
    return [each["unit"] for each in client.get(f"{url}.json").json()["entries"]]


def test_a_unit_goes_on_a_new_list_and_on_one_there_is_from_its_own_page(client: TestClient, somebody: As) -> None:
    client.cookies.clear()
    page = f"/models/small/{LAYER}/61"
    answer = client.post(f"{page}/lists", data={"title": "Units that read", "remark": "for sure"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"{page}#lists")
    somebody(client.cookies[NAME])
    (listed,) = client.get(f"{page}.json").json()["lists"]["yours"]
    assert (listed["title"], listed["on"], listed["remark"]) == ("Units that read", True, "for sure")
    other = f"/models/small/{LAYER}/62"
    assert Markup(client.get(other).text).all("option", value=listed["id"])
    client.post(f"{other}/lists", data={"list": listed["id"]})
    assert on(client, listed["url"]) == [61, 62]
    html = client.get(listed["url"]).text
    assert "for sure" in html and all(Markup(html).all("a", href=each) for each in (page, other))
    client.post(f"{page}/lists", data={"list": listed["id"], "off": "1"})
    assert on(client, listed["url"]) == [62]
    refused = client.post(f"{page}/lists", data={"title": "", "remark": "kept"})
    assert refused.status_code == 422 and "title is missing" in refused.text
    assert Markup(refused.text).one("input", id="list-remark")["value"] == "kept"
    client.cookies.clear()
    assert Markup(client.get(other).text).all("a", href=listed["url"]), "others see it there"
    assert client.get(f"{other}.json").json()["lists"]["yours"] == []


def test_a_list_is_ordered_remarked_on_and_described(somebody: As) -> None:
    client = somebody("ada")
    url = made(client, 3, 4, 5)
    client.post(f"{url}/units/move", data={**unit(5), "way": "up"})
    client.post(f"{url}/units/move", data={**unit(3), "way": "up"})
    assert on(client, url) == [3, 5, 4]
    client.post(f"{url}/units/move", data={**unit(3), "way": "down"})
    client.post(f"{url}/units/remove", data=unit(4))
    client.post(f"{url}/units", data={**unit(3), "remark": "the best"})
    client.post(f"{url}/units", data=unit(0, "layer3.0"))
    twin = client.get(f"{url}.json").json()
    assert [(e["layer"], e["unit"], e["remark"]) for e in twin["entries"]] == [
        (LAYER, 5, "no. 5"), (LAYER, 3, "the best"), ("layer3.0", 0, ""),
    ]  # fmt: skip
    assert twin["entries"][1]["card"]["thumbnail"]
    client.post(url, data={"title": "Writers", "description": "They *write*", "boxes": "1"})
    twin = client.get(f"{url}.json").json()
    assert (twin["title"], twin["listed"]) == ("Writers", False)
    assert "They <em>write</em>" in client.get(url).text


def test_others_read_a_list_and_copy_it_but_change_nothing(somebody: As) -> None:
    url = made(somebody("ada"), 3, 4)
    before = somebody("bob").get(f"{url}.json").json()
    client = somebody("bob")
    assert not before["yours"] and "Delete" not in client.get(url).text
    for action, body in (
        ("", {"title": "x"}), ("/units", unit(9)), ("/units/move", {**unit(4), "way": "up"}),
        ("/units/remove", unit(3)), ("/delete", {}), ("/key", {}), ("/take-over", {"key": "x"}),
    ):  # fmt: skip
        assert client.post(f"{url}{action}", data=body).status_code == 404, action
    assert client.post(f"/models/small/{LAYER}/9/lists", data={"list": before["id"]}).status_code == 404
    assert client.get(f"{url}.json").json() == before
    copy = client.post(f"{url}/copy").headers["location"]
    twin = client.get(f"{copy}.json").json()
    assert copy != url and twin["yours"] and twin["title"] == "Readers (copy)"
    assert [each["remark"] for each in twin["entries"]] == ["no. 3", "no. 4"]
    client.post(f"{copy}/units/remove", data=unit(3))
    client.post(f"{copy}/units", data=unit(8))
    client.post(f"{url}/copy", data={"into": twin["id"]})
    assert on(client, copy) == [4, 8, 3], "what it had not yet is put behind"
    assert on(client, url) == [3, 4]


def test_all_lists_are_those_with_units_that_want_to_be_found(somebody: As) -> None:
    client = somebody("ada")
    first, empty, second = made(client, 3, title="first"), made(client, title="empty"), made(client, 4, title="second")
    hidden = made(client, 5, title="hidden", listed="0")
    found = client.get("/lists.json").json()
    assert [each["url"] for each in found["lists"]] == [second, first]
    assert [each["url"] for each in found["yours"]] == [hidden, second, empty, first]
    assert found["lists"][0]["cards"][0]["unit"] == 4
    page = Markup(somebody("bob").get("/lists").text)
    assert page.all("a", href=first) and not page.all("a", href=hidden) and not page.all("a", href=empty)
    assert client.get(hidden).status_code == 200, "whoever has the address"
    assert not Markup(client.get(f"/models/small/{LAYER}/5").text).all("a", href=hidden)


def test_pages_of_lists_go_on_where_the_last_ended(somebody: As, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.microscope.lists.PAGE", 2)
    client = somebody("ada")
    urls = [made(client, 3, title=str(number)) for number in range(3)]
    found = client.get("/lists.json").json()
    path, _, query = found["next"].partition("?")
    rest = client.get(f"{path}.json?{query}").json()
    assert [each["url"] for each in (*found["lists"], *rest["lists"])] == urls[::-1]
    assert rest["next"] is None


def test_the_edit_link_hands_a_list_over_and_a_new_one_ends_the_old(somebody: As) -> None:
    url = made(somebody("ada"), 3)
    first = somebody("ada").post(f"{url}/key").headers["location"]
    answer = somebody("bob").get(first)
    assert answer.status_code == 200 and answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert somebody("bob").get(f"{url}.json").json()["yours"] is False, "opening the link changes nothing"
    key = parse_qs(urlsplit(first).query)["key"][0]
    client = somebody("bob")
    assert client.post(f"{url}/take-over", data={"key": key}).headers["location"] == url
    assert client.post(f"{url}/units", data=unit(4)).status_code == 303
    assert somebody("ada").post(f"{url}/units", data=unit(5)).status_code == 404
    second = somebody("bob").post(f"{url}/key").headers["location"]
    assert somebody("ada").get(first).status_code == 404 and somebody("ada").get(second).status_code == 200
    assert client.get(f"{url}/edit?key=").status_code == 404 and client.get(f"{url}/edit").status_code == 404


def test_the_database_knows_neither_cookies_nor_edit_links(somebody: As, settings: Settings) -> None:
    url = made(somebody("ada-of-the-cookie"), 3)
    key = parse_qs(urlsplit(somebody("ada-of-the-cookie").post(f"{url}/key").headers["location"]).query)["key"][0]
    kept = b"".join(path.read_bytes() for path in Path(settings.data).glob("*sqlite3*"))
    assert b"Readers" in kept, "what is kept is read here"
    assert b"ada-of-the-cookie" not in kept and key.encode() not in kept


@pytest.mark.parametrize(
    ("action", "body", "said"),
    [
        ("", {"title": ""}, "title is missing"),
        ("", {"title": "x" * 81}, "title may have at most 80"),
        ("", {"title": "x", "description": "y" * 4001}, "description may have at most 4,000"),
        ("/units", {**unit(3), "remark": "z" * 201}, "remark may have at most 200"),
        ("/units", {"model": "small", "layer": LAYER, "unit": "x"}, "number of a unit"),
        ("/units/move", {**unit(3), "way": "left"}, "send up or down"),
    ],
)
def test_what_cannot_be_used_comes_back_with_the_list(
    somebody: As, action: str, body: dict[str, str], said: str
) -> None:
    client = somebody("ada")
    url = made(client, 3)
    before = client.get(f"{url}.json").json()
    page = client.post(f"{url}{action}", data=body)
    assert page.status_code == 422 and said in Markup(page.text).text
    assert said in client.post(f"{url}{action}", json=body, headers=JSON).json()["detail"]
    assert client.get(f"{url}.json").json() == before


def test_there_is_room_for_so_many_and_only_for_units_there_are(somebody: As, monkeypatch: pytest.MonkeyPatch) -> None:
    client = somebody("ada")
    url = made(client, 3, 4)
    assert client.post(f"{url}/units", data=unit(9999)).status_code == 404
    assert client.post(f"/models/small/{LAYER}/9999/lists", data={"title": "x"}).status_code == 404
    monkeypatch.setattr("app.microscope.lists.MOST_UNITS", 2)
    full = client.post(f"{url}/units", json=unit(5), headers=JSON)
    assert full.status_code == 422 and "at most 2 units" in full.json()["detail"]
    assert client.post(f"{url}/units", data={**unit(4), "remark": "still"}).status_code == 303
    monkeypatch.setattr("app.microscope.lists.MOST_LISTS", 1)
    assert client.post("/lists", json={"title": "more"}, headers=JSON).status_code == 422
    assert client.get("/lists/0123456789abcdef").status_code == 404


def test_a_copy_that_finds_no_room_says_so_and_leaves_what_the_list_is_about(
    somebody: As, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = made(somebody("ada"), 3, 4, description="What they share")
    into = made(somebody("bob"), 5).rpartition("/")[2]
    monkeypatch.setattr("app.microscope.lists.MOST_UNITS", 2)
    theirs = somebody("bob").post(f"{url}/copy", data={"into": into})
    assert theirs.status_code == 422 and "at most 2 units" in Markup(theirs.text).text
    monkeypatch.setattr("app.microscope.lists.MOST_LISTS", 1)
    own = somebody("ada").post(f"{url}/copy", data={"into": ""})
    assert own.status_code == 422 and "you have 1 lists already" in Markup(own.text).text
    assert Markup(own.text).one("input", id="about-title")["value"] == "Readers"
    assert "What they share</textarea>" in own.text


def test_a_remark_that_cannot_be_kept_is_there_to_be_mended(somebody: As) -> None:
    client = somebody("ada")
    url = made(client, 3, 4)
    page = Markup(client.post(f"{url}/units", data={**unit(4), "remark": "z" * 201}).text)
    first, second = page.all("input", name="remark")
    assert (first["value"], "aria-invalid" in first) == ("no. 3", False)
    assert (second["value"], second["aria-invalid"]) == ("z" * 201, "true")


def test_what_htmx_finds_again_by_its_id_is_of_the_same_unit(somebody: As) -> None:
    client = somebody("ada")
    url = made(client, 3, 4)

    def ids(page: str) -> dict[str, str]:
        buttons = Markup(page).all("button")
        return {
            each["aria-label"]: each["id"] for each in buttons if each.get("aria-label", "").endswith(("up", "list"))
        }

    before = ids(client.get(url).text)
    assert len(set(before.values())) == 4
    client.post(f"{url}/units/move", data={**unit(4), "way": "up"})
    assert ids(client.get(url).text) == before


def test_what_is_said_of_a_list_beside_its_units_changes_with_them(somebody: As) -> None:
    client = somebody("ada")
    page = Markup(client.get(made(client, 3)).text)
    swapped = {form["hx-select-oob"] for form in page.all("form") if "hx-post" in form}
    assert len(swapped) == 1
    for name in swapped.pop().split(","):
        assert page.all("p", id=name.strip().removeprefix("#")), name


def test_a_title_means_a_new_list_whatever_else_is_chosen(somebody: As) -> None:
    client = somebody("ada")
    old = made(client, 3)
    body = {"list": old.rpartition("/")[2], "title": "Writers"}
    client.post(f"/models/small/{LAYER}/63/lists", data=body)
    assert on(client, old) == [3]
    assert [each["title"] for each in client.get("/lists.json").json()["yours"]] == ["Writers", "Readers"]


def test_all_that_people_said_leaves_as_one_file_without_saying_who(
    somebody: As, settings: Settings, tmp_path: Path
) -> None:
    page, client = TALKED_OF, somebody("ada")
    client.post(f"{page}/labels", data={"text": "reader", "name": "Ada"})
    client.post(f"{page}/notes", data={"note": "It *reads*", "name": "Ada"})
    url, hidden = made(client, 3, 4, title="shared"), made(client, 5, title="hidden", listed="0")
    note = client.get(f"{page}.json").json()["notes"]["notes"][0]["id"]
    client = somebody("bob")
    client.post(f"{page}/labels/votes", data={"vote": "down", "word": "reader"})
    client.post(f"{page}/notes/votes", data={"vote": "up", "note": note})
    answer = client.get("/export.json")
    found: dict[str, Any] = answer.json()
    place = {"model": "small", "layer": LAYER, "unit": 71}
    assert "attachment" in answer.headers["content-disposition"]
    (label,) = [each for each in found["labels"] if each["unit"] == 71]
    assert {**place, "text": "reader", "name": "Ada", "accepted": False}.items() <= label.items()
    assert {**place, "label": "reader", "up": 0, "down": 1} in found["label_votes"]
    (said,) = found["notes"]
    assert {**place, "id": note, "text": "It *reads*", "up": 1, "down": 0}.items() <= said.items()
    (shared,) = found["lists"]
    assert shared["id"] == url.rpartition("/")[2] and hidden not in answer.text
    assert [each["remark"] for each in shared["entries"]] == ["no. 3", "no. 4"]
    assert "browser" not in answer.text and '"key"' not in answer.text
    out = tmp_path / "all.json"
    ran = CliRunner().invoke(cli, ["export", "--out", str(out), "--data", str(settings.data), "--json"])
    assert ran.exit_code == 0, ran.output
    written = json.loads(out.read_text())
    assert {**written, "exported": ""} == {**found, "exported": ""}


@pytest.mark.parametrize("place", [{"unit": "3"}, {"unit": 3, "model": "small", "layer": LAYER}])
def test_a_remark_that_is_too_long_is_refused_whatever_else_is_sent(somebody: As, place: dict[str, Any]) -> None:
    ada = somebody("ada")
    url = made(ada, 3)
    refused = ada.post(f"{url}/units", json={**place, "remark": "z" * 201})
    assert refused.status_code == 422 and "remark may have at most 200" in refused.text
