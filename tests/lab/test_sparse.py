"""The L1 solver against scikit-learn's, and against the conditions that only the best model fulfils."""

from collections.abc import Generator

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.linear_model import LogisticRegression

from app.lab.sparse import Linear, Problem, penalties, settled, solving


def best(problem: Problem, penalty: float, start: Linear | None = None) -> Linear:
    found = run(solving(problem, penalty, start))
    assert found is not None
    return found


def run(steps: Generator[None, None, Linear | None]) -> Linear | None:
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


@pytest.fixture(scope="module")
def problem() -> Problem:
    """Six classes of unequal size, on forty correlated units of which a third say something."""
    rng = np.random.default_rng(0)
    y = np.repeat(np.arange(6), [80, 60, 50, 40, 40, 30])
    centres = rng.normal(size=(6, 40)) * (np.arange(40) < 13)
    x = (centres[y] + rng.normal(size=(300, 40))) @ (np.eye(40) + 0.3 * rng.normal(size=(40, 40)))
    return Problem((x - x.mean(0)) / x.std(0), y, 6)


@pytest.mark.parametrize("share", [0.5, 0.1, 0.02])
def test_it_finds_what_scikit_learn_finds(problem: Problem, share: float) -> None:
    penalty = share * problem.largest_penalty
    found = best(problem, penalty)
    sklearn = LogisticRegression(l1_ratio=1, C=1 / (300 * penalty), solver="saga", tol=1e-7, max_iter=5000)
    sklearn.fit(problem.x, problem.y)
    assert np.abs(found.weight - settled(sklearn.coef_.T)).max() < 1e-3
    assert np.abs(centred(found.bias) - centred(np.asarray(sklearn.intercept_))).max() < 1e-3
    assert 0 < np.count_nonzero(found.weight) < found.weight.size
    assert np.abs(softmax(found.logits(problem.x), 1) - sklearn.predict_proba(problem.x)).max() < 1e-3


def centred(bias: np.ndarray) -> np.ndarray:
    """Adding a number to all biases changes nothing."""
    return bias - bias.mean()


def test_with_two_classes_only_one_has_a_weight_on_a_unit(problem: Problem) -> None:
    two = Problem(problem.x, (problem.y == 0).astype(int), 2)
    penalty = 0.1 * two.largest_penalty
    found = best(two, penalty)
    sklearn = LogisticRegression(l1_ratio=1, C=1 / (300 * penalty), solver="saga", tol=1e-7, max_iter=5000)
    sklearn.fit(two.x, two.y)
    assert np.abs(found.weight[:, 1] - found.weight[:, 0] - sklearn.coef_[0]).max() < 1e-3
    assert (found.weight.min(1) == 0).all()


def test_no_weight_misses_its_optimality_condition(problem: Problem) -> None:
    for penalty in penalties(problem, 0.5, 0.01):
        model = best(problem, penalty)
        chances = softmax(model.logits(problem.x), 1)
        off = chances - np.eye(6)[problem.y]
        gradient = problem.x.T @ off / 300
        on = model.weight != 0
        assert np.abs(gradient + penalty * np.sign(model.weight))[on].max() < 1e-4 * penalty
        assert np.abs(gradient)[~on].max() < (1 + 1e-4) * penalty
        assert np.abs(off.mean(0)).max() < 1e-4 * penalty


def test_where_it_starts_does_not_matter(problem: Problem) -> None:
    penalty = 0.05 * problem.largest_penalty
    cold, warm = best(problem, penalty), best(problem, penalty, best(problem, 4 * penalty))
    assert np.abs(cold.weight - warm.weight).max() < 1e-4


def test_the_largest_penalty_leaves_nothing_and_a_smaller_one_something(problem: Problem) -> None:
    largest = problem.largest_penalty
    assert not best(problem, largest * 1.001).weight.any()
    assert best(problem, largest * 0.98).weight.any()
    found = list(penalties(problem, 0.5, 0.1))
    assert np.allclose(found, [0.5 * largest, 0.25 * largest, 0.125 * largest])


def test_the_free_part_of_a_units_weights_changes_neither_chances_nor_penalty() -> None:
    weight = np.array([[-3.0, -1, 2, 5], [0, 0, 0, 2], [-2, -1, 0, 4], [-2, -1, 0, 0], [-1, 0, 1, 1]])
    found = settled(weight)
    assert found.tolist() == [[-2, 0, 3, 6], [0, 0, 0, 2], [-1, 0, 1, 5], [-2, -1, 0, 0], [-2, -1, 0, 0]]
    assert np.abs(found).sum() == np.abs(weight).sum()
    assert np.array_equal(settled(weight[:, :3]), weight[:, :3])


def test_a_unit_that_never_varies_gets_no_weight(problem: Problem) -> None:
    dead = np.column_stack([problem.x, np.zeros(300)])
    assert not best(Problem(dead, problem.y, 6), 0.05 * problem.largest_penalty).weight[-1].any()


def test_a_problem_in_which_nothing_varies_has_no_penalties_to_try(problem: Problem) -> None:
    assert list(penalties(Problem(np.zeros((300, 4)), problem.y, 6), 0.8, 0.01)) == []


def test_more_weights_than_there_is_room_for_are_never_moved(problem: Problem) -> None:
    penalty = 0.02 * problem.largest_penalty
    whole = best(problem, penalty)
    needed = int(np.count_nonzero(whole.weight)) + 6
    assert run(solving(problem, penalty, most=needed // 2)) is None
    found = run(solving(problem, penalty, most=needed + needed // 5))
    assert found is not None and np.abs(found.weight - whole.weight).max() < 1e-4
