import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import rankdata

from app.corpus.given import Estimate, Graded, auc, commonest, counts_by_band, groups, median


@given(st.lists(st.tuples(st.integers(-4, 4), st.integers(-1, 3)), min_size=1, max_size=40))
def test_groups_are_those_of_brute_force(images: list[tuple[int, int]]) -> None:
    values = np.array([value for value, _ in images], np.float32)
    numbers = np.array([number for _, number in images], np.int32)
    found = groups(Graded.of(values), numbers, 4)
    assert [group.value for group in found] == sorted({number for number in numbers.tolist() if number >= 0})
    for group in found:
        ones, others = values[numbers == group.value], values[numbers != group.value]
        assert group.count == len(ones) and group.median.value == np.median(ones)
        if len(others):
            pairs = ones[:, None] - others
            assert group.auc and group.auc.value == pytest.approx(((pairs > 0) + (pairs == 0) / 2).mean())
            assert group.auc.low is not None and group.auc.high is not None
            assert 0 <= group.auc.low <= group.auc.value + 1e-9 and group.auc.value - 1e-9 <= group.auc.high <= 1
        else:
            assert group.auc is None


@pytest.mark.parametrize("n", [1, 5, 6, 7, 20, 501, 1000, 1001, 20_000])
def test_a_medians_interval_is_the_narrowest_that_holds_it_with_95_percent(n: int) -> None:
    found = median(np.arange(1, n + 1, dtype=float))
    assert found.value == (n + 1) / 2
    if found.low is None or found.high is None:
        assert 2 * 0.5**n > 0.05
        return
    k = int(found.low)
    assert found.high == n + 1 - k

    def missed(rank: int) -> float:
        return 2 * sum(math.exp(_log_choose(n, i) - n * math.log(2)) for i in range(rank))

    assert missed(k) <= 0.0505 and missed(k + 1) > 0.0495


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


@pytest.mark.parametrize(("ones", "others"), [(6, 500), (20, 20), (40, 2000)])
@pytest.mark.parametrize("shift", [0.0, 1.0, 2.5])
def test_an_aucs_interval_holds_the_truth_as_often_as_it_says(ones: int, others: int, shift: float) -> None:
    rng, held, runs = np.random.default_rng(3), 0, 400
    truth = 0.5 * (1 + math.erf(shift / 2))  # of two normal distributions
    for _ in range(runs):
        values = np.concatenate([rng.normal(shift, 1, ones), rng.normal(0, 1, others)])
        above = (rankdata(values)[:ones].sum() - ones * (ones + 1) / 2) / (ones * others)
        found = auc(float(above), ones, others)
        assert found.low is not None and found.high is not None
        held += found.low <= truth <= found.high
    assert held / runs >= 0.93


def test_few_images_say_little_even_where_they_are_all_above() -> None:
    few, many = auc(1.0, 3, 1000), auc(1.0, 300, 1000)
    assert few.high == pytest.approx(1) and few.low is not None and few.low < 0.7
    assert many.low is not None and many.low > 0.95


@given(st.lists(st.tuples(st.floats(-3, 3), st.integers(-1, 2)), min_size=1, max_size=40))
def test_every_image_is_in_one_band_under_one_label(images: list[tuple[float, int]]) -> None:
    values = np.array([value for value, _ in images])
    numbers = np.array([number for _, number in images], np.int32)
    edges = [-2.0, -1.0, 0.0, 2.0]
    counts = counts_by_band(Graded.of(values), edges, numbers, 3)
    assert counts.shape == (3, 4) and counts.sum() == len(images)
    assert counts[:, :3].sum(0).tolist() == [int((numbers == value).sum()) for value in range(3)]
    assert counts[1].sum() == ((values >= -1) & (values < 0)).sum()


def test_the_commonest_are_those_of_bands_drawn_from_equally() -> None:
    counts = np.array([[900, 100, 0, 0], [0, 0, 0, 0], [0, 2, 3, 5]])
    assert commonest(counts, 3) == [0, 1, 2]
    assert commonest(counts, 2, first=[2]) == [2, 0]
    assert commonest(np.array([[0, 300, 100], [1, 0, 0]]), 1) == [1], "one image is not a band like the others"
    assert commonest(np.array([[0, 4, 0, 4]]), 3) == [1], "what no image has is not shown"


def test_a_median_of_few_has_no_interval() -> None:
    assert median(np.array([1.0, 2.0])) == Estimate(1.5)
