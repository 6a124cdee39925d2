"""The quiz: a fair question whose answer lies in the activations alone."""

import numpy as np

from app.lab.proportion import share
from app.lab.quiz import LEAST_IMAGES, REFERENCES, trial

TOP, BOTTOM = np.arange(100), np.arange(1000, 1040)


def test_the_pair_has_one_image_of_each_end_and_none_of_the_references() -> None:
    for seed in range(100):
        found = trial(TOP, BOTTOM, seed)
        assert found is not None
        assert len(found.strongest) == len(found.weakest) == REFERENCES
        assert found.pair[found.answer] in TOP
        assert found.pair[1 - found.answer] in BOTTOM
        assert not set(found.pair) & {*found.strongest, *found.weakest}


def test_the_answer_is_left_as_often_as_right() -> None:
    answers = [found.answer for seed in range(400) if (found := trial(TOP, BOTTOM, seed))]
    assert 160 < sum(answers) < 240
    assert trial(TOP, BOTTOM, 3) == trial(TOP, BOTTOM, 3)


def test_what_was_seen_is_asked_about_only_where_nothing_else_is_left() -> None:
    shown: list[int] = []
    for seed in range(3):
        found = trial(TOP, BOTTOM, seed, shown)
        assert found is not None
        assert not set(found.pair) & set(shown)
        shown += [*found.pair, *found.strongest, *found.weakest]
    assert trial(TOP, BOTTOM, 9, [*range(100), *range(1000, 1040)]) == trial(TOP, BOTTOM, 9)


def test_the_smallest_corpus_that_a_question_can_be_made_of() -> None:
    order = np.arange(LEAST_IMAGES)
    assert trial(order, order[::-1], 0) is not None
    assert trial(order[:-1], order[:-1][::-1], 0) is None


def test_too_few_images_make_no_trial() -> None:
    few = np.array([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, -1, -1])
    assert trial(few, few[::-1], 0) is None
    assert trial(np.arange(10), np.arange(10, 20), 0) is not None


def test_a_score_has_its_interval() -> None:
    found = share(46, 50)
    assert found.share == 0.92
    assert found.low is not None
    assert found.high is not None
    assert 0.81 < found.low < 0.82
    assert 0.96 < found.high < 0.98
    assert share(0, 0).share is None
