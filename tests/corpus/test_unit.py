import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from app.corpus.reduce import Batch
from app.corpus.tables import Tables
from app.corpus.unit import percentile, quantile, unit_index

IMAGES = 3000


def row_of(column: np.ndarray) -> dict[str, np.ndarray]:
    tables = Tables(1)
    values = torch.from_numpy(column.astype(np.float32))[:, None]
    tables.update(Batch(torch.arange(len(column)), values, torch.arange(len(column), dtype=torch.int32)[:, None]))
    return {name: array[0] for name, array in tables.state().items()}


def activations(kind: str, images: int = IMAGES) -> np.ndarray:
    rng = np.random.default_rng(1)
    column = rng.standard_normal(images)
    match kind:
        case "skewed":
            column = np.exp(1.5 * column) - 5
        case "tied":
            column = column.round(1)
        case "negative":
            column = -np.abs(column) - 1
        case "constant":
            column = np.full(images, 0.3)
    return column.astype(np.float32)


KINDS = ["normal", "skewed", "tied", "negative", "constant"]


def true_percentile(column: np.ndarray, value: float) -> float:
    return 100 * ((column < value).mean() + (column == value).mean() / 2)


@pytest.mark.parametrize("kind", KINDS)
def test_percentiles_are_exact_among_the_strongest_hundred_and_the_weakest_forty(kind: str) -> None:
    column = activations(kind)
    row, ordered = row_of(column), np.sort(column)
    for value in [*ordered[-99:], ordered[-1] + 1, ordered[0] - 1, *ordered[:39]]:
        if value > ordered[-100] or value < ordered[39]:
            assert percentile(row, IMAGES, float(value)) == pytest.approx(true_percentile(column, value), abs=1e-9)


@pytest.mark.parametrize("kind", KINDS)
def test_percentiles_in_between_err_by_less_than_their_cell_holds(kind: str) -> None:
    column = activations(kind)
    row = row_of(column)
    width = 2.0 ** float(row["histogram.level"])
    for value in np.quantile(column, np.linspace(0.02, 0.97, 50)).astype(np.float32):
        in_cell = 100 * (np.floor(column / width) == np.floor(value / width)).mean()
        assert abs(percentile(row, IMAGES, float(value)) - true_percentile(column, value)) <= in_cell


def test_percentiles_of_a_small_corpus_are_all_exact() -> None:
    column = activations("normal", 80)
    row = row_of(column)
    for value in np.linspace(-4, 4, 101):
        assert percentile(row, 80, value) == pytest.approx(true_percentile(column, value), abs=1e-9)


@pytest.mark.parametrize("kind", KINDS)
def test_quantiles_are_order_statistics_or_in_their_cell(kind: str) -> None:
    column = activations(kind)
    row, ordered = row_of(column), np.sort(column)
    width = 2.0 ** float(row["histogram.level"])
    for q in (0.0, 0.005, 0.1, 0.5, 0.9, 0.97, 0.99, 0.999, 1.0):
        rank = round(q * (IMAGES - 1))
        exact = rank < 40 or IMAGES - 1 - rank < 100
        assert abs(quantile(row, IMAGES, q) - ordered[rank]) <= (0 if exact else width)


@settings(deadline=None)
@given(st.lists(st.floats(-1e3, 1e3, width=32), min_size=1, max_size=300), st.floats(-1e3, 1e3))
def test_percentiles_never_leave_0_to_100_and_never_fall(numbers: list[float], value: float) -> None:
    row = row_of(np.array(numbers))
    lower, upper = percentile(row, len(numbers), value), percentile(row, len(numbers), value + 1)
    assert 0 <= lower <= upper <= 100
    assert quantile(row, len(numbers), 0) == np.float32(min(numbers))


@pytest.mark.parametrize("kind", KINDS)
def test_every_kept_image_is_known_once_with_its_place(kind: str) -> None:
    column = activations(kind)
    known = unit_index(row_of(column), IMAGES).known
    assert len(known) > 100
    for number, entry in known.items():
        assert (entry.image, entry.activation, entry.place) == (number, column[number], number)


@pytest.mark.parametrize("kind", KINDS)
def test_the_histogram_has_at_most_64_bins_and_numpys_counts(kind: str) -> None:
    column = activations(kind)
    unit = unit_index(row_of(column), IMAGES)
    assert len(unit.edges) == len(unit.counts) + 1 <= 65
    np.testing.assert_array_equal(np.histogram(column.astype(float), unit.edges)[0], unit.counts)
    assert unit.counts[0] > 0
    assert unit.counts[-1] > 0


def test_the_ends_of_a_small_corpus_are_no_longer_than_it() -> None:
    unit = unit_index(row_of(np.array([0.5, -2.0, 0.25])), 3)
    assert [entry.image for entry in unit.top] == [0, 2, 1]
    assert [entry.image for entry in unit.bottom] == [1, 2, 0]
    assert unit.stats.min == -2
    assert unit.stats.images == 3
