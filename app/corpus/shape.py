"""How a unit's activation is spread over a corpus: kurtosis and sparsity of every unit of a layer, from the index alone.

The strongest 100 images and the weakest 40, which weigh most, are taken at their exact activation. The others are taken
from the histogram, whose cells are at most a 256th of the unit's range wide: all of a unit's cells at their middle, moved
by the one distance that gives the mean that the index knows exactly. So no columns are needed, and it costs the same for
any number of images.
"""

import numpy as np
from numpy.typing import NDArray

from app.corpus.index import Index

Scores = NDArray[np.float64]


def kurtosis(index: Index, layer: str) -> Scores:
    """The excess kurtosis of every unit's activation over the corpus, [C]: E[z^4] - 3 with z in standard deviations.

    0 for a normal distribution, negative for a flat one, large where few images lie far from all others; NaN for units
    that never vary. The fourth root of E[z^4] errs by less than a cell, at most a 256th of the range in standard
    deviations (Minkowski's inequality); on smooth distributions the kurtosis is right to three figures.

    Raises:
        NotFound: the layer is not indexed.
    """
    z, count = _spread(index, layer)
    return (z**4 * count).sum(1) / len(index) - 3


def sparsity(index: Index, layer: str) -> Scores:
    """How few images carry a unit's activation above its mean, [C], from 0 (all alike) to 1 (a single one).

    S = (1 - a) / (1 - 1/n) with a = E[r]^2 / E[r^2] over n images: Treves and Rolls, "What determines the capacity of
    autoassociative memories in the brain?" (1991), as scaled by Vinje and Gallant, "Sparse coding and decorrelation in
    primary visual cortex during natural vision" (2000). Their r is a firing rate, never negative. Ours is
    max(0, z), the activation above its mean: it is there for every unit that varies, and does not depend on where the
    model puts the zero, which the next layer's weights may move. A normal distribution has 1 - 1/pi = 0.68. NaN for
    units that never vary. On smooth distributions it errs by less than 0.002.

    Raises:
        NotFound: the layer is not indexed.
    """
    z, count = _spread(index, layer)
    above = np.maximum(z, 0)
    share = (above * count).sum(1) ** 2 / (above**2 * count).sum(1)  # n times a, which is never less than 1
    images = len(index)
    return (images - share) / (images - 1) if images > 1 else np.full(len(share), np.nan)


def _spread(index: Index, layer: str) -> tuple[Scores, NDArray[np.int64]]:
    """Every unit's activations in standard deviations from its mean, and how many images have each: both [C, n]. NaN
    for units that never vary."""
    tables = index.tables(layer)
    mean, std = index.mean(layer)[:, None], index.std(layer)[:, None]
    width, base = np.exp2(tables["histogram.level"][:, None].astype(np.float64)), tables["histogram.base"][:, None]
    exact, known = _extremes(tables)
    exact = np.where(known, exact, mean)
    rest = np.array(tables["histogram.counts"])
    units, cells = len(rest), rest.shape[1]
    taken = (np.floor(exact / width).astype(np.int64) - base).clip(0, cells - 1) + cells * np.arange(units)[:, None]
    rest -= np.bincount(taken[known], minlength=rest.size).reshape(rest.shape)
    middle = (base + np.arange(cells) + 0.5) * width - mean
    exact = exact - mean
    off = ((middle * rest).sum(1) + exact.sum(1)) / np.maximum(
        rest.sum(1), 1
    )  # what all distances from the mean add up to
    middle -= off[:, None].clip(-width / 2, width / 2)
    return (
        np.concatenate([middle, exact], 1) / np.where(std > 0, std, np.nan),
        np.concatenate([rest, known.astype(np.int64)], 1),
    )


def _extremes(tables: dict[str, np.ndarray]) -> tuple[Scores, NDArray[np.bool_]]:
    """The activations of the strongest images and of the weakest that are not among them, [C, k]; and which are known."""
    top, strongest = tables["top.values"], tables["top.ids"] >= 0
    bottom, weakest = tables["bottom.values"], tables["bottom.ids"] >= 0
    weakest &= bottom < np.where(strongest, top, np.inf).min(1, keepdims=True)
    return np.concatenate([top, bottom], 1).astype(np.float64), np.concatenate([strongest, weakest], 1)
