import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from app.clip import registry
from app.clip.clip import Clip
from app.corpus.build import build
from app.corpus.categories import NONE, Categories, CategoryWriter
from app.corpus.column_writer import CHUNK, ColumnWriter, making
from app.corpus.columns import FOLDER, STEPS, Columns, encode, rank
from app.corpus.draws import uniform
from app.corpus.fingerprint import fingerprint
from app.corpus.index import Index
from app.corpus.pictures import decode_item
from app.corpus.sources import open_source
from app.errors import NotFound, NotReady
from tests.corpus.conftest import picture
from tests.corpus.test_build import brute_force
from tests.tiny import tiny_hub_folder

FLOATS = st.floats(-(2.0**126), 2.0**126, width=32)


def ranges_of(values: np.ndarray) -> np.ndarray:
    return np.stack([values.min(0), values.max(0)], 1)


def written(folder: Path, values: np.ndarray, batch: int = 1000) -> Columns:
    """The columns of one layer, `values` [images, units]."""
    writer = ColumnWriter(folder, "key", len(values), {"one": ranges_of(values)})
    for start in range(0, len(values), batch):
        part = values[start : start + batch]
        writer.add(range(start, start + len(part)), {"one": part})
    writer.finish()
    CategoryWriter(len(values)).write(folder)
    return Columns(folder, writer.header)


@pytest.fixture(scope="module")
def made(tiny_clip: Clip, index: Index) -> Columns:
    for _ in making(tiny_clip, index):
        pass
    return Columns.open(index.folder / FOLDER, index)


@settings(deadline=None)
@given(arrays(np.float32, st.tuples(st.integers(1, 40), st.just(2)), elements=FLOATS))
def test_no_activation_is_off_by_more_than_half_a_step_of_its_units_range(values: np.ndarray) -> None:
    ranges = ranges_of(values).astype(np.float64)
    step = (ranges[:, 1] - ranges[:, 0]) / STEPS
    restored = ranges[:, 0] + encode(values, ranges_of(values)) * step
    slack = 1e-12 * np.abs(ranges).max(1)  # of float64 itself
    assert (np.abs(restored - values) <= step / 2 + slack).all()
    assert (np.diff(encode(np.sort(values, 0), ranges_of(values)).astype(np.int64), axis=0) >= 0).all(), "in order"


def test_a_unit_far_from_zero_keeps_its_differences() -> None:
    values = (1000 + np.random.default_rng(0).normal(size=(5000, 1))).astype(np.float32)
    ranges = ranges_of(values)
    restored = ranges[:, 0] + encode(values, ranges) * (ranges[:, 1] - ranges[:, 0]).astype(np.float64) / STEPS
    assert np.abs(restored - values).max() < 1e-4, "float16 has steps of 0.5 there"


@pytest.mark.parametrize("batch", [1, 997, 3 * CHUNK])
def test_a_column_is_what_was_written_whatever_the_batches(tmp_path: Path, batch: int) -> None:
    images = CHUNK + 700 if batch > 1 else 50
    values = np.random.default_rng(1).normal(size=(images, 5)).astype(np.float32) * [1, 10, 0, 1e-3, 1e6]
    values = values.astype(np.float32)
    store = written(tmp_path, values, batch)
    assert store.codes("one").shape == (5, images) and len(store) == images
    for unit in range(5):
        spread = float(np.ptp(values[:, unit]))
        np.testing.assert_allclose(store.unit("one", unit), values[:, unit], atol=spread / STEPS, rtol=1e-6)
        assert store.unit("one", unit).max() == pytest.approx(values[:, unit].max(), rel=1e-6)


def test_images_come_in_order_and_all_of_them(tmp_path: Path) -> None:
    values = np.ones((4, 2), np.float32)
    writer = ColumnWriter(tmp_path, "key", 4, {"one": ranges_of(values)})
    writer.add([0, 1], {"one": values[:2]})
    for ids in ([1, 2], [3, 4], [2, 3, 4]):
        with pytest.raises(ValueError, match="2 comes next of 4"):
            writer.add(ids, {"one": values[: len(ids)]})
    with pytest.raises(ValueError, match="4 images got 2"):
        writer.finish()
    with pytest.raises(ValueError, match="finite"):
        writer.add([2], {"one": np.array([[np.nan, 0]], np.float32)})


def test_weighted_columns_are_the_weighted_sum(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    values = rng.normal(3, 2, (400, 150)).astype(np.float32)
    weights = rng.normal(size=150)
    weights[7:60] = 0
    store = written(tmp_path, values)
    *_, total = store.weighted("one", weights)
    np.testing.assert_allclose(total, values @ weights, atol=np.abs(weights).sum() * 20 / STEPS)
    *_, nothing = store.weighted("one", np.zeros(150))
    assert not nothing.any()


@settings(deadline=None, max_examples=50)
@given(st.lists(st.integers(-5, 5), min_size=1, max_size=30), st.integers(-6, 6))
def test_a_percentile_counts_ties_as_half(values: list[int], value: int) -> None:
    below, same = sum(v < value for v in values), values.count(value)
    assert rank(np.array(values), value) == pytest.approx(100 * (below + same / 2) / len(values))


def test_columns_of_an_index_are_its_activations(made: Columns, tiny_clip: Clip, index: Index) -> None:
    assert made.header.key == index.manifest.key and len(made) == len(index)
    for layer in ("layer2.0", "layer4.0"):
        values, _ = brute_force(tiny_clip, index, layer)
        for unit in (0, 7, 31):
            seen = index.unit(layer, unit).stats
            bound = (seen.max - seen.min) / STEPS + 2e-5
            np.testing.assert_allclose(made.unit(layer, unit), values[:, unit], atol=bound)
            known = index.unit(layer, unit)
            for entry in [*known.top, *known.bottom]:
                assert made.percentile(layer, unit, entry.activation) == pytest.approx(
                    index.percentile(layer, unit, entry.activation), abs=100 / len(index)
                )
            assert made.percentile(layer, unit, seen.max + 1) == 100 and made.percentile(layer, unit, seen.min - 1) == 0


def test_the_pass_keeps_every_band_and_fingerprint_of_the_index(made: Columns, tiny_clip: Clip, index: Index) -> None:
    values, places = brute_force(tiny_clip, index, "layer4.0")
    for unit in (0, 7, 31):
        seen, bands = index.unit("layer4.0", unit), made.bands("layer4.0", unit)
        assert [(b.low, b.high) for b in bands] == [(b.low, b.high) for b in seen.bands] and len(bands) == 10
        assert sum(band.count for band in bands) == len(index)
        for alone, band in zip(seen.bands, bands, strict=True):
            assert len(band.entries) == min(8, band.count)
            if alone.fair:
                assert band.entries[: len(alone.entries)] == alone.entries
            for entry in band.entries:
                assert band.low <= entry.activation <= band.high
                assert entry.activation == pytest.approx(values[entry.image, unit], abs=2e-5)
                assert entry.place == places[entry.image, unit]
    marks = made.fingerprints([149, 0])
    assert (marks == np.stack([fingerprint(decode_item(index.item(number))) for number in (149, 0)])).all()
    np.testing.assert_array_equal(made.some("layer4.0", 7, [5, 3]), made.unit("layer4.0", 7)[[5, 3]])
    with pytest.raises(NotFound, match="from 0 to 255"):
        made.bands("layer4.0", 256)


def test_a_draw_from_the_corpus_is_uniform_and_takes_every_image_once() -> None:
    drawn = [image for draw in range(1, 86) for image in uniform(1000, draw)]
    assert sorted(drawn) == list(range(1000)) and uniform(1000, 85) == []
    firsts = np.array([uniform(images, 1) for images in range(1000, 1200)]) / np.arange(1000, 1200)[:, None]
    assert 0.4 < firsts.mean() < 0.6


def test_a_second_pass_makes_nothing(made: Columns, tiny_clip: Clip, index: Index) -> None:
    written = (made.folder / "columns.json").stat().st_mtime_ns
    assert list(making(tiny_clip, index)) == []
    assert (made.folder / "columns.json").stat().st_mtime_ns == written
    assert not list(index.folder.glob(".columns*"))


def test_what_is_not_there_is_not_found(made: Columns) -> None:
    with pytest.raises(NotFound, match="layer9"):
        made.unit("layer9.0", 0)
    for unit in (-1, 256):
        with pytest.raises(NotFound, match="from 0 to 255"):
            made.unit("layer4.0", unit)


def test_columns_of_another_index_are_refused_with_both_keys(made: Columns, index: Index) -> None:
    other = Index(index.folder, index.manifest.model_copy(update={"key": "other"}))
    with pytest.raises(NotReady, match=rf"key {index.manifest.key}, not other"):
        Columns.open(made.folder, other)
    with pytest.raises(NotFound, match="no columns"):
        Columns.open(index.folder / "nowhere", index)


@pytest.fixture
def small(tiny_clip: Clip, tmp_path: Path) -> Index:
    """An index of one layer over 40 pictures, without columns."""
    (tmp_path / "images").mkdir()
    for number in range(40):
        picture(number).save(tmp_path / "images" / f"{number:02d}.png")
    build(tiny_clip, open_source(str(tmp_path / "images")), "small", ["layer1.0"], tmp_path / "index")
    return Index.open(tmp_path / "index")


def test_a_pass_that_is_cut_off_leaves_nothing(tiny_clip: Clip, small: Index) -> None:
    before = sorted(small.folder.iterdir())
    steps = making(tiny_clip, small)
    assert next(steps) == (32, 40)
    steps.close()
    assert sorted(small.folder.iterdir()) == before


def test_a_picture_that_is_gone_is_named(tiny_clip: Clip, small: Index) -> None:
    (small.manifest.root / "07.png").unlink()
    with pytest.raises(NotFound, match=r"07\.png"):
        list(making(tiny_clip, small))
    assert not (small.folder / FOLDER).exists()


def test_an_index_that_is_built_anew_meanwhile_keeps_its_own_state(tiny_clip: Clip, small: Index) -> None:
    steps = making(tiny_clip, small)
    next(steps)
    source = open_source(str(small.manifest.root))
    build(tiny_clip, source, "small", ["layer2.0"], small.folder)
    with pytest.raises(NotReady, match="while its columns were made"):
        list(steps)
    assert not (small.folder / FOLDER).exists()


def test_other_weights_and_a_full_disk_are_refused_before_the_pass(
    small: Index, tiny_clip: Clip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tiny_hub_folder(tmp_path / "other", seed=1)
    other = registry.load(registry.entry(f"tiny@{folder}"), folder, "cpu", offline=True)
    with pytest.raises(NotReady, match=f"{tiny_clip.weights_hash}, not {other.weights_hash}"):
        next(making(other, small))
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10, 9, 1))  # pyright: ignore[reportAttributeAccessIssue]
    with pytest.raises(NotReady, match="make room"):
        next(making(tiny_clip, small))


def test_categories_are_columns_of_few_values(tmp_path: Path) -> None:
    writer = CategoryWriter(3000)
    for number in range(3000):
        record = {"caption": f"picture {number}", "kind": "ab"[number % 2], "same": "x", "id": str(number % 2500)}
        writer.add(number, record | ({"late": "y" if number < 2995 else "z"} if number > 2990 else {"late": ""}))
    writer.write(tmp_path)
    read = Categories(tmp_path)
    assert read.names == ["caption", "kind", "same", "id", "late"]
    assert read.columns == ["kind", "late"]
    assert read.values("kind") == ["a", "b"] and read.numbers("kind")[:3].tolist() == [0, 1, 0]
    assert read.numbers("late")[2990] == NONE and read.values("late")[read.numbers("late")[2999]] == "z"


def test_a_corpus_without_labels_has_no_categories(made: Columns) -> None:
    assert made.categories.names == ["caption", "class"], "the one folder that all pictures lie in"
    assert made.categories.columns == []
    assert json.loads((made.folder / "columns.json").read_text())["images"] == 150
