"""Families found by clustering: planted ones are found again, what belongs to none is left out, names say what is shared."""

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import adjusted_rand_score

from app.lab.families import LEAST, NONE, Clusters, clustering, meanings, names, similarity


def cluster(alike: NDArray, **limits: int) -> Clusters:
    """What `clustering` comes to, having said how far it is."""
    *shares, found = clustering(alike, **limits)
    assert isinstance(found, Clusters) and all(0 <= share < 1 for share in shares if isinstance(share, float))
    return found


def planted(sizes: list[int], loose: int, strength: float, seed: int) -> tuple[NDArray, NDArray, NDArray]:
    """Correlations and meanings of units that share a hidden signal by family, of units that share none, and the truth."""
    draw = np.random.default_rng(seed)
    truth = np.array([family for family, size in enumerate(sizes) for _ in range(size)] + [NONE] * loose)
    order = draw.permutation(len(truth))
    truth = truth[order]
    signals, ideas = draw.normal(size=(len(sizes), 2000)), draw.normal(size=(len(sizes), 24))
    own, said = draw.normal(size=(len(truth), 2000)), draw.normal(size=(len(truth), 24))
    known = truth != NONE
    own[known] += strength * signals[truth[known]]
    said[known] += 2 * strength * ideas[truth[known]]
    return np.asarray(np.corrcoef(own)), said / np.linalg.norm(said, axis=1, keepdims=True), truth


@pytest.mark.parametrize("seed", range(3))
def test_planted_families_are_found_and_loose_units_left_out(seed: int) -> None:
    correlations, meaning, truth = planted([30, 20, 12, 8, 8, 6], 40, 1.5, seed)
    found = cluster(similarity(correlations, meaning))
    known = truth != NONE
    assert adjusted_rand_score(truth[known], found.member[known]) > 0.95
    assert len(found.cohesion) >= 6 and (found.cohesion[:6] > found.beside[:6] + 0.3).all()
    assert (found.member[~known] == NONE).mean() > 0.5
    sizes = np.bincount(found.member[found.member != NONE])
    assert sizes.min() >= LEAST and (np.diff(sizes) <= 0).all(), "the largest first"


def test_either_what_units_do_or_what_they_mean_is_enough_and_neither_is_not() -> None:
    correlations, meaning, truth = planted([30, 20, 14], 0, 1.5, 5)
    nothing = np.zeros_like(meaning)
    doing = cluster(similarity(correlations, nothing))
    meant = cluster(similarity(np.eye(len(truth)), meaning))
    for found in (doing, meant):
        assert adjusted_rand_score(truth, found.member) > 0.95
    shuffled = np.random.default_rng(0).permutation(truth)
    assert abs(adjusted_rand_score(shuffled, doing.member)) < 0.1


def test_the_same_numbers_give_the_same_families_whatever_the_units_order() -> None:
    correlations, meaning, truth = planted([20, 15, 10], 12, 1.2, 9)
    alike = similarity(correlations, meaning)
    once, again = cluster(alike), cluster(alike)
    assert np.array_equal(once.member, again.member) and np.array_equal(once.fit, again.fit)
    order = np.random.default_rng(1).permutation(len(truth))
    other = cluster(alike[np.ix_(order, order)])
    assert adjusted_rand_score(once.member[order], other.member) == 1


def test_no_more_families_than_asked_for_are_made_by_joining_them() -> None:
    correlations, meaning, truth = planted([12] * 10, 0, 1.5, 4)
    alike = similarity(correlations, meaning)
    assert len(cluster(alike).cohesion) == 10
    few = cluster(alike, most=4)
    assert 2 <= len(few.cohesion) <= 4 and (few.member != NONE).mean() > 0.5
    whole = [len(set(few.member[(truth == family) & (few.member != NONE)])) for family in range(10)]
    assert max(whole) == 1, "a planted family was torn"


def test_a_familys_units_come_with_the_best_fitting_first() -> None:
    found = cluster(similarity(*planted([20, 15], 5, 1.5, 2)[:2]))
    fits = found.fit[found.units(0)]
    assert (fits > 0).all() and (np.diff(fits) <= 0).all() and len(fits) == (found.member == 0).sum()


@pytest.mark.parametrize("units", [0, 1, 2, 3, 7])
def test_few_units_have_no_family_rather_than_an_error(units: int) -> None:
    found = cluster(np.eye(units))
    assert found.member.tolist() == [NONE] * units and not len(found.cohesion)


def test_units_that_are_all_the_same_do_not_fail() -> None:
    assert isinstance(cluster(np.ones((40, 40))), Clusters)


def test_similarity_is_the_mean_of_the_two() -> None:
    correlations = np.array([[1, 0.5], [0.5, 1]])
    meaning = np.array([[1.0, 0], [0.6, 0.8]])
    assert similarity(correlations, meaning) == pytest.approx(np.array([[1, 0.55], [0.55, 1]]))


def test_units_of_which_one_means_nothing_are_as_alike_as_what_they_do() -> None:
    correlations = np.array([[1, 0.5, 0.8], [0.5, 1, -0.2], [0.8, -0.2, 1]])
    meaning = np.array([[1.0, 0], [0.6, 0.8], [0, 0]])
    expected = np.array([[1, 0.55, 0.8], [0.55, 1, -0.2], [0.8, -0.2, 1]])
    assert similarity(correlations, meaning) == pytest.approx(expected)
    assert similarity(correlations, meaning * 0) == pytest.approx(correlations)


def test_what_all_words_have_in_common_means_nothing() -> None:
    draw = np.random.default_rng(0)
    words = draw.normal(size=(50, 16))
    weights = np.zeros((3, 50))
    weights[0, 7], weights[1, 7], weights[1, 8] = 3, 1, 1
    plain, shifted = meanings(weights, words), meanings(weights, words + 100)
    assert plain == pytest.approx(shifted) and np.linalg.norm(plain, axis=1) == pytest.approx([1, 1, 0])
    assert plain[0] @ plain[1] > 0.5


def test_a_family_is_named_by_what_its_units_share_more_than_others_do() -> None:
    words = [
        {"cat": 0.7, "animal": 0.3}, {"dog": 0.7, "animal": 0.3}, {"cat": 0.6, "animal": 0.4},
        {"red": 1.0}, {"red": 0.5, "fruit": 0.5}, {"fruit": 0.9, "animal": 0.1}, {"pear": 1.0}, {},
    ]  # fmt: skip
    found = names([0, 0, 0, 1, 1, 1, NONE, NONE], words)
    assert set(found[0]) == {"cat", "animal"} and found[0][0] == "cat", "dog is of one unit only"
    assert set(found[1]) == {"red", "fruit"}, "animal is commoner outside"
    assert names([0, 0, 0], [{"a": 1.0}, {"b": 1.0}, {}]) == [()]
    assert names([], []) == []
