"""Statistics from counted codes are those of the values themselves."""

import numpy as np
import pytest

from app.corpus.columns import STEPS
from app.corpus.given import Graded, groups, median
from app.corpus.tally import Tally

START, STEP = -3.0, 10.0 / STEPS


@pytest.fixture
def codes() -> np.ndarray:
    """Of 3,000 images, with many ties, as counts of an inactive unit are."""
    rng = np.random.default_rng(0)
    return np.where(rng.random(3000) < 0.3, 700, rng.integers(0, STEPS + 1, 3000)).astype(np.uint16)


def values_of(codes: np.ndarray) -> np.ndarray:
    return START + codes * STEP


def test_a_tally_in_order_is_the_sorted_column(codes: np.ndarray) -> None:
    tally = Tally.of(codes, START, STEP)
    assert len(tally) == 3000
    np.testing.assert_allclose([tally[place] for place in range(3000)], np.sort(values_of(codes)))
    expected = median(np.sort(values_of(codes)))
    found = median(tally)
    assert (found.value, found.low, found.high) == pytest.approx((expected.value, expected.low, expected.high))
    edges = np.linspace(START, START + STEPS * STEP, 49)
    assert tally.histogram(edges) == np.histogram(values_of(codes), edges)[0].tolist()


def test_some_images_against_the_others_are_as_groups_has_them(codes: np.ndarray) -> None:
    ones = np.random.default_rng(1).random(3000) < 0.04
    tally = Tally.of(codes, START, STEP)
    chosen = Tally.of(codes[ones], START, STEP)
    rest = tally.without(chosen)
    assert (len(chosen), len(rest)) == (ones.sum(), (~ones).sum())
    group = groups(Graded.of(values_of(codes)), ones.astype(np.int32), 2)[1]
    assert group.auc and rest.under(chosen) == pytest.approx(group.auc.value)
    assert median(chosen).value == pytest.approx(group.median.value)


def test_values_from_elsewhere_are_ranked_and_ties_count_as_half(codes: np.ndarray) -> None:
    tally, column = Tally.of(codes, START, STEP), values_of(codes)
    outside = np.array([START - 9, START + STEPS * STEP + 9, START + 700 * STEP, START + 1000.5 * STEP])
    below = [(column < value - STEP / 4).sum() + (np.abs(column - value) < STEP / 4).sum() / 2 for value in outside]
    assert below[2] > 300, "a tie with a third of them"
    np.testing.assert_allclose(tally.below(outside)[:3], below[:3])


def test_a_unit_that_never_varies_ties_with_itself() -> None:
    tally = Tally.of(np.zeros(10, np.uint16), 0.0, 0.0)
    assert tally.below(np.array([-1.0, 0.0, 1.0])).tolist() == [0, 5, 10]
    assert tally[0] == tally[9] == 0.0
