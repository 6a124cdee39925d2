"""A table of attacks: from the form to its page, its twin and files; stopped and taken up again; and what is refused."""

import csv
import io

import pytest
from fastapi.testclient import TestClient

from app.settings import Settings
from app.web.app import create_app
from tests.web.conftest import LAYER, finish, wait_for

FORM = "/models/small/lab/attack_table"
SPEC = {
    "kind": "attack_table",
    "model": "small",
    "rows": "red: stop\ngreen",
    "styles": ["label", "paper"],
    "images": "24",
}
JSON = {"Accept": "application/json"}


@pytest.fixture(scope="module")
def table_url(client: TestClient) -> str:
    answer = client.post("/findings", data=SPEC)
    assert answer.status_code == 303, answer.text
    assert finish(client, answer.headers["location"])["status"] == "done"
    return answer.headers["location"]


def test_the_form_offers_what_the_corpus_records(client: TestClient) -> None:
    choices = client.get(f"{FORM}.json").json()["choices"]
    assert choices["column"] == "concept" and choices["without"] == ""
    assert set(choices["columns"]) == {"caption", "concept", "family", "kind"} and LAYER in choices["layers"]
    page = client.get(FORM, params={"rows": "red: <b>stop</b>"}).text
    assert "red: &lt;b&gt;stop&lt;/b&gt;" in page and 'name="styles" value="paper" checked' in page


def test_every_text_in_every_style_is_a_row(client: TestClient, table_url: str) -> None:
    found = client.get(f"{table_url}.json").json()
    assert (found["spec"]["classes"], found["spec"]["layer"], found["spec"]["styles"]) == (
        "column:concept",
        LAYER,
        ["paper", "label"],
    )
    rows = found["rows"]
    assert {(row["target"], row["text"], row["style"]) for row in rows} == {
        (*pair, style) for pair in [("red", "stop"), ("green", "green")] for style in ("paper", "label")
    }
    shares = [row["zero_shot"]["success"]["share"] for row in rows]
    assert shares == sorted(shares, reverse=True)
    for total in found["totals"]:
        of_style = [row["zero_shot"]["success"] for row in rows if row["style"] == total["style"]]
        success = total["zero_shot"]["success"]
        assert success["of"] == sum(each["of"] for each in of_style) > 30
        assert success["count"] == sum(each["count"] for each in of_style)
        assert success["low"] <= success["share"] <= success["high"]
        assert (total["zero_shot"]["blank"] is None) == (total["style"] == "paper")
        assert total["zero_shot_cost"]["before"]["of"] == 2 * 12 and total["linear"] is not None
    assert found["clean"]["of"] == 24 and found["probe_trained"] == 96


def test_a_row_shows_its_pictures_and_units(client: TestClient, table_url: str) -> None:
    found = client.get(f"{table_url}.json", params={"row": 1}).json()["shown"]
    assert found["row"]["number"] == 1 and len(found["units"]) == 5 and len(found["pictures"]) == 3
    before, after = (client.get(found["pictures"][0][name]) for name in ("image", "attacked"))
    assert before.headers["content-type"] == after.headers["content-type"] == "image/webp"
    assert before.content != after.content
    page = client.get(table_url, params={"row": 1}).text
    assert found["pictures"][0]["attacked"] in page and found["units"][0]["card"]["url"] in page
    assert "/models/small/lab/attack?text=stop" in page
    for missing in (f"{table_url}?row=4", f"{table_url}/attacked/9/0.webp", f"{table_url}/attacked/0/99.webp"):
        assert client.get(missing).status_code == 404


def test_all_that_was_counted_is_a_file(client: TestClient, table_url: str) -> None:
    answer = client.get(f"{table_url}/attacks.csv")
    assert "attachment" in answer.headers["content-disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    found = client.get(f"{table_url}.json").json()["rows"]
    assert sorted(int(row["zero_shot_success"]) for row in rows) == sorted(
        row["zero_shot"]["success"]["count"] for row in found
    )


def test_a_stopped_table_keeps_its_rows_and_goes_on(client: TestClient) -> None:
    spec = {**SPEC, "rows": "", "pairs": "3", "images": "40"}
    url = client.post("/findings", data=spec).headers["location"]
    wait_for(lambda: len(client.get(f"{url}.json").json()["rows"]) >= 1)
    assert client.post(f"{url}/cancel").status_code == 303
    stopped = finish(client, url)
    assert stopped["status"] == "cancelled" and stopped["unfinished"] > 0
    page = client.get(url).text
    assert "attacks of 6 are missing" in page or "attack of 6 is missing" in page
    again = client.post("/findings", data={**spec, "layer": LAYER, "column": "concept"})
    assert again.headers["location"] == url
    done = finish(client, url)
    assert done["status"] == "done" and done["unfinished"] == 0
    kept = {row["number"]: row["zero_shot"] for row in done["rows"]}
    assert all(kept[row["number"]] == row["zero_shot"] for row in stopped["rows"])


def test_it_opens_after_a_restart(client: TestClient, settings: Settings, table_url: str) -> None:
    found = client.get(f"{table_url}.json").json()
    with TestClient(create_app(settings)) as other:
        again = other.get(f"{table_url}.json").json()
        assert other.get(f"{table_url}/attacks.csv").status_code == 200
    assert again["rows"] == found["rows"] and again["totals"] == found["totals"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"column": "mood"}, "no label column"),
        ({"without": "mood"}, "no label column"),
        ({"rows": "red: stop\nsad: cry"}, "line 2 aims at"),
        ({"rows": "red:"}, "no text after the colon"),
        ({"rows": "red: " + "long " * 20}, "characters are too many"),
        ({"corpus": "elsewhere"}, "elsewhere"),
        ({"images": "2000", "rows": [f"red: stop {n}" for n in range(100)]}, "images must be"),  # a hidden field each
        ({"styles": "neon"}, "styles"),
        ({"prompt": "a photo"}, "prompt must have {}"),
        ({"classes": "list", "names": "one"}, "write from 2 to"),
        ({"by": "logit", "layer": "layer3.1"}, "last layer only"),
    ],
)
def test_what_cannot_be_counted_is_refused_in_words(client: TestClient, change: dict[str, str], said: str) -> None:
    for headers in ({}, JSON):
        answer = client.post("/findings", data={**SPEC, **change}, headers=headers)
        assert answer.status_code == 422, answer.text
        assert said in answer.text
    page = client.post("/findings", data={**SPEC, "column": "mood"}).text
    assert "red: stop" in page, "the form comes back with what was typed"
