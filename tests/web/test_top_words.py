"""Top words as a finding: from the form to a unit's words, its files, the search, and what is refused."""

import csv
import io

import pytest
from fastapi.testclient import TestClient

from tests.web.conftest import LAYER, finish
from tests.web.markup import Markup
from tests.web.test_streams import events

SPEC = {"kind": "words", "model": "small", "layer": LAYER, "language": "en", "count": "40"}
OWN = "ice cream, zebra\nカメラ\n=1+1\nzebra"
JSON = {"Accept": "application/json"}


@pytest.fixture(scope="module")
def finding_url(client: TestClient) -> str:
    answer = client.post("/findings", data={**SPEC, "list": OWN})
    assert answer.status_code == 303, answer.text
    assert finish(client, answer.headers["location"])["status"] == "done"
    return answer.headers["location"]


def test_common_words_and_one_s_own_are_ranked_for_a_unit(client: TestClient, finding_url: str) -> None:
    found = client.get(f"{finding_url}.json?unit=7").json()
    assert found["words"] == 43 and found["left_out"] == ["カメラ"]
    strongest, weakest = found["found"]["strongest"], found["found"]["weakest"]
    assert [each["rank"] for each in strongest] == list(range(1, 21))
    assert [each["rank"] for each in weakest] == list(range(43, 23, -1))
    values = [each["activation"] for each in [*strongest, *reversed(weakest)]]
    assert values == sorted(values, reverse=True)
    whole = client.get(f"{finding_url}/words.json?unit=7").json()["words"]
    assert {"the", "ice cream", "zebra"} <= {each["word"] for each in whole}
    assert sum(each["sd"] for each in whole) == pytest.approx(0, abs=1e-3)
    page = client.get(f"{finding_url}?unit=7").text
    assert strongest[0]["word"] in page and "カメラ" in page and "Manrope Bold" in page


def test_without_the_average_word_the_order_stays(client: TestClient, finding_url: str) -> None:
    plain = client.get(f"{finding_url}.json?unit=7").json()
    centred = client.get(plain["other"].replace("?", ".json?")).json()
    assert centred["centred"] and centred["other"] == f"{finding_url}?unit=7"
    for one, other in zip(plain["found"]["strongest"], centred["found"]["strongest"], strict=True):
        assert one["word"] == other["word"]
        assert one["activation"] - plain["found"]["mean"] == pytest.approx(other["activation"], abs=1e-6)


def test_the_table_of_a_unit_has_every_word_and_no_formula(client: TestClient, finding_url: str) -> None:
    answer = client.get(f"{finding_url}/words.csv?unit=7")
    assert "attachment" in answer.headers["content-disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [int(row["rank"]) for row in rows] == list(range(1, 44))
    assert "'=1+1" in [row["word"] for row in rows]


def test_all_units_are_listed_and_found_by_a_word(client: TestClient, finding_url: str) -> None:
    first = client.get(f"{finding_url}.json").json()
    second = client.get(first["next"].replace("?", ".json?")).json()
    assert [row["unit"] for row in [*first["units"], *second["units"]]] == list(range(96))
    word = first["units"][5]["words"][1]
    hits = client.get(f"{finding_url}.json", params={"q": word.upper()}).json()["units"]
    assert 5 in [row["unit"] for row in hits]
    assert client.get(f"{finding_url}.json", params={"q": "nowhere"}).json()["units"] == []
    assert "nowhere" in client.get(finding_url, params={"q": "nowhere"}).text


def test_a_unit_s_page_shows_the_newest_run(client: TestClient, finding_url: str) -> None:
    section = client.get(f"/models/small/{LAYER}/7.json").json()["top_words"]
    assert section["url"] == f"{finding_url}?unit=7"
    assert len(section["found"]["strongest"]) == 12 and len(section["found"]["weakest"]) == 6
    assert f"{finding_url}?unit=7" in client.get(f"/models/small/{LAYER}/7").text
    elsewhere = client.get("/models/small/layer3.1/3.json").json()["top_words"]
    assert elsewhere["found"] is None and elsewhere["seconds"] > 0


def test_words_are_shown_as_they_were_drawn(client: TestClient, finding_url: str) -> None:
    drawn = client.get(f"{finding_url}.json?unit=7").json()["drawn"]
    answer = client.get(drawn["picture"])
    assert answer.headers["content-type"] == "image/webp"
    assert len(drawn["fonts"]) == 3 and "60% wide, top left, black on white" in drawn["layouts"]
    assert client.get(f"{finding_url}/drawn.webp?word=absent").status_code == 404


def test_the_same_words_are_one_finding(client: TestClient, finding_url: str) -> None:
    again = client.post("/findings", json={**SPEC, "count": 40, "list": OWN}, headers=JSON)
    assert (again.status_code, again.json()["url"]) == (200, finding_url)
    alone = client.post("/findings", data={**SPEC, "language": "", "list": "zebra\nhorse"}).headers["location"]
    assert alone != finding_url and finish(client, alone)["words"] == 2
    other = {**SPEC, "language": "", "count": "4000", "list": "zebra\nhorse"}
    assert client.post("/findings", data=other).headers["location"] == alone


def test_the_stream_ends_with_the_state(client: TestClient, finding_url: str) -> None:
    state, end = events(client.get(f"{finding_url}/events").text)
    assert "43 words" in state["data"] and end == {"event": "end", "data": "done"}


def test_a_run_whose_file_is_gone_says_so_and_can_be_made_again(client: TestClient, settings, finding_url: str) -> None:
    (settings.data / "findings" / f"{finding_url.rpartition('/')[2]}.safetensors").unlink()
    assert client.get(f"{finding_url}.json").json()["status"] == "failed"
    assert client.get(f"{finding_url}/words.csv?unit=7").status_code == 503
    assert client.post("/findings", data={**SPEC, "list": OWN}).headers["location"] == finding_url
    assert finish(client, finding_url)["status"] == "done"


def test_a_run_that_was_stopped_can_be_started_again(client: TestClient) -> None:
    long = {**SPEC, "count": "20000", "layer": "layer3.1"}
    url = client.post("/findings", data=long).headers["location"]
    assert client.post(f"{url}/cancel").status_code == 303
    assert finish(client, url)["status"] == "cancelled"
    assert "Start it again" in client.get(url).text
    assert client.post("/findings", data=long).headers["location"] == url
    assert client.get(f"{url}.json").json()["status"] in ("queued", "running")
    assert client.post(f"{url}/cancel").status_code == 303


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"language": ""}, "language"),
        ({"language": "ja"}, "ja"),
        ({"layer": "layer9"}, "layer9"),
        ({"count": "9999999"}, "count"),
        ({"list": "x" * 60}, "40 characters"),
        ({"list": " , \n"}, "from 1 to"),
        ({"language": "", "list": "カメラ\n猫"}, "none of the 2 words"),
        ({"pasted": "0123456789abcdef"}, "0123456789abcdef"),
        ({"pasted": "../../etc/passwd"}, "pasted"),
        ({"renderings": "2"}, "renderings"),
    ],
)
def test_what_cannot_be_drawn_is_refused_in_words(client: TestClient, change: dict[str, str], said: str) -> None:
    answer = client.post("/findings", data={**SPEC, **change}, headers=JSON)
    assert answer.status_code == 422, answer.text
    assert said in answer.text


def test_a_pasted_list_that_cannot_be_drawn_is_there_to_be_mended(client: TestClient) -> None:
    answer = client.post("/findings", data={**SPEC, "language": "de", "count": "5", "list": "zebra\nhorse"})
    page = Markup(answer.text)
    assert answer.status_code == 422 and page.all("div", role="alert") and "at least 10" in page.text
    assert "zebra\nhorse</textarea>" in answer.text
    assert page.one("input", name="count")["value"] == "5" and page.one("input", name="layer")["value"] == LAYER
    assert page.all("option", value="de", selected="")
    assert page.one("form", action="/findings")["method"] == "post"


def test_a_unit_that_there_is_not_is_not_found(client: TestClient, finding_url: str) -> None:
    for path in (f"{finding_url}?unit=4000", f"{finding_url}/words.json?unit=4000", "/findings/abc/words.json?unit=1"):
        assert client.get(path).status_code == 404
