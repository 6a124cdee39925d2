"""Top words: fonts that draw every language on offer, and means over the renderings."""

import pytest
import torch
from wordfreq import available_languages, top_n_list

from app.clip.clip import Clip
from app.corpus.look import measure
from app.errors import BadInput, NotFound
from app.lab.drawn import drawings
from app.lab.fonts import AILERON, FONTS, lacks
from app.lab.top_words import LANGUAGES, RENDERINGS, WordDrive, common, driving, undrawable

WORDS = ("cat", "Äpfel", "ice cream", "слово", "7")
VALUES = torch.tensor([[0.0, -5.0], [3.0, -1.0], [3.0, -3.0]])


@pytest.fixture(scope="module")
def drive(tiny_clip: Clip) -> WordDrive:
    *steps, found = driving(tiny_clip, WORDS, tiny_clip.default_layer)
    assert steps[-1] == (len(WORDS), len(WORDS))
    assert isinstance(found, WordDrive)
    return found


def test_a_word_counts_as_the_mean_over_its_pictures(tiny_clip: Clip, drive: WordDrive) -> None:
    for place, word in enumerate(WORDS):
        pictures = [picture for font in FONTS for picture in drawings(word, font=font)]
        assert len(pictures) == RENDERINGS.count
        values = measure(tiny_clip, tiny_clip.prepare(pictures), [tiny_clip.default_layer])[tiny_clip.default_layer][0]
        torch.testing.assert_close(drive.values[place], values.mean(0))


def test_fonts_draw_differently() -> None:
    shown = {drawings("Riga", font=font)[0].tobytes() for font in (*FONTS, AILERON)}
    assert len(shown) == len(FONTS) + 1


def test_strongest_and_weakest_come_with_what_they_do_beyond_any_word() -> None:
    drive = WordDrive(("a", "b", "c"), VALUES)
    assert drive.top(0, 2) == [("b", 3.0), ("c", 3.0)]
    assert drive.top(1, 5, weakest=True) == [("a", -5.0), ("c", -3.0), ("b", -1.0)]
    assert drive.top(1, 2, centred=True) == [("b", 2.0), ("c", 0.0)]
    assert drive.centred.mean(0).tolist() == [0.0, 0.0]


@pytest.mark.parametrize("language", sorted(available_languages("best")))
def test_the_languages_on_offer_are_those_that_can_be_drawn(language: str) -> None:
    words = top_n_list(language, 1000, wordlist="best")
    share = 1 - len(undrawable(words)) / len(words)
    assert share > 0.99 if language in LANGUAGES else share < 0.5


def test_common_words_are_the_paper_s_many_and_the_commonest_come_first() -> None:
    words = common("en", 10_000)
    assert len(set(words)) == 10_000 and words[0] == "the" and {"fire", "terrorist", "porn", "7"} <= set(words)
    with pytest.raises(BadInput, match="language: ja"):
        common("ja", 10)


def test_what_the_fonts_lack_is_named() -> None:
    assert undrawable(["cat", "猫", "été", "नमस्ते", "ελπίδα"]) == ("猫", "नमस्ते")
    assert lacks(AILERON, "ё") and not lacks(AILERON, "a b")


def test_what_cannot_be_measured_is_refused(tiny_clip: Clip) -> None:
    for words, layer, error, said in [
        (("猫",), tiny_clip.default_layer, BadInput, "猫"),
        ((), tiny_clip.default_layer, BadInput, "words"),
        (("cat",), "layer9", NotFound, "layer9"),
    ]:
        with pytest.raises(error, match=said):
            next(driving(tiny_clip, words, layer))
