"""The Stroop test: what is drawn, what is asked, and how answers are counted."""

import numpy as np
import pytest
import torch

from app.clip.clip import Clip
from app.errors import BadInput
from app.lab.classes import Classes, class_texts, zero_shot
from app.lab.stroop import PAPERS, PLACES, Ink, Outcome, answering, ink, outcome, stimuli
from app.spec import INKS, STROOP_PROMPT, STROOP_WORDS

RED, BLUE = ink("red"), ink("blue")


def test_a_word_is_drawn_in_its_ink_and_nothing_else() -> None:
    for picture in stimuli("blue", RED.colour, PAPERS["both"]):
        codes, counts = np.unique(np.asarray(picture) @ (65_536, 256, 1), return_counts=True)
        paper, second = codes[np.argsort(counts)[::-1][:2]]
        assert paper in (0xFFFFFF, 0x000000) and second == 0xFF0000
        assert (codes // 256 % 256 == codes % 256).all()  # the edges are between red and the paper


@pytest.mark.parametrize(
    ("text", "expected"),
    [("red", Ink("red", (255, 0, 0))), (" mauve  #e0b0ff", Ink("mauve", (224, 176, 255))), ("sky blue #8cf", None)],
)
def test_an_ink_is_a_css_colour_or_brings_its_own(text: str, expected: Ink | None) -> None:
    assert ink(text) == (expected or Ink("sky blue", (136, 204, 255)))


@pytest.mark.parametrize("text", ["mauvish", "#ff0000", "mauve #12", "", "rgb(999,0,0)"])
def test_an_ink_that_is_no_colour_is_refused(text: str) -> None:
    with pytest.raises(BadInput) as refused:
        ink(text)
    assert refused.value.field == "inks"


@pytest.mark.parametrize(
    ("inks", "words", "paper", "field"),
    [
        ((ink("black"), RED), ("red",), "black", "inks"),
        ((ink("Red #e00000"), RED), ("red",), "white", "inks"),
        ((RED, BLUE), ("\u2603\u4e2d",), "white", "words"),
    ],
)
def test_what_cannot_be_seen_is_refused(inks: tuple[Ink, ...], words: tuple[str, ...], paper: str, field: str) -> None:
    with pytest.raises(BadInput) as refused:
        stimuli_of_all = answering(None, inks, words, "{}", PAPERS[paper])  # pyright: ignore[reportArgumentType]
        next(stimuli_of_all)
    assert refused.value.field == field


def test_an_answer_is_the_mean_of_the_zero_shot_choices(tiny_clip: Clip) -> None:
    *told, found = answering(tiny_clip, (RED, BLUE), ("example", "red"), "a {} word", PAPERS["white"])
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert isinstance(found, torch.Tensor) and found.shape == (2, 2, 2)
    pictures = stimuli("red", BLUE.colour, PAPERS["white"])
    assert len(pictures) == 3 * len(PLACES)
    texts = class_texts(tiny_clip, Classes(("red", "blue"), ("a {} word",)))
    expected = torch.stack([zero_shot(tiny_clip, tiny_clip.prepare([each]), texts)[0] for each in pictures]).mean(0)
    torch.testing.assert_close(found[1, 1], expected, rtol=1e-4, atol=1e-6)


def test_answers_are_counted_by_what_ink_and_word_say() -> None:
    answers = [["red", "red", "blue"], ["red", "red", "blue"], ["green", "green", "red"]]
    found = outcome(("red", "blue", "green"), ("example", "Red", "blue"), answers)
    assert found == Outcome(
        neutral=3, neutral_right=2, congruent=2, congruent_right=2, incongruent=4, as_ink=1, as_word=2
    )


def test_the_articles_own_setting() -> None:
    found = outcome(INKS, STROOP_WORDS, [["pink"] * len(STROOP_WORDS)] * len(INKS))
    assert (found.neutral, found.congruent, found.incongruent) == (8, 7, 49)
    assert STROOP_PROMPT == "my favorite word, written in the color {}"
