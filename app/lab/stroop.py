"""The Stroop test: the name of a colour written in another colour. Which of the two does a model's zero-shot choice go by?

Goh et al. 2021, "Typographic attacks", figure 17: eight inks, the word "example" and seven colours' names, and the text "my
favorite word, written in the color ...". How the words were laid out is not published. Here each is drawn in every one of
`FONTS` and at every one of `PLACES`, and its answer is the mean of the probabilities over these pictures.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from PIL import Image, ImageColor
from torch import Tensor

from app.clip.clip import Clip
from app.errors import BadInput
from app.lab.classes import Classes, class_texts, zero_shot
from app.lab.drawn import Colour, written
from app.lab.fonts import FONTS, lacks

PLACES = ((0.85, 0.5, 0.5), (0.55, 0.36, 0.3))
"""Width, and the middle across and down, as shares of the picture."""

PAPERS: dict[str, tuple[Colour, ...]] = {
    "white": ((255, 255, 255),),
    "black": ((0, 0, 0),),
    "both": ((255, 255, 255), (0, 0, 0)),
}
FEWEST_APART = 12  # of 255, in the channel where ink and paper are furthest apart


@dataclass(frozen=True)
class Ink:
    """A colour and its name, which is what the model chooses among."""

    name: str
    colour: Colour


def ink(text: str) -> Ink:
    """An ink from its name, one of the 148 colours that CSS names, or from any name and its colour: `mauve #e0b0ff`.

    Raises:
        BadInput: the name is none of those and no colour is given, or it cannot be read or shown.
    """
    name, _, colour = text.strip().rpartition(" ") if "#" in text else (text.strip(), "", text.strip())
    try:
        red, green, blue, *_ = ImageColor.getrgb(colour)
    except ValueError as error:
        raise BadInput(
            f"inks: {text.strip()!r} is no colour that CSS names: write its colour after it, such as mauve #e0b0ff.",
            field="inks",
        ) from error
    if max(red, green, blue) > 255:
        raise BadInput(f"inks: {colour} is brighter than a screen: a channel goes up to 255.", field="inks")
    if not name:
        raise BadInput(f"inks: {colour} has no name: write one before it, such as mauve #e0b0ff.", field="inks")
    return Ink(name.strip(), (red, green, blue))


def stimuli(word: str, colour: Colour, papers: Sequence[Colour]) -> list[Image.Image]:
    """The pictures of a word in an ink: on each paper in every font at every place. On paper of nearly its own colour an ink
    cannot be seen, and is not drawn."""
    return [
        written(word, font, width=width, x=x, y=y, ink=colour, paper=paper)
        for paper in papers
        if _seen(colour, paper)
        for font in FONTS
        for width, x, y in PLACES
    ]


def check(inks: Sequence[Ink], words: Sequence[str], papers: Sequence[Colour]) -> None:
    """Raise `BadInput` for an ink that none of the papers shows or that has the name of another, or a word that some font has
    not all letters for."""
    for place, each in enumerate(inks):
        if each.name.casefold() in {other.name.casefold() for other in inks[:place]}:
            raise BadInput(f"inks: two are called {each.name}: give one of them another name.", field="inks")
        if not any(_seen(each.colour, paper) for paper in papers):
            raise BadInput(f"inks: {each.name} cannot be seen on this paper: choose another.", field="inks")
    for word in words:
        if any(lacks(font, word) for font in FONTS):
            raise BadInput(f"words: {word!r} cannot be drawn: the fonts lack some of its letters.", field="words")


def answering(
    clip: Clip, inks: Sequence[Ink], words: Sequence[str], prompt: str, papers: Sequence[Colour]
) -> Iterator[tuple[int, int] | Tensor]:
    """Show the model every word in every ink, one of them a step.

    Yields:
        How many are done and how many there are; at the end how likely each ink is for each: [inks, words, inks], rows sum
        to 1.

    Raises:
        BadInput: as `check`, or the model cannot read texts.
    """
    check(inks, words, papers)
    texts = class_texts(clip, Classes(tuple(each.name for each in inks), (prompt,)))
    rows, total = [], len(inks) * len(words)
    for each in inks:
        for word in words:
            pictures = stimuli(word, each.colour, papers)
            rows.append(zero_shot(clip, clip.prepare(pictures), texts).mean(0))
            yield len(rows), total
    yield torch.stack(rows).view(len(inks), len(words), len(inks))


@dataclass(frozen=True)
class Outcome:
    """How many of the pictures' answers were what. A word is neutral that names no ink; the others are congruent in the ink
    that they name, and incongruent in every other."""

    neutral: int
    neutral_right: int
    congruent: int
    congruent_right: int
    incongruent: int
    as_ink: int
    as_word: int


def outcome(inks: Sequence[str], words: Sequence[str], answers: Sequence[Sequence[str]]) -> Outcome:
    """Count the answers [inks][words], each the name of an ink."""
    names = {name.casefold(): name for name in inks}
    cells = [
        (row, names.get(word.casefold()), answer)
        for row, told in zip(inks, answers, strict=True)
        for word, answer in zip(words, told, strict=True)
    ]
    neutral = [answer == row for row, meant, answer in cells if meant is None]
    congruent = [answer == row for row, meant, answer in cells if meant == row]
    incongruent = [(answer == row, answer == meant) for row, meant, answer in cells if meant not in (None, row)]
    return Outcome(
        neutral=len(neutral),
        neutral_right=sum(neutral),
        congruent=len(congruent),
        congruent_right=sum(congruent),
        incongruent=len(incongruent),
        as_ink=sum(by_ink for by_ink, _ in incongruent),
        as_word=sum(by_word for _, by_word in incongruent),
    )


def _seen(colour: Colour, paper: Colour) -> bool:
    return max(abs(one - other) for one, other in zip(colour, paper, strict=True)) >= FEWEST_APART
