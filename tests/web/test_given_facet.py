"""What facets say of a unit: its examples facet by facet, its activation given one, and the units by their purity."""

import csv
import io

import numpy as np
import pytest
from fastapi.testclient import TestClient

from app.answers.given import GivenPage
from tests.pictures import blobs, png, striped_files
from tests.web.conftest import LAYER, finish, wait_for
from tests.web.markup import Markup

UNIT = f"/models/small/{LAYER}/5"
THEMES = ("red discs", "green discs", "blue discs", "orange discs")  # and stripes, which the model brings along
Files = list[tuple[str, tuple[str, bytes]]]


def given(client: TestClient, **choice: str) -> GivenPage:
    answer = client.get(f"{UNIT}/given.json", params=choice)
    assert answer.status_code == 200, answer.text
    return GivenPage.model_validate(answer.json())


def sent(files: list[tuple[str, bytes]]) -> Files:
    return [("images", file) for file in files]


@pytest.fixture(scope="module")
def red(client: TestClient) -> str:
    """A facet of red discs, uploaded from the unit's page, trained and shown every image of the corpus; its id. With it
    three of other colours, so that a unit has more facets than its page shows."""
    facets = []
    for colour, name in enumerate(THEMES):
        pictures = range(2000 + colour, 2080 if name == THEMES[0] else 2045, 5)
        files = sent([(f"{name}-{number}.png", png(blobs(number)[0])) for number in pictures])
        answer = client.post("/facets", data={"name": name, "layer": LAYER, "unit": "5"}, files=files)
        assert answer.status_code == 303, answer.text
        there = answer.headers["location"]
        path, _, facet = there.partition("?facet=")
        assert path == f"{UNIT}/given"
        page = given(client, facet=facet)
        assert page.given_facet and page.url == there and page.given_facet.facet.name == name
        assert finish(client, f"/facets/{facet}")["status"] == "ready"
        facets.append(facet)
    wait_for(lambda: not client.get(f"{UNIT}.json").json()["by_facet_status"])
    return facets[0]


def test_the_unit_page_shows_its_examples_facet_by_facet(client: TestClient, red: str) -> None:
    page = client.get(f"{UNIT}.json").json()
    rows = page["by_facet"]
    assert {row["facet"]["name"] for row in rows} >= {*THEMES, "stripes"} and len(rows) > 3
    assert [row["purity"] for row in rows] == sorted((row["purity"] for row in rows), reverse=True)
    first, html = Markup(client.get(UNIT).text), Markup(client.get(f"{UNIT}/by-facet").text)
    assert client.get(f"{UNIT}/by-facet.json").json()["by_facet"] == rows
    for place, row in enumerate(rows):
        assert bool(first.all("a", href=row["given"])) == (place < 3), "the unit's page has those that explain most"
        products = [each["sd"] * each["probability"] for each in row["examples"]]
        assert products == sorted(products, reverse=True) and len(products) <= 8
        assert all(each["sd"] >= 2 and each["probability"] >= 0.5 for each in row["examples"])
        assert row["purity"] == pytest.approx((row["share"] - row["chance"]) / (1 - row["chance"]))
        assert html.all("a", href=f"{row['url']}#visualize") and html.all("a", href=row["given"])
        if not row["examples"]:
            assert f"No image that the probe takes for {row['facet']['name']} drives it 2 sd" in html.text
    mine = next(row for row in rows if row["facet"]["id"] == red)
    assert mine["of"] == 100 and round(100 * mine["share"]) == pytest.approx(100 * mine["share"])
    assert mine["examples"] or mine["share"] < 1
    assert client.get(mine["url"]).status_code == 200 == client.get(mine["given"]).status_code


def test_a_facets_own_pictures_are_compared_with_the_corpus(client: TestClient, red: str) -> None:
    page = given(client, facet=red)
    assert page.given_facet and page.given_facet.own and not page.given_facet.waiting and page.by is None
    own, twin = page.given_facet.own, client.get(f"{UNIT}.json").json()
    assert own.chosen.count == sum(own.counts) == page.given_facet.pictures == 16
    assert own.others.count == sum(own.other_counts) == page.images == 120
    shown = [each.sd for each in own.strongest] + [each.sd for each in reversed(own.weakest)]
    assert shown == sorted(shown, reverse=True) and len(shown) == 16
    assert own.chosen.median == pytest.approx(np.median(shown))
    edges = [
        (edge - twin["stats"]["mean"]) / twin["stats"]["std"] for edge in (twin["stats"]["min"], twin["stats"]["max"])
    ]
    assert own.edges[0] <= edges[0] + 1e-6 and own.edges[-1] >= edges[1] - 1e-6
    rows = csv.DictReader(io.StringIO(client.get(twin["record"]["csv"]).text))
    values = np.array([float(row["activation"]) for row in rows])
    sd = (values - twin["stats"]["mean"]) / twin["stats"]["std"]
    assert own.chosen.auc == pytest.approx(np.mean([[a > b for b in sd] for a in shown]), abs=1e-3)
    for each in own.strongest[:2]:
        assert client.get(each.image).status_code == 200 == client.get(each.page).status_code
    html = Markup(client.get(page.url).text)
    assert "A picture of “red discs” drives the unit harder than an image of the corpus in" in html.text
    assert not html.all("meta", **{"http-equiv": "refresh"})


def test_the_images_that_the_probe_takes_for_its_own_are_compared_with_the_others(client: TestClient, red: str) -> None:
    taken = given(client, facet=red).given_facet
    assert taken and taken.taken
    sets, row = taken.taken, next(r for r in client.get(f"{UNIT}.json").json()["by_facet"] if r["facet"]["id"] == red)
    assert sets.chosen.count + sets.others.count == 120 and sets.chosen.count == round(120 * row["chance"])
    assert sum(sets.counts) == sets.chosen.count and sum(sets.other_counts) == sets.others.count
    shown = [each.sd for each in sets.strongest]
    assert shown == sorted(shown, reverse=True)
    best = [each["sd"] for each in row["examples"]]
    assert not best or max(best) == pytest.approx(shown[0])
    concepts = [client.get(f"{each.page}.json").json()["record"]["concept"] for each in sets.strongest]
    assert "red" in concepts


def test_labels_and_facets_are_chosen_side_by_side_and_ranked(client: TestClient, red: str) -> None:
    page = given(client, facet="red discs")
    assert page.given_facet and page.given_facet.facet.id == red, "a name will do"
    assert {each.name for each in page.facets} >= {"stripes", "red discs"}
    assert [each.name for each in page.columns][0] == "concept"
    html = Markup(client.get(f"{UNIT}/given").text)
    for each in [*page.columns, *page.facets]:
        assert html.all("a", href=each.url)
    ranked = page.facet_ranking
    assert ranked and {each.value for each in ranked.facets} >= {"stripes", "red discs"}
    medians = [each.median for each in ranked.facets]
    assert medians == sorted(medians, reverse=True)
    assert given(client, by="concept").facet_ranking == ranked


@pytest.mark.parametrize("facet", ["nothing", "../../x", "<b>"])
def test_a_facet_that_is_not_there_is_refused_with_those_there_are(client: TestClient, facet: str) -> None:
    answer = client.get(f"{UNIT}/given.json", params={"facet": facet})
    assert answer.status_code == 422 and "stripes" in answer.json()["detail"]


def test_an_untrained_set_shows_its_pictures_at_once_and_looks_again_by_itself(client: TestClient) -> None:
    files = sent([(f"{number}.png", png(blobs(number)[0])) for number in range(3001, 3061, 5)])
    address = client.post("/facets", data={"name": "green", "layer": LAYER, "unit": "5"}, files=files).headers[
        "location"
    ]
    html = Markup(client.get(address).text)
    state = GivenPage.model_validate(client.get(address.replace("/given?", "/given.json?")).json()).given_facet
    assert state
    if html.all("meta", **{"http-equiv": "refresh"}):  # it may be trained before one has looked
        assert html.all("div", **{"hx-select": "#given-facet"})
    wait_for(lambda: _own(client, address))
    finish(client, f"/facets/{address.partition('facet=')[2]}")


def _own(client: TestClient, address: str) -> bool:
    return client.get(address.replace("/given?", "/given.json?")).json()["given_facet"]["own"] is not None


@pytest.mark.usefixtures("unchanged")
def test_too_few_pictures_come_back_to_the_unit_with_what_to_do(client: TestClient) -> None:
    answer = client.post(
        "/facets", data={"name": "three", "layer": LAYER, "unit": "5"}, files=sent(striped_files(3, start=70))
    )
    html = Markup(answer.text)
    assert answer.status_code == 422 and "at least 8 usable pictures and got 3" in html.text
    assert "Unit 5" in html.text and html.one("input", id="set-name")["value"] == "three"
    hidden = {each["name"]: each["value"] for each in html.all("input", type="hidden")}
    assert (hidden["model"], hidden["layer"], hidden["unit"]) == ("small", LAYER, "5")


@pytest.mark.parametrize(
    ("layer", "unit"),
    [
        ("//evil.example", "5"),
        (LAYER, "//evil.example"),
        ("https://evil.example/", "1"),
        (LAYER, "999"),
        ("", "5"),
        ("\\\\evil", "0"),
    ],
)
@pytest.mark.usefixtures("unchanged")
def test_an_upload_leads_to_units_of_ours_only(client: TestClient, layer: str, unit: str) -> None:
    answer = client.post(
        "/facets", data={"name": "away", "layer": layer, "unit": unit}, files=sent(striped_files(9, start=80))
    )
    assert answer.status_code == 422 and "location" not in answer.headers


def test_units_are_sorted_by_what_they_are_purest_of(client: TestClient, red: str) -> None:
    page = client.get(f"/models/small/{LAYER}.json?sort=purity&limit=200").json()
    found = [each["of"]["purity"] for each in page["units"]]
    assert found == sorted(found, reverse=True) and len(found) == 200 and page["hint"] == ""
    html = Markup(client.get(f"/models/small/{LAYER}?sort=purity&limit=20").text)
    first = page["units"][0]
    assert first["of"]["facet"]["name"] in html.one("a", href=first["url"], **{"class": "unit"})["aria-label"]
    own = client.get(f"/models/small/{LAYER}.json?sort=purity&limit=200&facet={red}").json()
    shares = [each["of"]["share"] for each in own["units"]]
    assert {each["of"]["facet"]["id"] for each in own["units"]} == {red} and shares == sorted(shares, reverse=True)
    best = client.get(f"/models/small/{LAYER}/{own['units'][0]['unit']}.json").json()
    assert next(row["share"] for row in best["by_facet"] if row["facet"]["id"] == red) == shares[0]
