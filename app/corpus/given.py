"""Activation given a label, and labels given an activation: what a corpus' records say of a unit, with its uncertainty.

The article shows both: bars of the activation for each of several people, and the conditional probability of categories
in each band of activation (Goh et al. 2021, figures 2, 3, 5 and 7). Its labels were given by hand to a sample; here they
are the corpus' own, of every image.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Z = 1.959964  # 95%
FEWEST = 6  # images from which the median of a label has an interval
SURE = 10  # images of a band from which its shares say something
EXACT = 1000  # images up to which binomial probabilities are summed

Floats = NDArray[np.floating]


@dataclass(frozen=True)
class Estimate:
    """A number with its 95% interval; without one where there are too few images for it."""

    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Group:
    """The images of one label value: its place among the values, how many there are, the median of their activations, and
    how well the activation tells them from all others (1 always, 0.5 is chance); None where there are no others."""

    value: int
    count: int
    median: Estimate
    auc: Estimate | None


class Ordered(Protocol):
    """Numbers in ascending order, each found by its place."""

    def __len__(self) -> int: ...

    def __getitem__(self, place: int, /) -> Any: ...


def median(ordered: Ordered) -> Estimate:
    """The median of numbers in ascending order. The interval is that between two of them, so it assumes nothing of how
    they are distributed (the sign test turned round)."""
    n = len(ordered)
    middle = float((ordered[(n - 1) // 2] + ordered[n // 2]) / 2)
    rank = _rank(n)
    return Estimate(middle, float(ordered[rank - 1]), float(ordered[n - rank])) if rank else Estimate(middle)


@lru_cache(maxsize=2 * EXACT)
def _rank(n: int) -> int:
    """The largest k for which the k-th smallest and the k-th largest of n enclose the median with at least 95%: fewer
    than k of n fair coins come up heads with at most 2.5%. 0 where there is none."""
    if n > EXACT:
        return int((n - Z * math.sqrt(n)) / 2)
    total, k, heads = 0, 0, 1  # so many of the 2**n ways have just k heads
    while (total := total + heads) <= 0.025 * 2**n:
        heads = heads * (n - k) // (k + 1)
        k += 1
    return k


def auc(value: float, ones: int, others: int) -> Estimate:
    """How often one of `ones` stands above one of `others`, with its interval; see `aucs`."""
    return aucs(np.array([value]), np.array([ones]), np.array([others]))[0]


def aucs(values: NDArray[np.float64], ones: NDArray[np.int64], others: NDArray[np.int64]) -> list[Estimate]:
    """How often one of each number of `ones` stands above one of `others`, with the intervals; all [N].

    The interval holds every true value from which `value` is not further than 1.96 standard deviations by Hanley and
    McNeil's formula ("The meaning and use of the area under a ROC curve", 1982), taken at the true value and not at
    the one found. So it stays honest at 0 and 1 (Newcombe, "Confidence intervals for an effect size measure based on the
    Mann-Whitney statistic", 2006).
    """

    def beyond(truth: NDArray[np.float64]) -> NDArray[np.float64]:
        least = (ones - 1) * (1 - truth) / (2 - truth) + (others - 1) * truth / (1 + truth)
        variance = truth * (1 - truth) * (1 + least) / (ones * others)
        return (values - truth) ** 2 - Z * Z * variance

    lows, highs = (_edge(beyond, values, np.full_like(values, end)) for end in (0.0, 1.0))
    return [Estimate(*each) for each in zip(values.tolist(), lows.tolist(), highs.tolist(), strict=True)]


def _edge(
    beyond: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    inside: NDArray[np.float64],
    outside: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Where `beyond` turns positive on the way from `inside` to `outside`, each by itself."""
    for _ in range(40):
        middle = (inside + outside) / 2
        past = beyond(middle) > 0
        inside, outside = np.where(past, inside, middle), np.where(past, middle, outside)
    return (inside + outside) / 2


@dataclass(frozen=True, eq=False)
class Graded:
    """The images' activations by their grade: `levels` are the different activations in ascending order, some of which no
    image may have, and `grades` [images] is each image's place among them. A column is stored so."""

    levels: Floats
    grades: NDArray[np.integer]

    @classmethod
    def of(cls, values: Floats) -> "Graded":
        """Grade activations [images]."""
        return cls(*np.unique(values, return_inverse=True))

    def __len__(self) -> int:
        return len(self.grades)


def _medians(
    levels: Floats, keys: NDArray[np.integer], starts: NDArray[np.integer], counts: NDArray[np.integer]
) -> list[Estimate]:
    """As `median`, of stretches of `keys` that begin at `starts` and hold `counts` of them, none empty. A key is the place of
    an activation among `levels` beyond a multiple of how many there are; each stretch is in ascending order."""

    def at(places: NDArray[np.integer]) -> list[float]:
        return levels[(keys[places] % len(levels)).astype(np.int64)].tolist()

    ranks = np.array([_rank(count) for count in counts.tolist()], np.int64)
    lower, upper = at(starts + (counts - 1) // 2), at(starts + counts // 2)
    lows, highs = at(starts + np.maximum(ranks - 1, 0)), at(starts + counts - np.maximum(ranks, 1))
    return [
        Estimate((below + above) / 2, low, high) if rank else Estimate((below + above) / 2)
        for below, above, low, high, rank in zip(lower, upper, lows, highs, ranks.tolist(), strict=True)
    ]


def groups(graded: Graded, numbers: NDArray[np.int32], count: int) -> list[Group]:
    """The images by their label, for each of `count` label values that some image has, in the order of the values.

    Args:
        numbers: [images], the place of each image's label value; -1 for images without one, which are others to all.
    """
    at = np.bincount(graded.grades, minlength=len(graded.levels))
    midranks = at.cumsum() - (at - 1) / 2  # from 1; equal activations share the mean of theirs
    sums = np.bincount(numbers + 1, midranks[graded.grades], count + 1)[1:]
    grades = len(graded.levels)
    kind = np.uint32 if (count + 1) * grades < 2**32 else np.uint64
    # One number for label and grade is sorted several times faster than the two of them.
    keys = (numbers + 1).astype(kind)
    keys *= kind(grades)
    keys += graded.grades.astype(kind, copy=False)
    keys.sort()
    starts = np.searchsorted(keys, np.arange(1, count + 2).astype(kind) * kind(grades))
    ones = np.diff(starts)
    kept = np.flatnonzero(ones)
    others = len(graded) - ones
    above = (sums - ones * (ones + 1) / 2) / np.maximum(ones * others, 1)
    apart = aucs(above[kept], ones[kept], np.maximum(others[kept], 1))
    middles = _medians(graded.levels, keys, starts[:-1][kept], ones[kept])
    return [
        Group(value, count, middle, each if rest else None)
        for value, count, middle, each, rest in zip(
            kept.tolist(), ones[kept].tolist(), middles, apart, others[kept].tolist(), strict=True
        )
    ]


def counts_by_band(graded: Graded, edges: Sequence[float], numbers: NDArray[np.int32], count: int) -> NDArray[np.int64]:
    """How many images of each label lie in each band of activation: [bands, `count` + 1], images without one last.

    Args:
        edges: Of the bands, ascending; what lies beyond the outer ones counts to the outer bands.
    """
    bands = len(edges) - 1
    band_of = np.searchsorted(np.asarray(edges[1:-1]), graded.levels, side="right")
    label = np.where(numbers < 0, count, numbers)
    cells = (band_of * (count + 1))[graded.grades] + label
    return np.bincount(cells, minlength=bands * (count + 1)).reshape(bands, count + 1)


def commonest(counts: NDArray[np.int64], most: int, first: Sequence[int] = ()) -> list[int]:
    """The label values to show: `first`, then those that would be met most often if each band of activation were drawn
    from equally, as the article's images were. At most `most`. A band of fewer than `SURE` images counts for less.

    Args:
        counts: As `counts_by_band` gives them.
    """
    filled = counts[counts.sum(1) > 0]
    total = filled.sum(1, keepdims=True)
    share = (filled / total * np.minimum(total, SURE)).sum(0)[:-1]
    order = [*first, *(int(value) for value in np.argsort(-share, kind="stable") if share[value] > 0)]
    return list(dict.fromkeys(order))[:most]
