"""What units a text is made of: the equation of "Understanding language" in Goh et al. 2021, "surprised = celebration + shock".

W x_text, in `app.clip.text`, is a vector over the last layer's units. Most of it is what any text asks for, and what any text
of so many words does: the units that it makes large are the same for all. Taken away is what texts of as many common words,
drawn by chance, ask for on average. The article divides an equation's weights by the largest, and so do we.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.random import default_rng
from numpy.typing import NDArray

from app.clip.clip import Clip
from app.clip.text import unit_scores
from app.lab.top_words import common

USUAL = 64  # texts that any other is held against
AMONG = 1000  # commonest English words that they are made of
LONGEST = 24  # words: about as many as a text encoder reads of the longest text that it may be given


def usual_texts(words: int) -> list[str]:
    """Texts of so many common words, from 1 to `LONGEST`, in no order: the same ones whenever they are asked for."""
    count = min(max(words, 1), LONGEST)
    drawn = default_rng(count).choice(common("en", AMONG), (USUAL, count))
    return [" ".join(text) for text in drawn]


def words_of(text: str) -> int:
    """How many words `usual_texts` need to be like a text."""
    return min(max(len(text.split()), 1), LONGEST)


@dataclass(frozen=True, eq=False)
class Terms:
    """A text as a sum of units: its `scores` and those `usual` for texts of as many words, float64 [C]."""

    scores: NDArray[np.float64]
    usual: NDArray[np.float64]

    @cached_property
    def beyond(self) -> NDArray[np.float64]:
        """What the text asks for beyond what is usual, [C]."""
        return self.scores - self.usual

    @cached_property
    def weights(self) -> NDArray[np.float64]:
        """The same divided by the largest, from -inf to 1, [C]: negative ones may be larger than 1, as in the article. All 0
        where nothing is asked for beyond the usual."""
        largest = self.beyond.max()
        return self.beyond / largest if largest > 0 else np.zeros_like(self.beyond)

    @cached_property
    def order(self) -> NDArray[np.int64]:
        """The units, the one that is asked for most first, [C]."""
        return np.argsort(-self.beyond, kind="stable")

    def positive(self, count: int) -> list[int]:
        """The units that are asked for most, of those that are at all."""
        return [int(unit) for unit in self.order[:count] if self.beyond[unit] > 0]

    def negative(self, count: int) -> list[int]:
        """The units that are asked for least: the text speaks against them."""
        return [int(unit) for unit in self.order[::-1][:count] if self.beyond[unit] < 0]

    def rank(self, unit: int) -> int:
        """The place of a unit among all, from 1."""
        return int(np.flatnonzero(self.order == unit)[0]) + 1

    def share(self, units: Sequence[int]) -> float:
        """How much of the vector some units are, 0 to 1: their part of its squared length."""
        whole = float(np.square(self.beyond).sum())
        return float(np.square(self.beyond[list(units)]).sum()) / whole if whole else 0.0


def of_words(clip: Clip, words: Sequence[str]) -> list[Terms]:
    """The terms of texts of one word each, all at once; on the device thread.

    Raises:
        BadInput: the model cannot read texts.
    """
    usual = unit_scores(clip, usual_texts(1)).double().cpu().numpy().mean(0)
    return [Terms(scores, usual) for scores in unit_scores(clip, words).double().cpu().numpy()]
