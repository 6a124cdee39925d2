"""The ten bands of a unit: what is read from an index alone, and with columns, beside brute force over all images."""

import tempfile
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from app.corpus.bands import BANDS, EXAMPLES, Band, bands
from app.corpus.bins import shuffled
from app.corpus.draws import Draws, DrawWriter
from app.corpus.reduce import Batch
from app.corpus.tables import Tables

KINDS = ["normal", "skewed", "spike", "tied", "negative", "two values", "few floats", "tiny", "constant"]


def column(kind: str, images: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    values = rng.standard_normal(images)
    match kind:
        case "skewed":
            values = np.exp(2 * values)
        case "spike":  # one narrow cell holds nearly everything
            values = np.where(rng.random(images) < 0.97, 0.01 * values + rng.normal(), 3 * values)
        case "tied":
            values = values.round()
        case "negative":
            values = -np.abs(values) - 1e3
        case "two values":
            values = np.where(values > 1, 2.0, -1.0)
        case "few floats":
            values = np.float32(1) + rng.integers(0, 5, images) * np.finfo(np.float32).eps
        case "tiny":
            values = values * 1e-40
        case "constant":
            values = np.full(images, 0.3)
    return values.astype(np.float32)


def row_of(values: np.ndarray) -> dict[str, np.ndarray]:
    tables = Tables(1)
    for start in range(0, len(values), 500):
        part = torch.from_numpy(values[start : start + 500])[:, None]
        ids = torch.arange(start, start + len(part))
        tables.update(Batch(ids, part, ids.int()[:, None]))
    return {name: array[0] for name, array in tables.state().items()}


def brute_force(values: np.ndarray) -> list[np.ndarray]:
    """The images of each band, in the order of their hashes."""
    low, high = float(values.min()), float(values.max())
    hashes = shuffled(np.arange(len(values)))
    found = []
    for number in range(BANDS if high > low else 1):
        start, end = (low + (high - low) * each / BANDS for each in (number, number + 1))
        wide = values.astype(np.float64)
        last = number == BANDS - 1 or high == low
        inside = np.flatnonzero((wide >= start) & (wide <= high if last else wide < end))
        found.append(inside[np.argsort(hashes[inside])])
    return found


corpora = st.tuples(st.sampled_from(KINDS), st.integers(1, 1500), st.integers(0, 1000))


@settings(deadline=None, max_examples=80)
@given(corpora)
def test_bands_of_an_index_alone_hold_what_brute_force_finds(made: tuple[str, int, int]) -> None:
    values = column(*made)
    true, read = brute_force(values), bands(row_of(values))
    assert len(read) == len(true)
    assert (read[0].low, read[-1].high) == (values.min(), values.max())
    assert [band.low for band in read[1:]] == [band.high for band in read[:-1]]
    assert np.ptp([band.high - band.low for band in read]) <= 1e-6 * float(np.abs(values).max())
    assert sum(band.count for band in read) == len(values)
    for band, images in zip(read, true, strict=True):
        shown = [entry.image for entry in band.entries]
        assert set(shown) <= set(images.tolist())
        assert len(shown) <= min(EXAMPLES, band.count)
        assert all((entry.activation, entry.place) == (values[entry.image], entry.image) for entry in band.entries)
        if band.fair:
            assert shown == images[: len(shown)].tolist(), "a draw from the whole corpus begins so"


@settings(deadline=None, max_examples=40)
@given(corpora, st.integers(1, 700), st.integers(0, 1000))
def test_with_the_range_known_counts_and_draws_are_those_of_brute_force(
    made: tuple[str, int, int], batch: int, order: int
) -> None:
    values = np.stack([column(*made), column("normal", made[1], made[2] + 1)], 1)
    ends = np.stack([values.min(0), values.max(0)], 1)
    writer = DrawWriter(ends)
    ids = np.random.default_rng(order).permutation(len(values))
    for start in range(0, len(ids), batch):
        part = torch.from_numpy(ids[start : start + batch])
        writer.add(part, torch.from_numpy(values)[part], part.int()[:, None].expand(-1, 2))
    with tempfile.TemporaryDirectory() as folder:
        writer.write(Path(folder), "one")
        draws = Draws.open(Path(folder), "one")
        read = [draws.bands(unit, ends[unit]) for unit in range(2)]
    for unit, found in enumerate(read):
        alone = bands(row_of(values[:, unit]))
        for before, band, images in zip(alone, found, brute_force(values[:, unit]), strict=True):
            assert (band.low, band.high, band.count, band.fair) == (before.low, before.high, len(images), True)
            assert [entry.image for entry in band.entries] == images[:EXAMPLES].tolist()
            assert all((e.activation, e.place) == (values[e.image, unit], e.image) for e in band.entries)
            if before.fair:
                assert band.entries[: len(before.entries)] == before.entries, "as far as the index alone knows"


@pytest.mark.parametrize("kind", KINDS)
def test_a_large_corpus_fills_its_bands(kind: str) -> None:
    values = column(kind, 6000, 1)
    read, true = bands(row_of(values)), brute_force(values)
    for band, images in zip(read, true, strict=True):
        assert bool(band.entries) == bool(len(images)) or not np.isin(images, kept(values)).any()
        assert abs(band.count - len(images)) <= most_in_a_cell(values), "off by what the cells at its edges hold"
    if kind == "normal":
        assert np.mean([len(b.entries) == min(EXAMPLES, len(i)) for b, i in zip(read, true, strict=True)]) >= 0.7


def kept(values: np.ndarray) -> np.ndarray:
    ids = row_of(values)["bands.ids"]
    return ids[ids >= 0]


def most_in_a_cell(values: np.ndarray) -> int:
    row = row_of(values)
    return int(np.sort(row["histogram.counts"])[-2:].sum())


def test_a_band_beside_a_crowded_cell_still_shows_what_is_known_of_it() -> None:
    """A cell of 5,000 images ends a little above an edge of the bands, and has crowded out the few of the next band."""
    rng = np.random.default_rng(0)
    values = np.concatenate([[0.0, 1.0], rng.uniform(0.31, 0.3124, 5000), rng.uniform(0.25, 0.2999, 4)])
    order = rng.permutation(len(values))
    read: list[Band] = bands(row_of(values[order].astype(np.float32)))
    assert all(band.entries for band in read if band.count)
    assert not all(len(band.entries) == min(EXAMPLES, band.count) and band.fair for band in read)
    assert read[2].count == 4 and len(read[2].entries) <= 4


def test_no_draw_favours_the_start_of_the_corpus() -> None:
    drawn = [entry.image for band in bands(row_of(column("normal", 3000, 1))) for entry in band.entries]
    assert 0.3 * 3000 < np.mean(drawn) < 0.7 * 3000 and max(drawn) > 2700
