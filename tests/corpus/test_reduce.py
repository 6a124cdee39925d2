import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from app.corpus.bins import Bands, Histogram, shuffled
from app.corpus.reduce import Batch, Extremes, Moments, Reducer

UNITS = 5
KINDS = ["random", "tied", "negative", "wide", "constant", "zeros of both signs"]


def corpus(kind: str, images: int = 300, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """ids [N], values [N, C] float32, places [N, C] of one kind of activations."""
    rng = np.random.default_rng(seed)
    values = rng.standard_normal((images, UNITS)).astype(np.float32)
    match kind:
        case "tied":
            values = np.round(values)
        case "negative":
            values = -np.abs(values) - 1
        case "wide":
            values = np.sign(values) * np.exp(20 * np.abs(values)).astype(np.float32)
        case "constant":
            values[:] = 0.1
        case "zeros of both signs":
            values = values.round() * np.float32(0.0)
    ids = rng.permutation(10 * images)[:images].astype(np.int64)
    return ids, values.astype(np.float32), rng.integers(0, 81, values.shape).astype(np.int32)


def batch(ids: np.ndarray, values: np.ndarray, places: np.ndarray) -> Batch:
    return Batch(torch.from_numpy(ids), torch.from_numpy(values), torch.from_numpy(places))


def fed(reducer: Reducer, data: tuple[np.ndarray, np.ndarray, np.ndarray], size: int) -> Reducer:
    for start in range(0, len(data[0]), size):
        reducer.update(batch(*(part[start : start + size] for part in data)))
    return reducer


def fresh() -> list[Reducer]:
    return [
        Extremes(UNITS, 7),
        Extremes(UNITS, 7, strongest=False),
        Moments(UNITS),
        Histogram(UNITS, 32),
        Bands(UNITS, 12, 3),
    ]


def assert_same_state(one: Reducer, other: Reducer) -> None:
    first, second = one.state(), other.state()
    assert first.keys() == second.keys()
    for name in first:
        assert first[name].tobytes() == second[name].tobytes(), f"{type(one).__name__}.{name}"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("strongest", [True, False])
@pytest.mark.parametrize("in_order", [True, False])
def test_extremes_are_those_of_a_sort_of_everything(kind: str, strongest: bool, in_order: bool) -> None:
    ids, values, places = corpus(kind)
    ids = np.sort(ids) if in_order else ids  # an index is built in order, which has a shorter way
    state = fed(Extremes(UNITS, 40, strongest=strongest), (ids, values, places), 64).state()
    for unit in range(UNITS):
        column = values[:, unit]
        order = np.lexsort((ids, -column if strongest else column))[:40]
        np.testing.assert_array_equal(state["ids"][unit], ids[order])
        np.testing.assert_array_equal(state["values"][unit], column[order])
        np.testing.assert_array_equal(state["places"][unit], places[order, unit])


def test_all_negative_activations_leave_no_invented_zero_on_top() -> None:
    data = corpus("negative", images=3)
    state = fed(Extremes(UNITS, 5), data, 2).state()
    assert (state["ids"][:, :3] >= 0).all()
    assert (state["ids"][:, 3:] == -1).all()
    assert (state["values"][:, :3] < 0).all()


@pytest.mark.parametrize("kind", KINDS)
def test_moments_are_the_exact_ones_rounded_once(kind: str) -> None:
    data = corpus(kind)
    state = fed(Moments(UNITS), data, 64).state()
    exact = data[1].astype(np.longdouble)
    np.testing.assert_allclose(state["mean"], exact.mean(0).astype(np.float64), rtol=1e-13, atol=1e-300)
    np.testing.assert_allclose(state["std"], exact.std(0).astype(np.float64), rtol=1e-9, atol=1e-12)


def test_moments_survive_cancellation_that_float64_sums_do_not() -> None:
    values = np.array([[1e20, 1.0, -1e20, 1.0]], np.float32).T.repeat(UNITS, 1)
    state = fed(Moments(UNITS), (np.arange(4), values, np.zeros_like(values, np.int32)), 1).state()
    np.testing.assert_array_equal(state["mean"], 0.5)


@pytest.mark.parametrize("kind", KINDS)
def test_histogram_counts_every_image_in_its_cell(kind: str) -> None:
    data = corpus(kind)
    state = fed(Histogram(UNITS, 32), data, 64).state()
    for unit in range(UNITS):
        column = data[1][:, unit].astype(np.float64)
        edges = (state["base"][unit] + np.arange(33)) * 2.0 ** state["level"][unit]
        np.testing.assert_array_equal(state["counts"][unit], np.histogram(column, edges)[0])
        assert state["counts"][unit].sum() == len(column)
        assert (state["low"][unit], state["high"][unit]) == (data[1][:, unit].min(), data[1][:, unit].max())
        if kind in ("random", "negative"):
            assert np.ptp(np.flatnonzero(state["counts"][unit])) >= 15  # more than half of the bins span the range


@pytest.mark.parametrize("kind", KINDS)
def test_bands_hold_the_images_with_the_smallest_hashes_of_each_cell(kind: str) -> None:
    ids, values, places = corpus(kind)
    state = fed(Bands(UNITS, 12, 3), (ids, values, places), 64).state()
    ranks = shuffled(torch.from_numpy(ids)).numpy()
    for unit in range(UNITS):
        cells = np.floor(values[:, unit] * 2.0 ** -state["level"][unit].astype(float)) - state["base"][unit]
        assert cells.min() == 0
        assert cells.max() <= 11
        if kind in ("random", "negative"):
            assert cells.max() >= 6
        for band in range(12):
            inside = np.flatnonzero(cells == band)
            drawn = inside[np.argsort(ranks[inside])][:3]
            kept = state["ids"][unit, band] >= 0
            np.testing.assert_array_equal(state["ids"][unit, band][kept], ids[drawn])
            np.testing.assert_array_equal(state["values"][unit, band][kept], values[drawn, unit])
            np.testing.assert_array_equal(state["places"][unit, band][kept], places[drawn, unit])


@settings(deadline=None)
@given(st.sampled_from(KINDS), st.integers(0, 1000), st.lists(st.integers(1, 59), max_size=8))
def test_no_split_into_batches_changes_a_bit(kind: str, seed: int, cuts: list[int]) -> None:
    data = corpus(kind, images=60, seed=seed)
    edges = sorted({0, 60, *cuts})
    for whole, split in zip(fresh(), fresh(), strict=True):
        fed(whole, data, 60)
        for start, stop in zip(edges, edges[1:], strict=False):
            split.update(batch(*(part[start:stop] for part in data)))
        assert_same_state(split, whole)


@settings(deadline=None)
@given(st.sampled_from(KINDS), st.integers(0, 1000), st.lists(st.integers(0, 4), min_size=40, max_size=40))
def test_no_order_and_no_sharding_changes_a_bit(kind: str, seed: int, shard_of: list[int]) -> None:
    data = corpus(kind, images=40, seed=seed)
    order = np.random.default_rng(seed).permutation(40)
    for number, whole in enumerate(fresh()):
        fed(whole, data, 40)
        merged = fresh()[number]
        for shard in range(5):  # some are empty
            mine = order[np.array(shard_of)[order] == shard]
            part = fresh()[number]
            merged.merge(fed(part, (data[0][mine], data[1][mine], data[2][mine]), 7))
        assert_same_state(merged, whole)


@settings(deadline=None)
@given(st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=1, max_size=30), st.integers(1, 7))
def test_any_float32_values_are_counted_and_kept(numbers: list[float], size: int) -> None:
    values = np.array(numbers, np.float32)[:, None].repeat(UNITS, 1)
    data = np.arange(len(values)), values, np.zeros(values.shape, np.int32)
    histogram = fed(Histogram(UNITS, 32), data, size)
    assert (histogram.state()["counts"].sum(1) == len(values)).all()
    for whole, split in zip(fresh(), fresh(), strict=True):
        assert_same_state(fed(split, data, size), fed(whole, data, len(values)))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_activations_that_cannot_be_ranked_are_refused(bad: float) -> None:
    ids, values, places = corpus("random", images=4)
    values[2, 1] = bad
    with pytest.raises(ValueError, match="not a finite number"):
        batch(ids, values, places)


def test_memory_does_not_grow_with_the_number_of_images() -> None:
    def size_after(batches: int) -> list[int]:
        reducers = fresh()
        for number in range(batches):
            ids, values, places = corpus("random", images=32, seed=number)
            for reducer in reducers:
                reducer.update(batch(number * 1000 + ids, values, places))
        tensors = [list((vars(r) | vars(getattr(r, "grid", r))).values()) for r in reducers]
        return [sum(t.untyped_storage().nbytes() for t in ts if isinstance(t, torch.Tensor)) for ts in tensors]

    assert size_after(2) == size_after(40)


def test_shuffled_ids_are_distinct_and_look_random() -> None:
    ranks = shuffled(torch.arange(100_000))
    assert len(ranks.unique()) == 100_000
    assert bool(((ranks >= 0) & (ranks < 2**57)).all())
    counts = np.histogram(ranks.numpy(), bins=50, range=(0, 2**57))[0]
    assert np.abs(counts - 2000).max() < 250  # five standard deviations of a fair draw
