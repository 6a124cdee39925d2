"""Surveys of a layer: the draw, and the shares against hand computations."""

import math
from collections import Counter

import pytest

from app.lab.proportion import share
from app.lab.survey import PUBLISHED, UNITS, draw


def test_fifty_units_are_drawn_without_replacement_and_the_same_for_a_seed() -> None:
    found = draw(768, seed=7)
    assert len(found) == len(set(found)) == UNITS
    assert set(found) <= set(range(768))
    assert found == draw(768, seed=7)
    assert found != draw(768, seed=8)


def test_a_small_layer_is_judged_as_a_whole() -> None:
    assert sorted(draw(12, seed=3)) == list(range(12))


def test_every_unit_is_drawn_as_often_as_any_other() -> None:
    """2,000 draws of 5 of 20: each 500 times, with a standard deviation of sqrt(2000 x 1/4 x 3/4) = 19.4."""
    often = Counter(unit for seed in range(2000) for unit in draw(20, seed, count=5))
    assert all(abs(often[unit] - 500) < 5 * 19.4 for unit in range(20))


def test_the_shares_of_the_articles_own_counts() -> None:
    """38, 9 and 3 of 50 are its 76, 18 and 6%; Wilson's interval of 38 of 50 by hand."""
    assert [share(count, 50).share for count in (38, 9, 3)] == [each.share for each in PUBLISHED.values()]
    z, n, p = 1.959964, 50, 0.76
    middle, half = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    found = share(38, 50)
    assert found.count == 38
    assert found.low == pytest.approx((middle - half) / (1 + z * z / n), abs=1e-6)
    assert found.high == pytest.approx((middle + half) / (1 + z * z / n), abs=1e-6)


def test_the_articles_interval_is_the_normal_one() -> None:
    half = 1.96 * math.sqrt(0.76 * 0.24 / 50)
    published = PUBLISHED["interpretable"]
    assert (published.low, published.high) == (round(0.76 - half, 2), round(0.76 + half, 2))


def test_nothing_judged_has_no_share() -> None:
    assert share(0, 0).share is None
