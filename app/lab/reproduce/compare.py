"""Comparing what was found of units with what is known of them: plain functions that know no model."""

import re
from collections.abc import Callable, Collection, Sequence
from typing import TypeVar

import numpy as np
from scipy.stats import spearmanr

from app.errors import NotReady
from app.lab.reproduce.row import Claim, Row, Share

DRAWS = 20  # of shuffled units
SHORTEST = 3  # letters of a word that says something

Wanted = TypeVar("Wanted")
Found = TypeVar("Found")


def share(
    wanted: Sequence[Wanted], found: Sequence[Found], agreement: Callable[[Wanted, Found], float], seed: int = 0
) -> Share:
    """The mean agreement, 0 to 1, of what each unit is known for with what was found of it, and of the same with what was
    found of another unit: in each of `DRAWS` draws the units stand in a random circle, and each takes its neighbour's.

    Raises:
        NotReady: fewer than two units.
    """
    count = len(wanted)
    if count < 2:
        raise NotReady(f"There is nothing to compare: {count or 'no'} unit{'s' * (count != 1)}, and two are needed.")
    own = [agreement(known, seen) for known, seen in zip(wanted, found, strict=True)]
    rng, others = np.random.default_rng(seed), []
    for _ in range(DRAWS):
        circle = rng.permutation(count)
        others += [agreement(wanted[one], found[other]) for one, other in zip(circle, np.roll(circle, 1), strict=True)]
    return Share(float(np.mean(own)), float(np.mean(others)), count)


def judged(
    claim: Claim,
    wanted: Sequence[Wanted],
    found: Sequence[Found],
    agreement: Callable[[Wanted, Found], float],
    beside: str = "",
) -> Row:
    """The row of a claim about a `share`, or why there is nothing to compare."""
    try:
        return claim.row(share(wanted, found, agreement), beside)
    except NotReady as error:
        return claim.not_here("; ".join(filter(None, (error.detail.rstrip("."), beside))))


def mentioned(names: Collection[str], texts: Collection[str]) -> bool:
    """Whether one of the texts has one of the names among its words; a name of several has to stand there as a whole."""
    spaced = [f" {' '.join(_words(text))} " for text in texts]
    return any(f" {name} " in text for name in (" ".join(_words(each)) for each in names) if name for text in spaced)


def all_within(published: Collection[str], found: Collection[str]) -> bool:
    """Whether every published word is among those found."""
    return set(published) <= set(found)


def part_within(published: Collection[str], found: Collection[str]) -> float:
    """The share of the published words that is among those found."""
    return len(set(published) & set(found)) / len(set(published))


def rank_agreement(published: Sequence[str], values: Sequence[float]) -> float:
    """Spearman's rank correlation, -1 to 1, between the order of published words, the strongest first, and what was
    measured of each; 0 where the values do not differ."""
    if not np.ptp(values):  # then the correlation is undefined
        return 0.0
    found = spearmanr(np.arange(len(published), 0, -1), values)
    return float(found.statistic)  # pyright: ignore[reportAttributeAccessIssue]


def common_words(published: Collection[str], texts: Collection[str]) -> bool:
    """Whether the published texts and those found have a word of at least `SHORTEST` letters in common."""
    ours, theirs = ({word for text in each for word in _words(text)} for each in (texts, published))
    return any(len(word) >= SHORTEST and word.isalpha() for word in ours & theirs)


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())
