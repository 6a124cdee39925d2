"""A unit's activation given a label, at its own address; the units active on the same images; the column as a file."""

import csv
import io
from urllib.parse import quote

import pyarrow.parquet as pq
import pytest
from fastapi.testclient import TestClient

from app.answers.examples import ActivationBand
from app.answers.given import GivenPage, LabelShare
from app.settings import Settings
from app.web import charts, words
from app.web.app import create_app
from tests.pictures import COLOURS, png, stripes, write_tar
from tests.tiny import tiny_hub_folder
from tests.web.conftest import LAYER, wait_for
from tests.web.markup import Markup

UNIT = f"/models/small/{LAYER}/5"


def given(client: TestClient, **choice: str) -> GivenPage:
    return GivenPage.model_validate(client.get(f"{UNIT}/given.json", params=choice).json())


def test_every_label_is_compared_with_all_others(client: TestClient) -> None:
    page = given(client, by="concept")
    assert page.ranking and [each.name for each in page.ranking.columns][0] == "concept"
    labels = page.ranking.labels
    assert {each.value for each in labels} == set(COLOURS) == set(page.values)
    assert sum(each.count for each in labels) == page.images == 120
    assert [each.median for each in labels] == sorted((each.median for each in labels), reverse=True)
    html = Markup(client.get(page.url).text)
    assert [link["href"] for link in html.all("a") if link["href"] in {each.url for each in labels}]
    facets = page.facet_ranking.facets if page.facet_ranking else []
    assert len(html.all("svg", **{"class": "interval"})) == len(labels) + len(facets)


def test_the_images_of_a_label_beside_the_others(client: TestClient) -> None:
    page = given(client, by="concept", value="red")
    assert page.chosen and page.others and page.chosen.count == sum(page.counts) == 24
    assert page.others.count == sum(page.other_counts) == 96
    assert len(page.edges) == len(page.counts) + 1
    shown = [each.sd for each in page.strongest] + [each.sd for each in reversed(page.weakest)]
    assert shown == sorted(shown, reverse=True) and len(shown) == 24
    records = [client.get(f"{each.page}.json").json()["record"]["concept"] for each in page.strongest]
    assert set(records) == {"red"}
    html = Markup(client.get(page.url).text)
    assert words.given_sentence(page) in " ".join(html.text.split())
    assert client.get(page.url).status_code == 200


def test_labels_given_the_activation_are_shares_of_each_band(client: TestClient) -> None:
    page = given(client, by="family")
    assert sum(band.count for band in page.bands) == 120
    names = [share.value for share in page.shares]
    assert set(names) == {"warm", "cool", "not recorded"} and page.shares[-1].url is None
    for place, band in enumerate(page.bands):
        parts = [share.shares[place] for share in page.shares]
        if band.count:
            assert sum(part or 0 for part in parts) == pytest.approx(1)
        else:
            assert parts == [None] * len(parts)
    html = Markup(client.get(page.url).text)
    assert len(html.all("polygon")) == len(page.shares)
    assert all(name in html.text for name in names)


@pytest.mark.parametrize(
    ("query", "words"),
    [("by=nothing", "concept"), ("by=concept&value=pink", "red"), ("value=red", "name the column"), ("corpus=x", "x")],
)
def test_a_label_that_is_not_there_is_not_found(client: TestClient, query: str, words: str) -> None:
    for address in (f"{UNIT}/given?{query}", f"{UNIT}/given.json?{query}"):
        answer = client.get(address)
        assert answer.status_code == 404 and words in answer.text
    assert client.get(f"/models/small/{LAYER}/999/given").status_code == 404


def test_a_label_with_html_is_shown_as_text(client: TestClient) -> None:
    word = "<script>alert(1)</script>"
    page = Markup(client.get(f"{UNIT}/given?by=concept&value={quote(word)}").text)
    assert not [each for each in page.all("script") if "src" not in each]


def test_the_unit_page_shows_labels_and_units_that_go_with_it(client: TestClient) -> None:
    record = client.get(f"{UNIT}.json").json()["record"]
    assert record["status"] == ""
    alike = client.get(f"{record['alike']}.json").json()
    assert alike["compared"] == 120 and len(alike["alike"]) == 12
    found = [each["correlation"] for each in alike["alike"]]
    assert found == sorted(found, reverse=True) and 0 < found[-1] <= found[0] <= 1
    page = Markup(client.get(UNIT).text)
    lazy = page.one("section", id="alike")
    assert lazy["hx-get"] == record["alike"] and page.all("a", href=record["alike"]), "also without scripts"
    theirs = Markup(client.get(record["alike"]).text)
    assert theirs.one("section", **{"id": lazy["hx-select"].removeprefix("#")})
    for each in [*alike["alike"], *alike["elsewhere"]]:
        assert theirs.all("a", href=each["card"]["url"])
    for address in (record["given"], record["csv"], record["parquet"]):
        assert page.all("a", href=address) and client.get(address).status_code == 200


def test_the_column_leaves_as_csv_and_parquet(client: TestClient) -> None:
    record, stats = (client.get(f"{UNIT}.json").json()[name] for name in ("record", "stats"))
    answer = client.get(record["csv"])
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.headers["content-disposition"] == f'attachment; filename="small-{LAYER}-5.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert len(rows) == stats["images"] and {row["concept"] for row in rows} == set(COLOURS)
    assert max(float(row["activation"]) for row in rows) == pytest.approx(stats["max"], rel=1e-5)
    table = pq.read_table(io.BytesIO(client.get(record["parquet"]).content))
    assert table.column_names == list(rows[0]) and table.num_rows == len(rows)
    assert client.get(f"/models/small/{LAYER}/999/activations.csv").status_code == 404
    assert client.get(f"{UNIT}/activations.xlsx").status_code in (404, 422)


def test_without_columns_the_pages_say_so_and_the_rest_works(client: TestClient, settings: Settings) -> None:
    folder = settings.data / "indexes" / "small-corpus" / "columns"
    aside = folder.with_name("aside")
    folder.rename(aside)
    try:
        said = client.get(f"{UNIT}.json").json()["record"]["status"]
        assert "index columns small-corpus" in said
        assert said in Markup(client.get(UNIT).text).text
        assert said in Markup(client.get(f"{UNIT}/given?by=concept&value=red").text).text
        answer = client.get(f"{UNIT}/activations.csv")
        assert answer.status_code == 503 and said.split(".")[0] in answer.text
    finally:
        aside.rename(folder)


def test_a_corpus_without_labels_says_how_to_bring_some(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tiny_hub_folder(tmp_path_factory.mktemp("models") / "bare")
    write_tar(folder / "corpus-0.tar", [(f"{i:02d}.png", png(stripes(i))) for i in range(12)])
    settings = Settings(models=(f"bare@{folder}",), data=tmp_path_factory.mktemp("bare"), device="cpu")
    unit = f"/models/bare/{LAYER}/5"
    with TestClient(create_app(settings)) as client:
        wait_for(lambda: client.get("/readyz").status_code == 200)
        wait_for(lambda: not client.get(f"{unit}.json").json()["record"]["status"])
        page = Markup(client.get(f"{unit}/given").text)
        assert "metadata.parquet" in page.text and client.get(f"{unit}.json").json()["record"]["ranking"] is None
        assert client.get(unit).status_code == 200 and client.get(f"{unit}/activations.csv").status_code == 200


def share(value: str, shares: list[float | None], url: str | None = "/x") -> LabelShare:
    return LabelShare(value=value, url=url, count=5, shares=shares)


def test_stacked_areas_fill_the_drawing_and_pass_over_empty_bands() -> None:
    bands = [ActivationBand(low=low, high=low + 1, count=count) for low, count in ((-2, 20), (-1, 0), (0, 3))]
    chart = charts.stacked("kind", bands, [share("a", [0.25, None, 1.0]), share("other", [0.75, None, 0.0], None)])
    assert chart and [area.kind for area in chart.areas] == ["1", "rest"]
    first, last = chart.areas[0].points.split(), chart.areas[-1].points.split()
    assert first[0] == "0.00,75.00" and last[0] == "0.00,0.00", "the areas add up to the whole height"
    assert chart.areas[0].at == (pytest.approx(16.667, abs=1e-3), pytest.approx(87.5)), "not in a band of few images"
    assert chart.veils == [(33.333, 33.334), (66.667, 33.333)]
    assert charts.stacked("kind", [ActivationBand(low=1, high=1, count=3)], []) is None


@pytest.mark.parametrize(
    ("count", "said"), [(7, "7"), (999, "999"), (1234, "1.2k"), (56_789, "56k"), (3_400_000, "3.4M")]
)
def test_a_count_in_four_characters(count: int, said: str) -> None:
    assert charts.short_count(count) == said
