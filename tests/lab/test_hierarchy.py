"""The tree of classes by the units that they share."""

import numpy as np
from scipy.spatial.distance import cosine

from app.lab.hierarchy import joins, leaves


def test_classes_meet_by_the_units_that_they_share() -> None:
    cat, dog, car, truck, moon = np.eye(6)[:5]
    weight = np.stack([cat + 2 * np.eye(6)[5], dog + 2 * np.eye(6)[5], car, truck + 0.5 * car, moon], 1)
    first, second = joins(weight)
    assert ({first.left, first.right}, first.unit) == ({0, 1}, 5)
    assert ({second.left, second.right}, second.unit) == ({2, 3}, 2)
    assert np.isclose(first.cosine, 1 - cosine(weight[:, 0], weight[:, 1]))
    assert leaves([first, second], 5) == [0, 1, 2, 3], "the moon shares nothing"


def test_a_later_branch_names_earlier_ones_and_averages_over_pairs() -> None:
    weight = np.array([[1.0, 1, 1], [0, 0.1, 1]])
    first, second = joins(weight)
    assert {first.left, first.right} == {0, 1} and {second.left, second.right} == {2, 3}
    assert np.isclose(second.cosine, 1 - (cosine(weight[:, 0], weight[:, 2]) + cosine(weight[:, 1], weight[:, 2])) / 2)
    assert leaves([first, second], 3) in ([0, 1, 2], [2, 0, 1])


def test_classes_without_weights_share_nothing() -> None:
    assert joins(np.zeros((4, 3))) == []
    assert joins(np.ones((4, 1))) == []
