"""Blind labelling: pictures from all over a unit's range, tagged by a person who does not see how strongly they drive it.

Goh et al. 2021, appendix "conditional probability plots": images are drawn from bands of equal width over the unit's
range, a fixed number from each as far as there are any, shown in random order without activations, and labelled with
categories of one's own; then the share of each category is plotted in each band.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest
from sklearn.metrics import cohen_kappa_score

from app.corpus.bands import BANDS, numbers

EACH = 12
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Draw:
    """What is to be labelled: `images` in the order shown, the band of each, and the bands' edges, ascending. In the
    activation's own unit; `bands[i]` counts from the lowest."""

    images: list[int]
    bands: list[int]
    edges: list[float]


def draw(values: NDArray[np.floating], *, bands: int = BANDS, each: int = EACH, seed: int = 0) -> Draw:
    """Draw at most `each` images from every band without replacement, and shuffle them all.

    Args:
        values: [images], the unit's activation on every image.
        bands: Of equal width between the lowest and the highest activation; a unit that never varies has one.
    """
    low, high = float(values.min()), float(values.max())
    edges = np.linspace(low, high, bands + 1) if high > low else np.array([low, high])
    of = numbers(values, edges)
    rng = np.random.default_rng(seed)
    chosen = [
        rng.choice(found, min(each, len(found)), replace=False)
        for found in (np.flatnonzero(of == band) for band in range(len(edges) - 1))
    ]
    images = rng.permutation(np.concatenate(chosen))
    return Draw(images.tolist(), of[images].tolist(), edges.tolist())


@dataclass(frozen=True)
class Share:
    """How many of a band's labelled images are of a category, and the share with its 95% interval (Wilson's score
    interval, "Probable inference", 1927). All None for a band in which nothing is labelled."""

    count: int
    share: float | None
    low: float | None
    high: float | None


def shares(
    bands: Sequence[int], tags: Sequence[str | None], categories: Sequence[str], count: int
) -> list[list[Share]]:
    """The shares of each category in each of `count` bands, a list for each category. Images without a tag count nowhere.

    Args:
        bands: The band of each image.
        tags: The category of each image; None for one that was not labelled.
    """
    total = [sum(tag is not None for band, tag in zip(bands, tags, strict=True) if band == b) for b in range(count)]
    found = []
    for category in categories:
        of = [sum(tag == category for band, tag in zip(bands, tags, strict=True) if band == b) for b in range(count)]
        found.append([_share(k, n) for k, n in zip(of, total, strict=True)])
    return found


def _share(count: int, of: int) -> Share:
    if not of:
        return Share(0, None, None, None)
    interval = binomtest(count, of).proportion_ci(CONFIDENCE, method="wilson")
    return Share(count, count / of, float(interval.low), float(interval.high))


@dataclass(frozen=True)
class Agreement:
    """How far two people agree on the images that both labelled: the share of equal tags, and Cohen's kappa ("A coefficient
    of agreement for nominal scales", 1960), which is 0 for what chance would give; None where it is not defined."""

    images: int
    equal: float
    kappa: float | None


def agreement(one: Mapping[int, str], other: Mapping[int, str]) -> Agreement | None:
    """The agreement of two labellings, image -> category; None where they share no image."""
    both = sorted(one.keys() & other.keys())
    if not both:
        return None
    first, second = [one[image] for image in both], [other[image] for image in both]
    equal = sum(a == b for a, b in zip(first, second, strict=True)) / len(both)
    defined = len({*first, *second}) > 1
    return Agreement(len(both), equal, float(cohen_kappa_score(first, second)) if defined else None)
