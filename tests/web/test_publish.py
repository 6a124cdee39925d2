"""A published copy: files that say what the server says, with links that lead somewhere, and nothing that asks for a server."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
import yaml
from fastapi.testclient import TestClient

from app.errors import BadInput, NotReady
from app.microscope import Microscope
from app.publish.about import credits
from app.publish.contents import Contents, choose
from app.publish.copying import publish
from tests.web.conftest import LAYER
from tests.web.markup import Markup

UNITS = [3, 4, 200]
UNIT = f"/models/small/{LAYER}/3"
NOTE = "It likes **discs**: see [unit 4](/models/small/layer4.0/4), [a lost one](/blobs/0.webp), [styles](/static/app.css)."


@pytest.fixture(scope="module")
def microscope(client: TestClient) -> Microscope:
    return client.app.state.microscope  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def contents(client: TestClient, microscope: Microscope, render_url: str) -> Iterator[Contents]:
    """Three units of a layer, a render and a facet; somebody calls one of the units a church and writes a note about it."""
    client.cookies.clear()
    client.post(f"{UNIT}/labels", data={"text": "Church"})
    client.post(f"{UNIT}/notes", data={"note": NOTE})
    yield choose(microscope, "small", [LAYER], UNITS, [render_url.rpartition("/")[2]], ["stripes"])
    client.post(f"{UNIT}/labels/undo")
    client.post(f"{UNIT}/notes/undo")
    client.cookies.clear()


@pytest.fixture(scope="module")
def copy(microscope: Microscope, contents: Contents, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("published") / "copy"
    publish(microscope, contents, place, authors=["Ada: Lovelace"], licence="CC BY 4.0 <all>")
    return place


def pages(copy: Path) -> list[tuple[Path, Markup]]:
    return [(path, Markup(path.read_text("utf-8"))) for path in sorted(copy.rglob("*.html"))]


def page(copy: Path, address: str) -> str:
    return (copy / address.lstrip("/") / "index.html").read_text("utf-8")


def test_every_link_and_picture_is_in_the_copy(copy: Path, render_url: str, facet_url: str) -> None:
    found = pages(copy)
    assert {path.parent.relative_to(copy).as_posix() for path, _ in found} >= {
        ".",
        "models/small",
        "models/small/card",
        f"models/small/{LAYER}",
        f"models/small/{LAYER}/200",
        f"models/small/{LAYER}/4/alike",
        f"models/small/{LAYER}/4/by-facet",
        render_url[1:],
        facet_url[1:],
    }
    named = set()
    for path, markup in found:
        ids = {attributes.get("id") for _, attributes in markup.tags}
        for tag, attributes in markup.tags:
            for address in filter(None, (attributes.get("href"), attributes.get("src"))):
                parts = urlsplit(address)
                if parts.netloc:
                    assert tag == "a", f"{path} loads {address}"
                elif not parts.path:
                    assert unquote(parts.fragment) in ids, f"{path}: {address}"
                else:
                    assert not parts.path.startswith("/") and not parts.query, f"{path}: {address}"
                    target = (path.parent / unquote(parts.path)).resolve()
                    assert target.is_file(), f"{path}: {address}"
                    named.add(target)
    assert len(named) > 100


def test_nothing_in_it_asks_for_a_server(copy: Path) -> None:
    for path, markup in pages(copy):
        assert not markup.all("form") and not markup.all("noscript"), path
        assert [each["src"].rpartition("/")[2].partition(".")[0] for each in markup.all("script")] == ["app"], path
        assert not [name for _, attributes in markup.tags for name in attributes if name.startswith(("hx-", "sse-"))], (
            path
        )
        assert "default-src 'none'" in markup.one("meta", **{"http-equiv": "Content-Security-Policy"})["content"]
        assert "Visualize it" not in markup.text and "Search units" not in markup.text
    assert not list(copy.rglob("htmx*"))


def test_it_says_what_the_server_says(copy: Path, client: TestClient, render_url: str) -> None:
    for address in (UNIT, f"{UNIT}/alike", render_url):
        twin = json.loads((copy / f"{address[1:]}.json").read_bytes())
        served = client.get(f"{address}.json").json()
        assert {**twin, "notes": None, "labels": None} == {**served, "notes": None, "labels": None}
        assert (copy / address[1:] / "index.html").is_file()
    examples = json.loads((copy / f"{UNIT[1:]}.json").read_bytes())["examples"]
    for each in examples:
        assert (copy / each["image"][1:]).read_bytes() == client.get(each["image"]).content
    assert (copy / render_url[1:] / "picture.png").read_bytes() == client.get(f"{render_url}/picture.png").content
    assert (copy / UNIT[1:] / "examples.csv").read_bytes() == client.get(f"{UNIT}/examples.csv").content


def test_the_gallery_shows_the_units_of_the_copy_and_no_others(copy: Path) -> None:
    gallery = Markup(page(copy, f"/models/small/{LAYER}"))
    cards = [each["href"] for each in gallery.all("a") if "unit" in each.get("class", "").split()]
    assert cards == [f"{unit}/index.html" for unit in UNITS]
    assert "3 units" in gallery.text
    twin = json.loads((copy / f"models/small/{LAYER}.json").read_bytes())
    assert [card["unit"] for card in twin["units"]] == UNITS and twin["next"] is None


def test_what_people_said_is_kept_and_their_links_cannot_break_it(copy: Path) -> None:
    unit = page(copy, UNIT)
    assert "<strong>discs</strong>" in unit and "Publish the note" not in unit
    assert '<a href="../4/index.html" rel="nofollow noopener">unit 4</a>' in unit
    assert "<a>a lost one</a>" in unit and "<a>styles</a>" in unit


def test_sensitive_pictures_stay_behind_their_curtain(copy: Path) -> None:
    unit = Markup(page(copy, UNIT))
    assert unit.one("main")["class"] == "sensitive"
    assert unit.one("input", id="reveal")["type"] == "checkbox"
    assert not [
        each for each in unit.all("a") if each.get("class") == "shot" and each.get("href", "").endswith(".webp")
    ]
    other = Markup(page(copy, f"/models/small/{LAYER}/4"))
    assert "class" not in other.one("main") and not other.all("input")
    assert [each for each in other.all("a") if each.get("class") == "shot" and each.get("href", "").endswith(".webp")]


def test_the_manifest_has_the_hash_of_every_file(copy: Path) -> None:
    manifest = json.loads((copy / "manifest.json").read_bytes())
    files = {path.relative_to(copy).as_posix(): path.read_bytes() for path in copy.rglob("*") if path.is_file()}
    del files["manifest.json"]
    assert manifest["files"] == {
        name: {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()} for name, data in files.items()
    }
    assert manifest["model"]["slug"] == "small" and manifest["units"] == {LAYER: 3}


def test_its_first_page_says_what_it_is_and_how_to_cite_it(copy: Path, microscope: Microscope) -> None:
    index = microscope.indexes.need("small").manifest
    text = Markup((copy / "index.html").read_text("utf-8")).text
    for said in (
        index.weights_hash,
        index.corpus_hash,
        "small-corpus",
        "CC BY 4.0 <all>",
        "apache-2.0",
        "{Ada: Lovelace}",
    ):
        assert said in text
    citation = yaml.safe_load((copy / "CITATION.cff").read_text("utf-8"))
    assert citation["authors"] == [{"name": "Ada: Lovelace"}] and citation["title"] in text
    assert index.weights_hash in citation["abstract"]


def test_every_picture_is_credited_as_the_corpus_records_it(copy: Path, microscope: Microscope) -> None:
    index = microscope.indexes.need("small")
    shown = {path.relative_to(copy).as_posix() for path in (copy / "corpora/small-corpus/images").iterdir()}
    credited = credits(index, [*shown, "corpora/other/images/0.webp", "index.html"], columns=("kind", "caption"))
    assert set(credited) == shown
    number = int(next(iter(shown)).rpartition("/")[2].removesuffix(".webp"))
    said = index.record(number)
    assert credited[f"corpora/small-corpus/images/{number}.webp"] in {
        f"{said['kind']}, {said['caption']}",
        f"{said['caption']}, {said['kind']}",
    }
    assert credits(index, shown) == {} and not (copy / "credits.csv").exists()


def test_only_an_earlier_copy_is_replaced_and_only_by_a_whole_one(
    microscope: Microscope, contents: Contents, tmp_path: Path
) -> None:
    few = Contents("small", contents.corpus, None, {LAYER: (4,)}, (), ())
    place = tmp_path / "copy"
    place.mkdir()
    publish(microscope, few, place)
    before = stored(place)
    with pytest.raises(BadInput, match="not empty"):
        publish(microscope, few, place)
    with pytest.raises(NotReady, match="/renders/none"):
        publish(
            microscope, Contents("small", contents.corpus, "/renders/none", {LAYER: (5,)}, (), ()), place, replace=True
        )
    assert stored(place) == before
    publish(microscope, Contents("small", contents.corpus, None, {LAYER: (5,)}, (), ()), place, replace=True)
    assert not (place / f"models/small/{LAYER}/4").exists() and (place / f"models/small/{LAYER}/5/index.html").is_file()
    (place / "CNAME").write_text("example.org")
    with pytest.raises(BadInput, match="CNAME"):
        publish(microscope, few, place, replace=True)
    (place / "manifest.json").write_text("{}")
    with pytest.raises(BadInput, match="no copy"):
        publish(microscope, few, place, replace=True)
    with pytest.raises(NotReady, match="cannot be written"):
        publish(microscope, few, place / "CNAME" / "copy")
    assert [path.name for path in tmp_path.iterdir()] == ["copy"]


def stored(place: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in place.rglob("*") if path.is_file()}


def test_what_is_not_there_or_not_finished_is_not_published(client: TestClient, microscope: Microscope) -> None:
    with pytest.raises(BadInput, match="0 to 255"):
        choose(microscope, "small", [LAYER], [256], [], [])
    with pytest.raises(BadInput, match="There are: stripes"):
        choose(microscope, "small", [], None, [], ["none"])
    answer = client.post(
        "/renders", data={"model": "small", "layer": LAYER, "unit": "9", "size": "32", "steps": "4000"}
    )
    url = answer.headers["location"]
    with pytest.raises(NotReady, match="Only finished renders"):
        choose(microscope, "small", [], None, [url.rpartition("/")[2]], [])
    client.post(f"{url}/cancel")
