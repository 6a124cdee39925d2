"""Dataset examples as a unit page has them: ten bands, random draws, views, folded near-duplicates, one image."""

import io

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from app.answers.examples import UnitOnImage
from app.web.words import rarity_sentence
from tests.web.conftest import LAYER
from tests.web.markup import Markup

UNIT = f"/models/small/{LAYER}/5"
IMAGES = 120


def twin(client: TestClient, query: str = "", unit: str = UNIT) -> dict:
    return client.get(f"{unit}.json{query}").json()


def column(client: TestClient) -> np.ndarray:
    """The unit's activation on every image, as its file has them."""
    lines = client.get(f"{UNIT}/activations.csv").text.splitlines()
    at = lines[0].replace('"', "").split(",").index("activation")
    return np.array([float(line.split(",")[at]) for line in lines[1:]])


def test_ten_bands_of_equal_width_hold_every_image_once(client: TestClient) -> None:
    page, values = twin(client), column(client)
    bands = page["strata"]
    assert len(bands) == 10
    assert (bands[0]["low"], bands[-1]["high"]) == (page["stats"]["min"], page["stats"]["max"])
    width = (page["stats"]["max"] - page["stats"]["min"]) / 10
    assert [band["high"] - band["low"] for band in bands] == pytest.approx([width] * 10)
    assert [band["low"] for band in bands[1:]] == [band["high"] for band in bands[:-1]]
    edges = [bands[0]["low"], *(band["high"] for band in bands)]
    counts = np.histogram(values.clip(edges[0], edges[-1]), edges)[0]
    assert [band["count"] for band in bands] == counts.tolist()
    for band in bands:
        shown = [*band["examples"], *(each for example in band["examples"] for each in example["alike"])]
        assert min(6, band["count"]) <= len(shown) <= min(8, band["count"]) and band["fair"]
        for example in band["examples"]:
            assert band["low"] <= example["activation"] <= band["high"] and len(example["box"]) == 4


def test_the_page_shows_the_strongest_band_first_with_its_count(client: TestClient) -> None:
    page, bands = Markup(client.get(UNIT).text), twin(client)["strata"]
    counts = [f"{band['count']} image{'s' if band['count'] != 1 else ''}" for band in reversed(bands)]
    at = page.text.index("Images from each band")
    for count in counts:
        at = page.text.index(count, at) + 1


def test_random_images_are_the_same_for_every_unit_and_never_repeat(client: TestClient) -> None:
    first = twin(client)
    assert len(first["random"]) == 12 and first["draw"] == 1
    values = column(client)
    for each in first["random"]:
        number = int(each["image"].rpartition("/")[2].removesuffix(".webp"))
        assert each["activation"] == pytest.approx(values[number], rel=1e-5)
        assert each["sd"] == pytest.approx(
            (each["activation"] - first["stats"]["mean"]) / first["stats"]["std"], abs=1e-6
        )
    other = twin(client, unit=f"/models/small/{LAYER}/6")
    assert [each["image"] for each in other["random"]] == [each["image"] for each in first["random"]]
    seen, address = [], UNIT
    while address:
        path, _, query = address.partition("?")
        page = client.get(f"{path}.json?{query}").json()
        seen += [each["image"] for each in page["random"]]
        address = page["again"]
    assert len(seen) == len(set(seen)) == IMAGES
    beyond = client.get(f"{UNIT}.json?draw=11")
    assert beyond.status_code == 404 and "120 images give 10 draws of 12" in beyond.json()["detail"]


@pytest.mark.parametrize("view", ["heat", "crop"])
def test_a_view_shows_every_example_so_and_stays_on_the_way_to_the_next_unit(client: TestClient, view: str) -> None:
    plain, page = twin(client), twin(client, f"?view={view}")
    assert [each["view"] for each in page["views"]] == ["picture", "heat", "crop"] and page["view"] == view
    assert f"view={view}" in page["next"] and f"view={view}" in page["again"] and "view" not in plain["next"]
    for name in ("examples", "bottom", "random"):
        for before, each in zip(plain[name], page[name], strict=True):
            assert each["page"] == before["page"]
            assert each["image"] == before["image"].replace(".webp", f"/{view}/{LAYER}/5.webp")
    shown = client.get(page["examples"][0]["image"])
    assert shown.headers["content-type"] == "image/webp" and "max-age=3600" in shown.headers["cache-control"]
    again = client.get(page["examples"][0]["image"], headers={"If-None-Match": shown.headers["etag"]})
    assert again.status_code == 304
    whole = Image.open(io.BytesIO(client.get(plain["examples"][0]["image"]).content))
    drawn = Image.open(io.BytesIO(shown.content))
    assert drawn.size == (whole.size if view == "heat" else tuple(side // 2 for side in whole.size))
    html = Markup(client.get(f"{UNIT}?view={view}").text)
    assert html.all("img", src=page["examples"][0]["image"])
    current = [link["href"] for link in html.all("a", **{"aria-current": "true"}) if "view=" in link["href"]]
    assert current == [f"{UNIT}?view={view}#strongest"]


def test_an_unknown_view_is_refused(client: TestClient) -> None:
    assert client.get(f"{UNIT}?view=inside").status_code == 422


@pytest.mark.parametrize("kind", ["heat", "crop"])
@pytest.mark.parametrize(
    ("corpus", "image", "layer", "unit", "said"),
    [
        ("small-corpus", 999, LAYER, 5, "0 to 119"),
        ("small-corpus", 3, "layer9.0", 5, "layer9.0"),
        ("small-corpus", 3, LAYER, 999, "0 to 255"),
        ("nowhere", 3, LAYER, 5, "nowhere"),
    ],
)
def test_what_is_not_there_is_named(
    client: TestClient, kind: str, corpus: str, image: int, layer: str, unit: int, said: str
) -> None:
    answer = client.get(f"/corpora/{corpus}/images/{image}/{kind}/{layer}/{unit}.webp", headers={"Accept": "*/*"})
    assert answer.status_code == 404 and said in answer.text


def test_an_image_says_how_rare_a_units_activation_on_it_is(client: TestClient) -> None:
    values, page = column(client), twin(client)
    for example in [page["examples"][0], page["random"][0], page["bottom"][0]]:
        path, _, query = example["page"].partition("?")
        on = client.get(f"{path}.json?{query}").json()["on"]
        number = int(path.rpartition("/")[2])
        below, same = (values < values[number]).sum(), (values == values[number]).sum()
        assert on["percentile"] == pytest.approx(100 * (below + same / 2) / IMAGES, abs=1e-6)
        assert on["activation"] == pytest.approx(example["activation"], rel=1e-5)
        assert on["sd"] == pytest.approx(example["sd"], abs=1e-3)
        html = Markup(client.get(example["page"]).text)
        assert html.all("img", src=on["heat"]) and html.all("img", src=on["crop"])
        assert html.all("a", href=on["url"]) and "drives the unit" in html.text


def test_without_a_unit_an_image_is_as_before(client: TestClient) -> None:
    assert client.get("/corpora/small-corpus/3.json").json()["on"] is None
    for wrong in ("5", "layer4.0/", "layer4.0/x", "/5"):
        answer = client.get(f"/corpora/small-corpus/3.json?unit={wrong}")
        assert answer.status_code == 422 and "LAYER/UNIT" in answer.json()["detail"], wrong
    assert client.get("/corpora/small-corpus/3.json?unit=layer4.0/256").status_code == 404
    following = client.get("/corpora/small-corpus/3.json?unit=layer4.0/7").json()
    assert following["next"] == "/corpora/small-corpus/4?unit=layer4.0%2F7"


@pytest.mark.parametrize(
    ("percentile", "said"),
    [
        (100 - 50 / IMAGES, "Of 120 images, none drives the unit harder."),
        (50 / IMAGES, "Of 120 images, every other one drives the unit harder."),
        (98.2, "It drives the unit harder than 98% of 120 images do."),
        (20.0, "It drives the unit less than 80% of 120 images do."),
    ],
)
def test_rarity_in_words(client: TestClient, percentile: float, said: str) -> None:
    on = client.get("/corpora/small-corpus/3.json?unit=layer4.0/7").json()["on"]
    assert rarity_sentence(UnitOnImage(**{**on, "percentile": percentile})) == said
