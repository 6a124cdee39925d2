"""Terms: what a text asks for beyond the usual, as an equation whose largest weight is 1."""

import numpy as np
import pytest

from app.clip.clip import Clip
from app.clip.text import unit_scores
from app.lab.terms import LONGEST, USUAL, Terms, usual_texts, words_of


def terms(seed: int = 0) -> Terms:
    scores, usual = np.random.default_rng(seed).normal(size=(2, 40))
    return Terms(scores, usual)


def test_the_weighted_units_add_up_to_what_is_beyond_the_usual() -> None:
    each = terms()
    np.testing.assert_allclose(each.weights * each.beyond.max() + each.usual, each.scores, rtol=1e-12)
    assert each.weights.max() == 1


def test_the_strongest_come_first_on_both_sides_and_have_their_ranks() -> None:
    each = terms()
    order = sorted(range(40), key=lambda unit: -each.beyond[unit])
    assert each.positive(6) == order[:6]
    assert each.negative(3) == order[:-4:-1]
    assert [each.rank(unit) for unit in order] == list(range(1, 41))


def test_a_side_shows_only_units_of_its_sign() -> None:
    each = Terms(np.array([0.2, -1.0, 0.0, 3.0]), np.zeros(4))
    assert each.positive(4) == [3, 0]
    assert each.negative(4) == [1]


def test_the_share_is_that_of_the_squared_length() -> None:
    each = Terms(np.array([3.0, -4.0, 0.0, 12.0]), np.zeros(4))
    assert each.share([0, 1]) == pytest.approx(25 / 169)
    assert each.share([0, 1, 2, 3]) == pytest.approx(1)


def test_a_text_that_asks_for_nothing_has_no_terms() -> None:
    each = Terms(np.ones(5), np.ones(5))
    assert (each.positive(5), each.negative(5), each.share([0])) == ([], [], 0)
    assert not each.weights.any()


def test_usual_texts_have_as_many_words_and_stay_the_same() -> None:
    texts = usual_texts(3)
    assert len(texts) == USUAL and len(set(texts)) > USUAL / 2
    assert {len(text.split()) for text in texts} == {3}
    assert usual_texts(3) == texts
    assert {len(text.split()) for text in usual_texts(9 * LONGEST)} == {LONGEST}
    assert (words_of(" a  red apple "), words_of(""), words_of("x " * 99)) == (3, 1, LONGEST)


def test_usual_texts_on_average_ask_for_nothing_beyond_the_usual(tiny_clip: Clip) -> None:
    scores = unit_scores(tiny_clip, usual_texts(2)).double().numpy()
    beyond = np.stack([Terms(each, scores.mean(0)).beyond for each in scores])
    np.testing.assert_allclose(beyond.mean(0), 0, atol=1e-12)
    assert np.abs(beyond).max() > 1e-3
