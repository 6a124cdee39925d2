"""A Stroop test from the form to its table, its pictures, its twin, and what is refused."""

import io
from urllib.parse import urlencode

import pytest
from fastapi.testclient import TestClient
from PIL import Image

from app.microscope import Microscope
from app.settings import Settings
from tests.web.conftest import LAYER, finish, occupied
from tests.web.markup import Markup

SPEC = {
    "kind": "stroop",
    "model": "small",
    "layer": LAYER,
    "inks": "red\nblue\nmauve #e0b0ff",
    "words": "example, Red, <b>blue</b>, blue",
    "prompt": "a word in {}",
}


@pytest.fixture(scope="module")
def finding_url(client: TestClient) -> str:
    answer = client.post("/findings", data=SPEC)
    assert answer.status_code == 303, answer.text
    assert finish(client, answer.headers["location"])["status"] == "done"
    return answer.headers["location"]


def test_every_word_in_every_ink_has_an_answer_and_the_answers_are_counted(
    client: TestClient, finding_url: str
) -> None:
    found = client.get(f"{finding_url}.json").json()
    assert [row["ink"] for row in found["rows"]] == [
        {"name": "red", "colour": "#ff0000"},
        {"name": "blue", "colour": "#0000ff"},
        {"name": "mauve", "colour": "#e0b0ff"},
    ]
    cells = [cell for row in found["rows"] for cell in row["cells"]]
    assert [cell["word"] for cell in cells[:4]] == ["example", "Red", "<b>blue</b>", "blue"]
    assert [cell["relation"] for cell in cells[:4]] == ["neutral", "congruent", "neutral", "incongruent"]
    for cell in cells:
        shares = [guess["share"] for guess in cell["guesses"]]
        assert sum(shares) == pytest.approx(1, abs=1e-4) and shares == sorted(shares, reverse=True)
    for relation, by, total in (("neutral", "ink", "neutral"), ("incongruent", "word", "as_word")):
        of = [cell for cell in cells if cell["relation"] == relation]
        assert found[total]["of"] == len(of)
        assert found[total]["count"] == sum(cell["by"] == by for cell in of)


def test_the_page_shows_the_table_with_its_pictures(client: TestClient, finding_url: str) -> None:
    page = client.get(finding_url)
    assert "<b>blue</b>" not in page.text and "label equals colour" in page.text
    shown = Markup(page.text)
    for image in [*shown.all("img", alt="Red in blue"), *shown.all("img", loading="lazy")[-1:]]:
        picture = client.get(image["src"])
        assert "immutable" in picture.headers["cache-control"]
        assert Image.open(io.BytesIO(picture.content)).format == "WEBP"
    again = client.get(shown.all("a", href=f"/models/small/lab/stroop?{_query()}")[0]["href"])
    assert Markup(again.text).one("input", name="prompt")["value"] == SPEC["prompt"]


def _query() -> str:
    inks, words = ["red", "blue", "mauve #e0b0ff"], ["example", "Red", "<b>blue</b>", "blue"]
    return urlencode({"inks": "\n".join(inks), "words": "\n".join(words), "prompt": SPEC["prompt"], "paper": "white"})


def test_a_large_table_is_folded_until_all_of_it_is_asked_for(client: TestClient) -> None:
    url = client.post("/findings", data={**SPEC, "words": "a,b,c,d,e,f", "inks": "red,blue"}).headers["location"]
    assert finish(client, url)["status"] == "done"
    assert len(Markup(client.get(url).text).all("th", scope="col")) == 5
    whole = client.get(url + "?whole=1")
    assert len(Markup(whole.text).all("th", scope="col")) == 6


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"inks": "red"}, "from 2 to 16"),
        ({"inks": "red,mauvish"}, "no colour that CSS names"),
        ({"inks": "red\nRed #e00000"}, "two are called Red"),
        ({"inks": "black,white", "paper": "black"}, "black cannot be seen"),
        ({"words": "\u2603\u4e2d"}, "cannot be drawn"),
        ({"words": "x" * 41}, "at most 40 characters"),
        ({"prompt": "a word"}, "where the name of the colour goes"),
        ({"paper": "pink"}, "paper must be one of"),
        ({"layer": "layer9.9"}, "layer9.9"),
    ],
)
def test_what_cannot_be_tested_is_refused_and_stays_in_the_form(
    client: TestClient, change: dict[str, str], said: str
) -> None:
    sent = {**SPEC, **change}
    answer = client.post("/findings", data=sent)
    assert answer.status_code == 422 and said in Markup(answer.text).text
    assert sent["words"].split(",")[0] in Markup(answer.text).text
    twin = client.post("/findings", json=sent, headers={"Accept": "application/json"})
    assert twin.status_code == 422 and said in twin.json()["detail"]


def test_pictures_that_there_are_not_are_not_found(client: TestClient, finding_url: str) -> None:
    for path in (f"{finding_url}/stimuli/3/0.webp", f"{finding_url}/stimuli/0/4/all.webp"):
        assert client.get(path).status_code == 404


def test_one_that_was_stopped_can_be_started_again(client: TestClient) -> None:
    sent = {**SPEC, "prompt": "stopped at {}"}
    with occupied(client):
        url = client.post("/findings", data=sent).headers["location"]
        client.post(f"{url}/cancel")
        assert finish(client, url)["status"] == "cancelled"
    assert "Start it again" in client.get(url).text
    assert client.post("/findings", data=sent).headers["location"] == url
    assert finish(client, url)["status"] == "done"


def test_it_opens_after_a_restart(client: TestClient, finding_url: str, settings: Settings) -> None:
    microscope = Microscope(settings)
    try:
        found = microscope.finding(finding_url.rpartition("/")[2])
    finally:
        microscope.close()
    assert found.model_dump(mode="json") == client.get(f"{finding_url}.json").json()
