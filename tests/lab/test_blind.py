"""Blind labelling: what is drawn, and the shares and agreement against hand computations."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.corpus.bands import numbers as numbers_of_bands
from app.lab.blind import draw, shares


@given(st.lists(st.floats(-5, 50, width=32), min_size=1, max_size=200), st.integers(0, 2**32))
def test_the_same_number_from_every_band_as_far_as_there_are_images(numbers: list[float], seed: int) -> None:
    values = np.array(numbers, np.float32)
    found = draw(values, each=4, seed=seed)
    assert len(set(found.images)) == len(found.images)
    there = Counter(numbers_of_bands(values, np.array(found.edges)).tolist())
    assert Counter(found.bands) == {band: min(4, count) for band, count in there.items()}
    for image, band in zip(found.images, found.bands, strict=True):
        assert found.edges[band] <= values[image] <= found.edges[band + 1]


def test_the_bands_are_of_equal_width_over_the_whole_range() -> None:
    found = draw(np.linspace(-1, 9, 1000))
    np.testing.assert_allclose(np.diff(found.edges), 1.0)
    assert (found.edges[0], found.edges[-1]) == (-1, 9)


def test_the_order_tells_nothing_of_the_activation() -> None:
    """Rank correlation between place and band, over many seeds: none on average."""
    values = np.random.default_rng(0).normal(size=2000)
    tied = []
    for seed in range(200):
        found = draw(values, seed=seed)
        tied.append(np.corrcoef(np.arange(len(found.bands)), found.bands)[0, 1])
    assert abs(np.mean(tied)) < 4 * np.std(tied) / np.sqrt(len(tied))
    assert draw(values, seed=1) == draw(values, seed=1)
    assert draw(values, seed=1).images != draw(values, seed=2).images


def test_a_unit_that_never_varies_has_one_band() -> None:
    found = draw(np.full(30, 0.5), each=12)
    assert found.bands == [0] * 12


def test_shares_and_intervals_are_those_computed_by_hand() -> None:
    bands = [0, 0, 0, 0, 1, 1, 2]
    tags = ["cat", "dog", "cat", None, "dog", "dog", None]
    cats, dogs = shares(bands, tags, ["cat", "dog"], 3)
    assert [each.count for each in cats] == [2, 0, 0]
    assert [each.share for each in cats] == [pytest.approx(2 / 3), 0.0, None]
    assert [each.share for each in dogs] == [pytest.approx(1 / 3), 1.0, None]
    # Wilson: (p + z^2/2n +- z sqrt(p(1-p)/n + z^2/4n^2)) / (1 + z^2/n) with n = 3, p = 2/3, z = 1.959964
    z, n, p = 1.959964, 3, 2 / 3
    middle, half = p + z * z / (2 * n), z * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    assert cats[0].low == pytest.approx((middle - half) / (1 + z * z / n), abs=1e-6)
    assert cats[0].high == pytest.approx((middle + half) / (1 + z * z / n), abs=1e-6)
