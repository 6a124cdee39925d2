"""However a corpus is cut, stopped and gone on with: the index is that of one pass over all of it."""

import tempfile
from collections.abc import Generator
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from app.corpus.bins import Bands, shuffled
from app.corpus.fold import Fold
from app.corpus.gather import gathering
from app.corpus.partition import Partition, cut
from app.corpus.rows import Rows, RowWriter
from app.corpus.sources import Item, Locator, Source
from app.corpus.tables import BOTTOM, TOP
from app.corpus.unfinished import Unfinished

LAYERS = {"shallow": 3, "deep": 2}


@dataclass
class Activations(Source):
    """A corpus whose images are known by what they do: no model, no files. Some of it is refused."""

    values: dict[str, np.ndarray]
    places: dict[str, np.ndarray]
    bad: np.ndarray

    def __iter__(self) -> Generator[Item, None, None]:
        for number in range(len(self.bad)):
            yield Item(f"{number}.png", Locator(f"{number}.png", 0, 1), Path("/"), {"caption": ""})

    @property
    def count(self) -> int:
        return len(self.bad)

    def measuring(self, _number: int, items: list[Item], step: int, log: list[str]) -> Generator[int, None, Partition]:
        """As `partition.measuring`, in steps of `step`, with a log of what was looked at."""
        at = np.array([int(item.key[:-4]) for item in items])
        for start in range(0, len(at), step):
            log += [item.key for item in items[start : start + step]]
            yield min(start + step, len(at))
        good = at[~self.bad[at]]
        refused = {int(position): f"{at[position]} is bad" for position in np.flatnonzero(self.bad[at])}
        if not len(good):
            return Partition(len(at), refused, {})
        measured = {
            layer: (torch.from_numpy(self.values[layer][good]), torch.from_numpy(self.places[layer][good]))
            for layer in LAYERS
        }
        return Partition(len(at), refused, measured)


@cache
def corpus(seed: int, tied: bool) -> Activations:
    rng = np.random.default_rng(seed)
    images = int(rng.integers(1, 260))
    values = {layer: rng.standard_normal((images, units)).astype(np.float32) for layer, units in LAYERS.items()}
    if tied:
        values = {layer: np.round(array) for layer, array in values.items()}
    places = {layer: rng.integers(0, 81, (images, units)).astype(np.int32) for layer, units in LAYERS.items()}
    bad = rng.random(images) < rng.choice([0, 0.02, 0.5])
    bad[rng.integers(images)] = False
    return Activations(values, places, bad)


def state(fold: Fold) -> dict[str, bytes]:
    fold.reduce()
    return {
        f"{layer}/{name}": array.tobytes()
        for layer, tables in fold.tables.items()
        for name, array in tables.state().items()
    }


def in_one_pass(source: Activations) -> Fold:
    with tempfile.TemporaryDirectory() as folder, RowWriter(Path(folder)) as rows:
        fold = Fold(LAYERS)
        measure = partial(source.measuring, step=source.count, log=[])
        list(gathering(source, measure, fold, Unfinished(Path(folder) / "u", source.count), rows))
    return fold


@settings(deadline=None, max_examples=40)
@given(
    seed=st.integers(0, 1000),
    tied=st.booleans(),
    images=st.integers(5, 90),
    step=st.integers(4, 40),
    tables_every=st.integers(20, 200),
    stops=st.lists(st.integers(0, 30), max_size=4),
    elsewhere=st.integers(0, 1000),
)
def test_no_cut_no_stop_and_no_order_changes_a_bit(
    seed: int, tied: bool, images: int, step: int, tables_every: int, stops: list[int], elsewhere: int
) -> None:
    """`stops` are after how many steps the build dies; `elsewhere` draws partitions that another worker has done."""
    source = corpus(seed, tied)
    log: list[str] = []
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)

        def attempt(steps: int | None) -> tuple[Fold, list[str]]:
            (folder / "images.sqlite3").unlink(missing_ok=True)
            fold, unfinished = Fold(LAYERS), Unfinished(folder / "u", images, tables_every)
            measure = partial(source.measuring, step=step, log=log)
            with RowWriter(folder) as rows, closing(gathering(source, measure, fold, unfinished, rows)) as going:
                for _ in range(10**9 if steps is None else steps):
                    try:
                        next(going)
                    except StopIteration as end:
                        return fold, [refusal.name for refusal in end.value]
            return fold, []

        parts = list(cut(source, images))
        for number in np.random.default_rng(elsewhere).permutation(len(parts))[: len(parts) // 3]:
            with suppress(StopIteration):
                steps = source.measuring(int(number), parts[number], step, log)
                while True:
                    try:
                        next(steps)
                    except StopIteration as end:
                        Unfinished(folder / "u", images).keep(int(number), end.value)
                        raise
        for stop in stops:
            attempt(stop)
        fold, refused = attempt(None)
        keys = [f"{number}.png" for number in np.flatnonzero(~source.bad)]
        rows = Rows(folder)
        assert [row.key for row in map(rows.get, range(len(keys))) if row] == keys
        assert rows.get(len(keys)) is None
        rows.db.close()
    assert state(fold) == state(in_one_pass(source))
    assert (fold.images, len(fold.refused)) == (len(keys), int(source.bad.sum()))
    assert refused == [f"{number}.png" for number in np.flatnonzero(source.bad)][:100]
    assert len(log) - source.count <= images * len(stops)  # looked at twice: one partition per stop at most


@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("seed", range(8))
def test_the_tables_are_those_of_brute_force(seed: int, tied: bool) -> None:
    source = corpus(seed, tied)
    fold = in_one_pass(source)
    fold.reduce()
    for layer, units in LAYERS.items():
        values, places = source.values[layer][~source.bad], source.places[layer][~source.bad]
        state = fold.tables[layer].state()
        ids = np.arange(len(values))
        for unit in range(units):
            column = values[:, unit]
            for part, keep, sign in (("top", TOP, -1), ("bottom", BOTTOM, 1)):
                order = np.lexsort((ids, sign * column))[:keep]
                shown = state[f"{part}.ids"][unit]
                np.testing.assert_array_equal(shown[: len(order)], order)
                assert (shown[len(order) :] == -1).all()
                np.testing.assert_array_equal(state[f"{part}.values"][unit, : len(order)], column[order])
                np.testing.assert_array_equal(state[f"{part}.places"][unit, : len(order)], places[order, unit])
            np.testing.assert_allclose(
                state["moments.mean"][unit], column.mean(dtype=np.float64), rtol=1e-12, atol=1e-15
            )
            edges = (state["histogram.base"][unit] + np.arange(513)) * 2.0 ** state["histogram.level"][unit]
            np.testing.assert_array_equal(state["histogram.counts"][unit], np.histogram(column, edges)[0])
            cells = np.floor(column * 2.0 ** -float(state["bands.level"][unit])) - state["bands.base"][unit]
            ranks = shuffled(torch.from_numpy(ids)).numpy()
            for band in range(Bands(1).grid.cells):
                inside = np.flatnonzero(cells == band)
                drawn = inside[np.argsort(ranks[inside])][:8]
                np.testing.assert_array_equal(state["bands.ids"][unit, band][: len(drawn)], drawn)


def test_the_folder_stays_small_however_long_the_corpus_is(tmp_path: Path) -> None:
    source = corpus(3, False)
    assert source.count > 100
    unfinished = Unfinished(tmp_path / "u", 4, tables_every=16)
    most = 0
    with RowWriter(tmp_path) as rows:
        for _ in gathering(source, partial(source.measuring, step=4, log=[]), Fold(LAYERS), unfinished, rows):
            most = max(most, len(list(unfinished.folder.iterdir())))
    assert most <= 5  # four partitions and the tables before them


@pytest.mark.parametrize("damage", ["cut short", "emptied", "gone"])
def test_a_damaged_file_is_measured_again(tmp_path: Path, damage: str) -> None:
    source, log = corpus(3, False), list[str]()

    def gathered() -> Fold:
        (tmp_path / "images.sqlite3").unlink(missing_ok=True)
        fold = Fold(LAYERS)
        with RowWriter(tmp_path) as rows:
            measure = partial(source.measuring, step=8, log=log)
            list(gathering(source, measure, fold, Unfinished(tmp_path / "u", 16), rows))
        return fold

    first = state(gathered())
    log.clear()
    path = tmp_path / "u" / "part-00000001.safetensors"
    match damage:
        case "cut short":
            path.write_bytes(path.read_bytes()[:-9])
        case "emptied":
            path.write_bytes(b"")
        case "gone":
            path.unlink()
    assert state(gathered()) == first
    assert log == [f"{number}.png" for number in range(16, 32)]
