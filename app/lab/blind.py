"""Blind labelling: pictures from all over a unit's range, tagged by a person who does not see how strongly they drive it.

Goh et al. 2021, appendix "conditional probability plots": images are drawn from bands of equal width over the unit's
range, a fixed number from each as far as there are any, shown in random order without activations, and labelled with
categories of one's own; then the share of each category is plotted in each band.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.corpus.bands import edges, numbers
from app.lab.proportion import Share, share

EACH = 12


@dataclass(frozen=True)
class Draw:
    """What is to be labelled: `images` in the order shown, the band of each, and the bands' edges, ascending. In the
    activation's own unit; `bands[i]` counts from the lowest."""

    images: list[int]
    bands: list[int]
    edges: list[float]


def draw(values: NDArray[np.floating], *, each: int = EACH, seed: int = 0) -> Draw:
    """Draw at most `each` images from every band, as of `edges`, without replacement, and shuffle them all.

    Args:
        values: [images], the unit's activation on every image.
    """
    limits = edges(float(values.min()), float(values.max()))
    of = numbers(values, limits)
    rng = np.random.default_rng(seed)
    chosen = [
        rng.choice(found, min(each, len(found)), replace=False)
        for found in (np.flatnonzero(of == band) for band in range(len(limits) - 1))
    ]
    images = rng.permutation(np.concatenate(chosen))
    return Draw(images.tolist(), of[images].tolist(), limits.tolist())


def shares(
    bands: Sequence[int], tags: Sequence[str | None], categories: Sequence[str], count: int
) -> list[list[Share]]:
    """The shares of each category in each of `count` bands, a list for each category. Images without a tag count nowhere;
    where a band has none that is labelled, its shares are None.

    Args:
        bands: The band of each image.
        tags: The category of each image; None for one that was not labelled.
    """
    total = [sum(tag is not None for band, tag in zip(bands, tags, strict=True) if band == b) for b in range(count)]
    found = []
    for category in categories:
        of = [sum(tag == category for band, tag in zip(bands, tags, strict=True) if band == b) for b in range(count)]
        found.append([share(k, n) for k, n in zip(of, total, strict=True)])
    return found
