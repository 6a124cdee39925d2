"""Words as sums of units: from the form to the atlas, its files and its twin, and what is refused."""

import csv
import io

import pytest
from fastapi.testclient import TestClient

from app.microscope import Microscope
from app.settings import Settings
from tests.web.conftest import LAYER, finish
from tests.web.markup import Markup
from tests.web.test_streams import events

OWN = "red, stripes\nzebra\nice cream;<b>bold</b>\n=1+1\nRed"
SPEC = {
    "kind": "composition",
    "model": "small",
    "source": "pasted",
    "list": OWN,
    "prompts": "a {}\n so {} it is \na {}",
}
JSON = {"Accept": "application/json"}


@pytest.fixture(scope="module")
def finding_url(client: TestClient) -> str:
    answer = client.post("/findings", data={**SPEC, "level": "80", "factors": "2"})
    assert answer.status_code == 303, answer.text
    assert finish(client, answer.headers["location"])["status"] == "done"
    return answer.headers["location"]


def test_every_word_gets_an_equation_and_a_cell(client: TestClient, finding_url: str) -> None:
    found = client.get(f"{finding_url}.json").json()
    assert found["spec"]["prompts"] == ["a {}", "so {} it is"] and found["spec"]["layer"] == LAYER
    words = [each["word"] for each in found["equations"]]
    assert words == ["red", "stripes", "zebra", "ice cream", "<b>bold</b>", "=1+1"]
    assert found["words"] == 6 and found["without"] == 0 and found["units"] >= 1 and found["next"] is None
    assert len({(each["x"], each["y"]) for each in found["atlas"]}) == 6 and len(found["factors"]) == 2
    for each in found["equations"]:
        weights = [term["weight"] for term in each["terms"]]
        assert 1 <= len(weights) <= 4 and max(map(abs, weights)) >= 1 and weights[0] in (1, -1)
        assert sum(each["factors"]) == pytest.approx(1) or each["colour"] is None
    page = client.get(finding_url).text
    assert "ice cream" in page and "<b>bold" not in page and "&lt;b&gt;bold" in page
    assert found["shown"]["terms"][0]["tile"]["url"] in page
    assert 'class="atlas" viewBox="0 0 780' in page, "six cells are narrower than the line below them"


def test_one_word_is_shown_large_and_another_is_not_there(client: TestClient, finding_url: str) -> None:
    found = client.get(f"{finding_url}.json?word=Zebra").json()
    assert found["shown"]["word"] == "zebra" and found["shown"]["url"] == f"{finding_url}?word=zebra"
    assert '<h2 id="equation-title">zebra' in client.get(f"{finding_url}?word=zebra").text
    assert client.get(f"{finding_url}?word=horse").status_code == 404
    assert [each["word"] for each in client.get(f"{finding_url}.json?q=Str").json()["equations"]] == ["stripes"]


def test_the_files_have_all_units_and_no_formula(client: TestClient, finding_url: str) -> None:
    whole = client.get(f"{finding_url}/composition.json").json()
    answer = client.get(f"{finding_url}/composition.csv")
    assert "attachment" in answer.headers["content-disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert len(rows) == sum(len(each["code"]) for each in whole["words"])
    assert {"'=1+1", "ice cream"} <= {row["word"] for row in rows} and "factor_2" in rows[0]
    largest = whole["words"][0]["code"][0]
    assert (int(rows[0]["unit"]), float(rows[0]["weight"])) == (largest["unit"], largest["weight"])


def test_a_unit_that_is_set_aside_is_in_no_sum(client: TestClient, finding_url: str) -> None:
    before = client.get(f"{finding_url}.json").json()
    unit = before["shown"]["terms"][0]["tile"]["unit"]
    fields = {**SPEC, "level": 80, "factors": 2, "set_aside": f"{unit}, 3 {unit}"}
    answer = client.post("/findings", json=fields, headers=JSON)
    assert answer.status_code == 201, answer.text
    after = finish(client, answer.json()["url"])
    assert after["spec"]["set_aside"] == sorted({3, unit})
    assert after["equations"][0]["left_out"] == [unit]
    assert all(unit != term["tile"]["unit"] for each in after["equations"] for term in each["terms"])
    assert after["equations"][0]["units"] == before["equations"][0]["units"] - 1


def test_feelings_are_read_in_the_articles_texts_and_told_while_they_are(client: TestClient) -> None:
    url = client.post("/findings", data={"kind": "composition", "model": "small"}).headers["location"]
    state, *_, end = events(client.get(f"{url}/events").text)
    assert 'hx-target="#live"' in state["data"] and end == {"event": "end", "data": "done"}
    found = finish(client, url)
    assert found["source"] == "126 words for feelings" and found["words"] == 126
    assert found["spec"]["prompts"][0] == "i am feeling {}" and found["spec"]["factors"] == 7
    assert found["spec"]["shared"] == "codes"
    second = client.get(found["next"].replace("?", ".json?")).json()["equations"]
    assert len(found["equations"]) == 24 and second[0]["word"] not in {each["word"] for each in found["equations"]}
    assert url in client.get("/models/small/lab/composition").text


def test_what_the_corpus_shows_is_put_into_texts_about_things(client: TestClient) -> None:
    url = client.post("/findings", data={"kind": "composition", "model": "small", "source": "concepts"}).headers[
        "location"
    ]
    found = finish(client, url)
    shown = client.get(f"/models/small/{LAYER}/5/given.json?by=concept").json()["values"]
    assert {each["word"] for each in found["atlas"]} == set(shown)
    assert found["spec"]["prompts"] == ["{}", "a photo of a {}", "a drawing of a {}"]
    assert found["spec"]["shared"] == "scores" and all(each["colour"] for each in found["atlas"])


def test_what_is_stopped_shows_nothing_and_starts_again(client: TestClient) -> None:
    spec = {"kind": "composition", "model": "small", "level": "80", "seed": "5"}
    url = client.post("/findings", data=spec).headers["location"]
    assert client.post(f"{url}/cancel").status_code == 303
    stopped = finish(client, url)
    assert stopped["status"] == "cancelled" and stopped["words"] == 0
    assert "nothing to show" in client.get(url).text
    assert client.post("/findings", data=spec).headers["location"] == url
    assert finish(client, url)["status"] == "done"


def test_its_address_opens_in_an_application_of_its_own(
    client: TestClient, settings: Settings, finding_url: str
) -> None:
    """As after a restart, before the weights are loaded."""
    microscope = Microscope(settings)
    page = microscope.finding(finding_url.rpartition("/")[2])
    microscope.store.close()
    assert page.kind == "composition" and page.words == 6 and not page.outdated
    now = client.get(f"{finding_url}.json").json()
    assert [(each.word, each.x, each.y) for each in page.atlas] == [(e["word"], e["x"], e["y"]) for e in now["atlas"]]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"list": "one\ntwo\nOne"}, "it has 2 different words; from 4 to 400"),
        ({"list": "\n".join(f"word {number}" for number in range(401))}, "it has 401 different words"),
        ({"list": "a\nb\nc\n" + 60 * "d"}, "at most 40 characters"),
        ({"list": ""}, "list is missing"),
        ({"source": "feelings"}, "words were pasted, but source says feelings"),
        ({"source": "dreams", "list": ""}, "source must be one of"),
        ({"source": "pasted", "list": "", "pasted": "0123456789abcdef"}, "no stored list of words"),
        ({"prompts": "no slot"}, "“no slot” has no {}"),
        ({"prompts": "{} " + 130 * "a"}, "more than 120"),
        ({"prompts": "\n".join(f"{number} {{}}" for number in range(9))}, "from 1 to 8 texts, one a line, not 9"),
        (
            {
                "list": "\n".join(f"word {number}" for number in range(400)),
                "prompts": "\n".join(f"{number} {{}}" for number in range(4)),
            },
            "400 words with 4 texts each are more than 1,200 texts",
        ),
        ({"prompts": " \n "}, "from 1 to 8 texts, one a line, not 0"),
        ({"level": "15"}, "level must be one of 10, 20, 30, 40 or 80"),
        ({"factors": "3"}, "factors must be one of 2 or 7"),
        ({"set_aside": "12, many"}, "set_aside must be numbers of units"),
        ({"set_aside": "4000"}, "no unit 4000"),
        ({"set_aside": "-1"}, "no unit -1"),
        ({"layer": "layer3.1"}, "last layer only"),
        ({"shared": "cake"}, "shared must be one of"),
        ({"bigrams": "burnt"}, "bigrams must be one of"),
        ({"seed": "-1"}, "seed must be at least 0"),
    ],
)
def test_what_cannot_be_fitted_is_refused_in_words(client: TestClient, change: dict[str, str], said: str) -> None:
    for headers in ({}, JSON):
        answer = client.post("/findings", data={**SPEC, **change}, headers=headers)
        assert answer.status_code == 422, answer.text
        assert said in (answer.json()["detail"] if headers else Markup(answer.text).text)


def test_the_refused_form_keeps_what_was_typed(client: TestClient) -> None:
    answer = client.post("/findings", data={**SPEC, "set_aside": "x", "level": "20"}).text
    assert "zebra\nice cream;&lt;b&gt;" in answer and 'value="x"' in answer
    assert '<option value="20" selected>' in answer and 'value="pasted" checked' in answer


def test_the_same_words_again_stay_there_when_something_else_is_refused(client: TestClient, finding_url: str) -> None:
    form = Markup(client.get(finding_url).text)
    hidden = {each["name"]: each["value"] for each in form.all("input", type="hidden")}
    again = {**hidden, "level": "80", "factors": "2"}
    assert client.post("/findings", data=again).headers["location"] == finding_url
    answer = client.post("/findings", data={**again, "seed": "7", "set_aside": "x"})
    assert answer.status_code == 422
    form = Markup(answer.text)
    assert "red\nstripes\nzebra\nice cream\n&lt;b&gt;bold&lt;/b&gt;\n=1+1</textarea>" in answer.text
    assert form.one("input", type="hidden", name="seed")["value"] == "7"


def test_a_list_is_text(client: TestClient) -> None:
    sent = {**SPEC, "list": ["red", "blue", "green", "yellow"]}
    for fields in (sent, {**sent, "kind": "words", "language": "en"}):
        answer = client.post("/findings", json=fields, headers=JSON)
        assert answer.status_code == 422 and "one word a line" in answer.json()["detail"]


@pytest.mark.parametrize("fields", [{"set_aside": 12}, {"prompts": 5}])
def test_json_that_cannot_be_used_is_answered_in_json(client: TestClient, fields: dict[str, int]) -> None:
    answer = client.post("/findings", json={"kind": "composition", "model": "small", **fields})
    assert answer.status_code == 422 and next(iter(fields)) in answer.json()["detail"]


def test_what_nobody_found_has_no_files(client: TestClient) -> None:
    assert client.get("/findings/0123456789abcdef/composition.csv").status_code == 404


def test_concepts_of_a_model_that_there_is_not_are_no_matter_of_waiting(client: TestClient) -> None:
    fields = {"kind": "composition", "model": "nobody's", "layer": LAYER, "source": "concepts"}
    answer = client.post("/findings", json=fields, headers=JSON)
    assert answer.status_code == 422 and "nobody's" in answer.json()["detail"], answer.text
    assert "corpus" not in answer.json()["detail"]
