"""Units like one, in its layer, in other layers, and in another model that saw the same pictures."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from app.answers.unit import AlikeUnit
from app.errors import NotFound
from app.microscope import Microscope
from app.settings import Settings
from tests.microscope.conftest import wait_for
from tests.pictures import blobs, png, write_tar
from tests.tiny import tiny_hub_folder

LAYER, UNIT = "layer4.0", 7


def brought(folder: Path, seed: int, first: int = 0) -> Path:
    """A tiny model with a corpus of 160 pictures from number `first` on."""
    entries = []
    for i in range(first, first + 160):
        image, colour = blobs(i)
        entries += [(f"{i:04d}.png", png(image)), (f"{i:04d}.json", json.dumps({"concept": colour}).encode())]
    write_tar(tiny_hub_folder(folder, seed) / "corpus-0.tar", entries)
    return folder


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Microscope]:
    """Two models over the same pictures, and a third over others."""
    root = tmp_path_factory.mktemp("two")
    folders = [brought(root / "one", 0), brought(root / "two", 1), brought(root / "third", 2, first=1000)]
    models = tuple(f"{folder.name}@{folder}" for folder in folders)
    microscope = Microscope(Settings(models=models, data=root / "data", device="cpu"))
    microscope.start()
    slugs = [folder.name for folder in folders]
    wait_for(lambda: all(microscope.indexes.find(slug) for slug in slugs))
    wait_for(lambda: all(microscope.column_desk.find(microscope.indexes.find(slug)) for slug in slugs))
    yield microscope
    microscope.close()


def top(microscope: Microscope, slug: str, layer: str, unit: int) -> set[int]:
    index = microscope.indexes.find(slug)
    assert index
    return {entry.image for entry in index.unit(layer, unit).top}


def column(microscope: Microscope, slug: str, layer: str, unit: int) -> np.ndarray:
    columns = microscope.column_desk.find(microscope.indexes.find(slug))
    assert columns
    return columns.unit(layer, unit).astype(np.float64)


def test_each_other_layer_and_model_has_its_best_unit(two: Microscope) -> None:
    page = two.alike_desk.page("one", LAYER, UNIT)
    names = {(each.model, each.layer) for each in page.elsewhere}
    layers = {"layer1.0", "layer2.0", "layer3.0", "layer3.1", LAYER}
    wanted = {(slug, layer) for slug in ("one", "two") for layer in layers} - {("one", LAYER)}
    assert names == wanted, "no layer twice, and nothing of the model that saw other pictures"
    assert (page.why, page.kept, page.chance, page.images) == ("", 100, 62.5, 160)
    own, values = top(two, "one", LAYER, UNIT), column(two, "one", LAYER, UNIT)
    for each in page.elsewhere:
        index = two.indexes.find(each.model)
        assert index
        counts = [len(own & top(two, each.model, each.layer, unit)) for unit in range(index.units(each.layer))]
        assert each.shared == max(counts) == counts[each.card.unit]
        theirs = column(two, each.model, each.layer, each.card.unit)
        assert each.correlation == pytest.approx(np.corrcoef(values, theirs)[0, 1], abs=1e-3)
        assert each.card.url == f"/models/{each.model}/{each.layer}/{each.card.unit}"
    counts = [each.shared or 0 for each in page.elsewhere]
    assert counts == sorted(counts, reverse=True)


def test_the_layers_own_units_have_correlation_and_shared_images(two: Microscope) -> None:
    page = two.alike_desk.page("one", LAYER, UNIT)
    found = [each.correlation or 0 for each in page.alike]
    assert len(found) == 12 and found == sorted(found, reverse=True) and page.compared == 160
    own = top(two, "one", LAYER, UNIT)
    assert [each.shared for each in page.alike] == [len(own & top(two, "one", LAYER, u)) for u in units(page.alike)]


def units(found: list[AlikeUnit]) -> list[int]:
    return [each.card.unit for each in found]


def test_without_columns_the_shared_images_decide(two: Microscope) -> None:
    folder = two.settings.data / "indexes" / "one-corpus" / "columns"
    folder.rename(folder.with_name("aside"))
    try:
        page = two.alike_desk.page("one", LAYER, UNIT)
    finally:
        folder.with_name("aside").rename(folder)
    own = top(two, "one", LAYER, UNIT)
    counts = [len(own & top(two, "one", LAYER, unit)) for unit in range(256)]
    best = sorted((count for unit, count in enumerate(counts) if unit != UNIT), reverse=True)
    assert [each.shared for each in page.alike] == best[:12] and UNIT not in units(page.alike)
    assert "index columns one-corpus" in page.status and page.compared == 0
    assert {each.correlation for each in [*page.alike, *page.elsewhere]} == {None}


def test_a_model_whose_pictures_nobody_else_saw_says_how_to_compare(two: Microscope) -> None:
    page = two.alike_desk.page("third", LAYER, UNIT)
    assert {each.model for each in page.elsewhere} == {"third"}
    assert "index build" in page.why and "third-corpus" in page.why
    for slug, layer, unit in (("one", "layer9", 0), ("one", LAYER, 256), ("nothing", LAYER, 0)):
        with pytest.raises(NotFound):
            two.alike_desk.page(slug, layer, unit)
