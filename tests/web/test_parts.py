"""Searching by a part of a picture: the units of what is inside the box, in the coordinates of the picture shown."""

import io
from typing import Any

import pytest
from fastapi.testclient import TestClient
from PIL import Image

from tests.pictures import blobs, png
from tests.web.conftest import LAYER
from tests.web.markup import Markup

LEFT, RIGHT = (0.0, 0.0, 0.5, 1.0), (0.5, 0.0, 1.0, 1.0)
IMAGE = "/corpora/small-corpus/3"


def looked_at(client: TestClient, picture: Image.Image, name: str = "two.png", data: bytes | None = None) -> str:
    answer = client.post("/looks", files={"image": (name, data or png(picture), "image/png")})
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def beside(left: Image.Image, right: Image.Image) -> Image.Image:
    both = Image.new("RGB", (left.width + right.width, left.height))
    both.paste(left, (0, 0))
    both.paste(right, (left.width, 0))
    return both


def part(client: TestClient, url: str, box: tuple[float, ...]) -> dict[str, Any]:
    return client.get(f"{url}.json", params={"box": ",".join(map(str, box))}).json()["part"]


def strengths(hits: list[dict[str, Any]]) -> dict[int, float]:
    return {hit["unit"]: hit["sd"] for hit in hits}


@pytest.fixture(scope="module")
def two(client: TestClient) -> str:
    """A look at two pictures side by side."""
    return looked_at(client, beside(*(blobs(seed, side=128)[0] for seed in (31, 42))))


def test_each_half_drives_what_it_drives_as_a_picture_of_its_own(client: TestClient, two: str) -> None:
    shown = Image.open(io.BytesIO(client.get(client.get(f"{two}.json").json()["image"]).content))
    halves = {LEFT: shown.crop((0, 0, 128, 128)), RIGHT: shown.crop((128, 0, 256, 128))}
    alone = {box: client.get(f"{looked_at(client, half)}.json").json()["layers"] for box, half in halves.items()}
    for box, other in ((LEFT, RIGHT), (RIGHT, LEFT)):
        found = part(client, two, box)
        assert (tuple(found["box"]), tuple(found["square"]), found["fill"]) == (box, box, None)
        assert found["layers"] == alone[box], "the same units, as strongly, at the same places"
        hits = strengths(found["layers"][LAYER])
        assert list(hits.values()) == sorted(hits.values(), reverse=True) and len(hits) == 24
        assert len(hits.keys() & strengths(alone[other][LAYER]).keys()) < 18


@pytest.mark.usefixtures("unchanged")
def test_the_page_shows_the_part_and_stores_nothing(client: TestClient, two: str) -> None:
    url = two
    percents = {"x0": "50", "y0": "0", "x1": "100", "y1": "100"}
    twin = client.get(f"{url}.json", params=percents).json()
    assert twin["part"] == part(client, url, RIGHT), "percents and fractions name the same"
    assert twin["layers"] == client.get(f"{url}.json").json()["layers"], "those of the whole picture"
    page = Markup(client.get(url, params=percents).text)
    assert {name: page.one("input", name=name)["value"] for name in percents} == percents
    links = [link["href"] for link in page.all("a", **{"class": "hit"})]
    assert links == [hit["url"] for hits in twin["part"]["layers"].values() for hit in hits]
    assert page.all("svg", **{"class": "cut"})[0]["viewbox"] == "128.0 0.0 128.0 128.0"
    (drawn,) = page.all("rect", **{"class": "line"})
    assert [float(drawn[name]) for name in ("x", "y", "width", "height")] == [128, 0, 128, 128]
    whole = Markup(client.get(url).text)
    assert whole.one("input", name="x0").get("value") is None and not whole.all("svg", **{"class": "cut"})


def test_a_box_is_widened_to_a_square_and_says_so(client: TestClient, two: str) -> None:
    url = two
    found = part(client, url, (0.05, 0.0, 0.1, 0.5))
    assert found["square"] == [0.0, 0.0, 0.25, 0.5], "moved to lie inside"
    wide = part(client, url, (0.0, 0.25, 1.0, 0.5))
    assert wide["square"] == [0.0, -0.5, 1.0, 1.5] and wide["fill"].startswith("#")
    text = Markup(client.get(f"{url}?box=0,0.25,1,0.5").text).text
    assert "widened to a square" in text and "mean colour" in text


def test_the_box_is_on_the_upright_picture(client: TestClient) -> None:
    """A photo that a phone stored on its side: what is shown, and what the box is on, is upright."""
    pictures = [blobs(seed, side=128)[0] for seed in (31, 42)]
    sideways, exif, data = beside(*pictures).rotate(90, expand=True), Image.Exif(), io.BytesIO()
    exif[0x0112] = 6  # turn it by 90 degrees, clockwise, to see it upright
    sideways.save(data, "JPEG", quality=95, exif=exif)
    url = looked_at(client, sideways, "turned.jpg", data.getvalue())
    page = client.get(f"{url}.json").json()
    assert (page["width"], page["height"]) == (256, 128)
    alone = client.get(f"{looked_at(client, pictures[1])}.json").json()["layers"]
    found = part(client, url, RIGHT)["layers"][LAYER]
    assert len(strengths(found).keys() & strengths(alone[LAYER]).keys()) > 16


def test_a_corpus_image_is_searched_by_a_part_too(client: TestClient) -> None:
    twin = client.get(f"{IMAGE}.json").json()
    assert twin["part"] is None and twin["url"] == IMAGE
    whole = part(client, IMAGE, (0, 0, 1, 1))
    assert whole["layers"] == twin["layers"], "all of it is the image"
    corner = part(client, IMAGE, (0.5, 0.5, 1, 1))
    assert corner["layers"] != twin["layers"]
    page = Markup(client.get(f"{IMAGE}?box=0.5,0.5,1,1").text)
    assert page.one("form", action=IMAGE) and page.all("a", href=corner["layers"][LAYER][0]["url"])


BAD = [
    ("box=0.1,0.2,0.5", "box", "3 numbers"),
    ("box=0,0,1,1,1", "box", "5 numbers instead of four"),
    ("box=a,0,1,1", "box", "“a” is no number"),
    ("box=nan,0,1,1", "box", "no number"),
    ("box=0,0,1.5,1", "x1", "from 0 to 1"),
    ("box=-0.1,0,1,1", "x0", "from 0 to 1"),
    ("box=0.5,0,0.5,1", "x1", "greater than x0"),
    ("box=0,0.6,1,0.2", "y1", "greater than y0"),
    ("box=0,0,0.001,1", "x1", "at least 0.01"),
    ("x0=0&y0=0&x1=101&y1=50", "x1", "from 0 to 100"),
    ("x0=0&y0=0&x1=50", "y1", "y1 is missing"),
    ("x0=0&y0=0&x1=50&y1=", "y1", "y1 is missing"),
    ("x0=0&y0=half&x1=50&y1=50", "y0", "“half” is no number"),
    ("x0=50&y0=0&x1=40&y1=50", "x1", "greater than x0 by at least 1,"),
    ("x0=0&box=0,0,1,1", "box", "not both"),
]


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(("query", "field", "words"), BAD)
def test_a_box_that_is_none_is_refused_by_name(
    client: TestClient, look_url: str, query: str, field: str, words: str
) -> None:
    for address in (look_url, IMAGE):
        answer = client.get(f"{address}.json?{query}")
        problem = answer.json()
        assert (answer.status_code, problem["field"]) == (422, field)
        assert words in problem["detail"]
        page = client.get(f"{address}?{query}")
        assert page.status_code == 422 and problem["detail"] in Markup(page.text).text


def test_empty_inputs_are_no_box_and_a_look_that_is_not_there_is_not_found(client: TestClient, look_url: str) -> None:
    assert client.get(f"{look_url}.json?x0=&y0=&x1=&y1=").json()["part"] is None
    assert client.get("/looks/0123456789abcdef?box=0,0,1,1").status_code == 404
    assert client.get("/corpora/small-corpus/999?box=0,0,1,1").status_code == 404


def test_the_search_page_takes_a_picture(client: TestClient) -> None:
    page = Markup(client.get("/search").text)
    assert page.all("form", action="/looks", enctype="multipart/form-data") and page.one("input", name="image")
