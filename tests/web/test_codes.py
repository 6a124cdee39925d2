"""Sparse codes from the form to their levels, classes and files, and what is refused."""

import csv
import io

import pytest
from fastapi.testclient import TestClient

from app.microscope import Microscope
from app.settings import Settings
from tests.pictures import COLOURS
from tests.web.conftest import LAYER, finish, occupied, of_other_weights, offered
from tests.web.markup import Markup

SPEC = {"kind": "codes", "model": "small", "layer": LAYER, "by": "concept"}
JSON = {"Accept": "application/json"}


@pytest.fixture(scope="module")
def url(client: TestClient) -> str:
    answer = client.post("/findings", data={**SPEC, "corpus": ""})
    assert answer.status_code == 303, answer.text
    assert finish(client, answer.headers["location"])["status"] == "done"
    return answer.headers["location"]


def test_levels_are_counted_on_held_out_pictures_beside_the_dense_probe_and_chance(
    client: TestClient, url: str
) -> None:
    found = client.get(f"{url}.json").json()
    assert (found["classes"], found["units"]) == (5, 256)
    assert found["trained"] == 60 and found["held"] + found["duplicates"] == 60
    each = [level["each"] for level in found["levels"]]
    assert len(each) > 5 and max(each) > 2 * min(each)
    closest = min(found["levels"], key=lambda level: max(level["each"] / 3, 3 / level["each"]))
    assert found["at"] == closest, "the one that is most like the article's is shown first"
    for rates in (found["dense"], found["chance"], *found["levels"]):
        assert rates["top5"]["count"] == found["held"], "there are five classes"
        assert rates["top1"]["low"] <= rates["top1"]["share"] <= rates["top1"]["high"]
    assert found["chance"]["top1"]["share"] == pytest.approx(0.2, abs=0.1)
    page = client.get(url)
    assert len(page.content) < 150_000
    assert "Dense probe" in page.text and "nothing was fitted to" in page.text
    assert Markup(page.text).one("input", type="range", name="level")["max"] == str(len(each))


def test_a_level_has_an_address_and_its_classes_are_sums_of_units(client: TestClient, url: str) -> None:
    last = client.get(f"{url}.json").json()["levels"][-1]
    found = client.get(last["url"].replace("?", ".json?")).json()
    assert found["at"]["number"] == last["number"]
    assert [code["name"] for code in found["codes"]] == sorted(COLOURS)
    assert sum(code["right"] for code in found["codes"]) == last["top1"]["count"]
    assert sum(len(code["terms"]) + code["more"] for code in found["codes"]) == round(5 * last["each"])
    for code in found["codes"]:
        weights = [term["weight"] for term in code["terms"]]
        assert weights == sorted(weights, key=lambda weight: (weight < 0, -abs(weight)))
    served = [each["classes"] for each in found["matrix"]["units"]]
    assert served == sorted(served, reverse=True)
    for unit, row in zip(found["matrix"]["units"], found["matrix"]["cells"], strict=True):
        assert sum(weight > 0 for weight in row) == unit["classes"]
    assert len(found["hierarchy"]["leaves"]) + found["hierarchy"]["alone"] == 5
    page = client.get(last["url"]).text
    assert Markup(page).one("input", type="range", name="level")["value"] == str(last["number"])
    term = found["codes"][0]["terms"][0]["unit"]
    assert Markup(page).all("a", href=term["url"])


def test_classes_are_found_by_a_part_of_their_name(client: TestClient, url: str) -> None:
    found = client.get(f"{url}.json?q=RE").json()
    assert [code["name"] for code in found["codes"]] == ["green", "red"] and found["matching"] == 2
    assert client.get(f"{url}.json?after=3").json()["codes"][0]["name"] == sorted(COLOURS)[4]
    assert "No class has “&lt;b&gt;” in its name" in client.get(f"{url}?q=<b>").text


def test_the_files_of_a_level_have_every_weight(client: TestClient, url: str) -> None:
    found = client.get(f"{url}.json?level=4").json()
    file = client.get(found["json_file"]).json()
    assert (file["level"], file["penalty"], file["by"]) == (4, found["at"]["penalty"], "concept")
    terms = [term for each in file["classes"] for term in each["terms"]]
    assert len(terms) == round(5 * found["at"]["each"])
    answer = client.get(found["csv"])
    assert "level-4-codes.csv" in answer.headers["content-disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [float(row["weight"]) for row in rows] == [term["weight"] for term in terms]
    assert {row["class"] for row in rows} <= set(COLOURS)


def test_the_same_codes_are_one_finding_and_on_the_form(client: TestClient, url: str) -> None:
    again = client.post("/findings", json={**SPEC, "seed": 0}, headers=JSON)
    assert (again.status_code, again.json()["url"]) == (200, url)
    form = client.get("/models/small/lab/codes.json").json()
    assert {"url": url, "said": f"concept by the units of {LAYER}"}.items() <= form["recent"][0].items()
    assert "concept" in form["choices"]["corpora"][0]["columns"]


def test_the_address_opens_before_weights_are_loaded(settings: Settings, client: TestClient, url: str) -> None:
    microscope = Microscope(settings)
    try:
        found = microscope.finding(url.rpartition("/")[2])
    finally:
        microscope.close()
    now = client.get(f"{url}.json").json()
    assert found.kind == "codes" and not found.outdated
    assert [level.model_dump() for level in found.levels] == now["levels"]
    weights = [[(each.unit.unit, each.weight) for each in code.terms] for code in found.codes]
    assert weights == [[(each["unit"]["unit"], each["weight"]) for each in code["terms"]] for code in now["codes"]]


def test_codes_of_other_weights_say_so_and_are_found_again(settings: Settings, client: TestClient) -> None:
    spec = {**SPEC, "classes": "4", "images": "10", "seed": "7"}
    url = client.post("/findings", data=spec).headers["location"]
    before = finish(client, url)
    assert before["status"] == "done" and not before["outdated"]
    of_other_weights(settings, before["id"])
    assert client.get(f"{url}.json").json()["outdated"]
    page = client.get(url).text
    assert "Find the codes again" in page
    assert client.post("/findings", data=offered(page)).headers["location"] == url
    after = finish(client, url)
    assert not after["outdated"] and after["levels"] == before["levels"]


def test_codes_that_were_stopped_say_so_and_can_be_started_again(client: TestClient) -> None:
    spec = {**SPEC, "by": "kind", "seed": "5"}
    with occupied(client):
        url = client.post("/findings", data=spec).headers["location"]
        assert client.post(f"{url}/cancel").status_code == 303
        assert client.get(f"{url}.json").json()["status"] == "cancelled"
    assert "It was stopped before all codes were fitted" in client.get(url).text
    assert client.post("/findings", data=spec).headers["location"] == url
    assert finish(client, url)["status"] == "done"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"by": "colour"}, "no label column"),
        ({"by": ""}, "by is missing"),
        ({"corpus": "elsewhere"}, "no corpus named elsewhere"),
        ({"layer": "layer9.9"}, "no layer layer9.9"),
        ({"classes": "1"}, "classes must be at least 2"),
        ({"classes": "1000"}, "images may be at most 20"),
        ({"images": "many"}, "images must be a whole number"),
        ({"seed": "-1"}, "seed must be at least 0"),
    ],
)
def test_what_cannot_be_coded_comes_back_in_the_form(client: TestClient, change: dict[str, str], said: str) -> None:
    answer = client.post("/findings", data={**SPEC, **change})
    assert answer.status_code == 422 and said in answer.text
    page = Markup(answer.text)
    assert page.one("input", type="hidden", name="kind")["value"] == "codes"
    assert 'role="alert"' in answer.text
    twin = client.post("/findings", json={**SPEC, **change}, headers=JSON)
    assert twin.status_code == 422 and said in twin.json()["detail"]


def test_levels_that_there_are_not_are_refused(client: TestClient, url: str) -> None:
    levels = len(client.get(f"{url}.json").json()["levels"])
    for path in (url, f"{url}.json", f"{url}/codes.csv", f"{url}/codes.json"):
        assert client.get(f"{path}?level={levels + 1}").status_code == 404
        assert client.get(f"{path}?level=0").status_code == 422
    assert client.get("/findings/0123456789abcdef/codes.json").status_code == 404
