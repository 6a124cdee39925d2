import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from app.clip import registry
from app.clip.clip import Clip
from app.clip.layers import Layer
from app.corpus.build import build
from app.corpus.index import Index
from app.corpus.layers import default_layers, worth_indexing
from app.corpus.look import box
from app.corpus.sources import open_source
from app.errors import BadInput, NotFound
from app.images import square
from tests.corpus.conftest import picture
from tests.corpus.made import index_of


def test_an_image_is_shown_as_the_model_saw_it(index: Index) -> None:
    record = index.record(10)
    seed = int(record["key"][-7:-4])
    original = picture(seed, (64 + seed % 7, 64 + seed % 5))
    assert record["caption"] == f"red cat {seed:03d}"
    np.testing.assert_array_equal(np.asarray(index.image(10)), np.asarray(square(original, min(original.size))))


def test_large_images_are_shown_small(tiny_clip: Clip, tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    picture(0, (900, 600)).save(tmp_path / "images" / "large.png")
    build(tiny_clip, open_source(str(tmp_path / "images")), "large", ["layer1.0"], tmp_path / "index")
    assert Index.open(tmp_path / "index").image(0).size == (256, 256)


def test_an_index_whose_images_moved_says_so_and_finds_them_again(tiny_clip: Clip, tmp_path: Path) -> None:
    before, after, folder = tmp_path / "before", tmp_path / "after", tmp_path / "index"
    before.mkdir()
    picture(0).save(before / "a.png")
    build(tiny_clip, open_source(str(before)), "moving", ["layer1.0"], folder)
    shutil.move(before, after)
    with pytest.raises(NotFound, match=r"before/a\.png cannot be read: put the images back or index them again"):
        Index.open(folder).image(0)
    build(tiny_clip, open_source(str(after)), "moving", ["layer1.0"], folder)
    assert Index.open(folder).image(0).size == (64, 64)


@pytest.mark.parametrize("number", [-1, 150, 10**30])
def test_an_image_that_is_not_there_is_not_found(index: Index, number: int) -> None:
    for read in (index.image, index.record):
        with pytest.raises(NotFound, match="from 0 to 149"):
            read(number)


def test_records_of_many_images_are_those_of_each(index: Index) -> None:
    found = index.records([149, 3, 10**9, 77])
    assert set(found) == {3, 77, 149}
    for number, record in found.items():
        assert {**record, "key": index.record(number)["key"]} == index.record(number)


def test_layers_and_units_that_are_not_there_are_not_found(index: Index) -> None:
    with pytest.raises(NotFound, match=r"no layer layer9\.0: it has layer1\.0, "):
        index.unit("layer9.0", 0)
    for unit in (-1, 256):
        with pytest.raises(NotFound, match="from 0 to 255"):
            index.unit("layer4.0", unit)
        with pytest.raises(NotFound):
            index.percentile("layer4.0", unit, 0.0)


@pytest.mark.parametrize("q", [-0.1, 1.1, float("nan")])
def test_a_quantile_outside_0_to_1_is_refused(index: Index, q: float) -> None:
    with pytest.raises(BadInput, match="between 0 and 1"):
        index.quantile("layer4.0", 0, q)


def test_percentile_and_quantile_agree_with_each_other(index: Index) -> None:
    value = index.quantile("layer4.0", 3, 0.99)
    assert 98 < index.percentile("layer4.0", 3, value) < 100


def test_units_are_ordered_by_how_far_their_best_examples_stand_out(index: Index) -> None:
    layer = "layer4.0"
    order = index.strongest(layer)
    assert sorted(order) == list(range(index.units(layer)))

    def selectivity(unit: int) -> float:
        known = index.unit(layer, unit)
        best = np.mean([entry.activation for entry in known.top[:10]])
        return float((best - known.stats.mean) / known.stats.std)

    scores = [selectivity(int(unit)) for unit in order]
    assert scores == sorted(scores, reverse=True)


def test_means_are_those_of_the_units(index: Index) -> None:
    assert index.mean("layer2.0").shape == index.std("layer2.0").shape == (index.units("layer2.0"),)
    assert index.mean("layer2.0")[4] == index.unit("layer2.0", 4).stats.mean
    assert index.std("layer2.0")[4] == index.unit("layer2.0", 4).stats.std


def test_many_threads_read_the_same(index: Index) -> None:
    def read(unit: int) -> tuple[object, object, bytes]:
        return index.unit("layer4.0", unit), index.record(unit), index.image(unit).tobytes()

    fresh = Index.open(index.folder)
    with ThreadPoolExecutor(8) as pool:
        assert [unit for unit, *_ in pool.map(lambda u: (fresh.unit("layer4.0", u),), range(20))] == [
            index.unit("layer4.0", u) for u in range(20)
        ]
        assert list(pool.map(read, range(20))) == [read(unit) for unit in range(20)]


@pytest.mark.parametrize(
    ("place", "expected"),
    [(0, (0, 0, 0.375, 0.375)), (5, (0.125, 0.125, 0.625, 0.625)), (15, (0.625, 0.625, 1, 1))],
)
def test_a_box_is_the_place_with_half_a_cell_around_it(place: int, expected: tuple[float, ...]) -> None:
    assert box(Layer("layer3.0", 8, 16, (4, 4), "layer3.0"), place) == expected


def test_the_last_block_of_each_stage_and_the_facets_layers_are_indexed_by_default(tiny_clip: Clip) -> None:
    assert default_layers(tiny_clip) == ["layer1.0", "layer2.0", "layer3.0", "layer3.1", "layer4.0"]


@pytest.mark.parametrize(
    ("slug", "expected"),
    [
        ("RN50.openai", "layer1.2 layer2.3 layer3.0 layer3.2 layer3.4 layer3.5 layer4.2"),
        ("RN50x4.openai", "layer1.3 layer2.5 layer3.0 layer3.2 layer3.4 layer3.6 layer3.8 layer3.9 layer4.5"),
        ("ViT-B-32.openai", "blocks.2 blocks.5 blocks.6 blocks.8 blocks.11"),
    ],
)
def test_the_default_layers_of_published_models(slug: str, expected: str) -> None:
    assert worth_indexing(list(registry.layers(registry.entry(slug)))) == expected.split()


def test_what_was_measured_is_the_same_whatever_layers_were_indexed(tmp_path: Path) -> None:
    few = index_of(tmp_path / "few", {"a": np.zeros((3, 2), np.float32)}).manifest
    more = few.model_copy(update={"layers": ("a", "b"), "key": "of more layers", "name": "more"})
    assert few.activations_key == more.activations_key
    for change in ({"corpus_hash": "other"}, {"weights_hash": "other"}, {"preprocessing": {}}):
        assert few.model_copy(update=change).activations_key != few.activations_key
