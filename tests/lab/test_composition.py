"""Words as sums of units: the penalty's levels, the fit by its conditions of optimality, and the article's equations."""

import numpy as np
import pytest

from app.clip.clip import Clip
from app.clip.text import unit_scores
from app.errors import BadInput
from app.lab import composition
from app.lab.composition import Samples, asked, equation, even, fitting, kept, penalty, reading, texts, told_apart

WORDS, PROMPTS = ("happy", "sad", "angry", "calm", "out of control"), ("i am {}", "a {} face, so {}")
TWO = len(PROMPTS)


@pytest.fixture(scope="module")
def raw(tiny_clip: Clip) -> Samples:
    *counts, samples = reading(tiny_clip, texts(WORDS, PROMPTS))
    assert counts == [len(WORDS) * TWO] and not isinstance(samples, int)
    return samples


def test_every_prompt_is_filled_with_every_word_and_asks_what_its_text_asks(tiny_clip: Clip, raw: Samples) -> None:
    written = texts(WORDS, PROMPTS)
    assert written[:2] == ["i am happy", "a happy face, so happy"] and written[-2] == "i am out of control"
    assert np.allclose(raw, unit_scores(tiny_clip, written).numpy(), atol=1e-6)


def test_samples_are_made_even_by_one_number(raw: Samples) -> None:
    samples = even(raw, TWO)
    assert np.abs(samples.mean(0)).max() < 1e-12 and samples.var(0).mean() == pytest.approx(1)
    ratios = raw.std(0) / samples.std(0)
    assert np.allclose(ratios, ratios[0])


def test_words_that_lie_where_texts_are_cut_are_refused(tiny_clip: Clip) -> None:
    """The texts of a word differ, but those of all words are the same."""
    *_, samples = reading(tiny_clip, texts(WORDS, (50 * "a," + "{}", 50 * "b," + "{}")))
    assert not isinstance(samples, int) and samples.var(0).mean() > 0
    with pytest.raises(BadInput, match="reads the same from the texts of all words"):
        even(samples, 2)


@pytest.mark.parametrize("level", composition.LEVELS)
def test_the_fit_meets_the_conditions_of_a_lasso_with_a_free_intercept(raw: Samples, level: int) -> None:
    """Where a weight is 0 the loss is less steep than the penalty, elsewhere as steep, against the weight's sign."""
    samples, found = even(raw, TWO), []
    c = penalty(samples, TWO, level)
    for word, code in enumerate(fitting(samples, TWO, c)):
        wrong = 1 / (1 + np.exp(-samples @ code.weights - code.intercept))
        wrong[word * TWO : (word + 1) * TWO] -= 1
        slope = c * samples.T @ wrong
        chosen = code.weights != 0
        assert np.abs(slope[~chosen]).max() <= 1 + 0.02
        assert np.allclose(slope[chosen], -np.sign(code.weights[chosen]), atol=0.02)
        assert abs(c * wrong.sum()) < 0.02
        found.append(chosen.sum())
    assert max(found) > 0


def test_the_first_level_gives_a_quarter_of_the_words_a_unit_and_the_next_ones_more(raw: Samples) -> None:
    samples = even(raw, TWO)
    lots = [np.array([np.count_nonzero(code.weights) for code in fitting(samples, TWO, penalty(samples, TWO, level))])
            for level in composition.LEVELS]  # fmt: skip
    assert np.mean(lots[0] > 0) <= 0.4
    assert np.all(np.diff([np.mean(each > 0) for each in lots]) >= 0) and lots[-1].min() >= 1
    assert penalty(samples, TWO, 40) == pytest.approx(4 * penalty(samples, TWO, 10))


def test_planted_units_are_the_codes_and_tell_the_words_apart() -> None:
    rng = np.random.default_rng(0)
    samples = rng.normal(0, 0.1, (60, 50))
    for word in range(20):
        samples[3 * word : 3 * word + 3, word] += 5
    samples = even(samples, 3)
    codes = list(fitting(samples, 3, penalty(samples, 3, 40)))
    assert [int(code.weights.argmax()) for code in codes] == list(range(20))
    assert told_apart(samples, 3, codes) == 1.0
    assert told_apart(samples, 3, codes[::-1]) == 0.0


JEALOUS = [(312, 84.668), (399, 70.375), (767, 50.503), (1486, 47.897), (1234, 34.872), (1430, 11.28), (2264, -1.624),
           (599, -47.47), (1193, -53.027)]  # fmt: skip


def test_an_equation_is_written_as_the_article_writes_it() -> None:
    """Its code of `jealous`, with the units that read pairs of letters, and its equation."""
    terms = equation(kept(JEALOUS, {312, 399, 599, 1486}))
    assert [(unit, round(weight, 2)) for unit, weight in terms] == [
        (767, 1.0),
        (1234, 0.69),
        (1430, 0.22),
        (1193, -1.05),
    ]


def test_equations_without_positive_weights_or_with_nothing_left() -> None:
    assert equation(kept([(5, -2.0), (7, -4.0), (9, 0.0)], ())) == [(7, -1.0), (5, -0.5)]
    assert equation(kept([(5, 2.0)], {5})) == []
    assert len(equation(kept([(unit, 1.0) for unit in range(9)], ()))) == composition.TERMS


def test_what_words_ask_for_is_the_mean_of_their_texts_where_it_is_more_than_that_of_all(raw: Samples) -> None:
    samples = even(raw, TWO)
    found = asked(samples, TWO)
    assert found.shape == (len(WORDS), 256) and found.min() == 0
    assert np.allclose(found[1], np.maximum((samples[2] + samples[3]) / 2, 0))
