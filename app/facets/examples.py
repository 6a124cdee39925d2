"""What a facet says of a unit's dataset examples: which of them are of its theme, and how many of the strongest.

The article sets a unit's dataset examples beside its faceted pictures by hand. Here the facet's own probe sorts them: a
column of probabilities (`app/facets/columns.py`) beside the column of the unit's activations.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from app.corpus.columns import Columns
from app.corpus.index import Index
from app.facets.columns import OWN

STRONG = 2.0  # standard deviations above the mean from which an image may stand for a unit
Images = NDArray[np.int64]


def strong(index: Index, columns: Columns, layer: str, unit: int) -> tuple[Images, NDArray[np.float64]]:
    """The images that drive a unit `STRONG` standard deviations above its mean or more, ascending, and how many each."""
    stats = index.unit(layer, unit).stats
    if stats.std <= 0:
        return np.empty(0, np.int64), np.empty(0)
    values = columns.unit(layer, unit)
    images = np.flatnonzero(values >= np.float32(stats.mean + STRONG * stats.std))
    return images, (values[images].astype(np.float64) - stats.mean) / stats.std


def under(sd: NDArray[np.float64], probability: NDArray[np.float32], most: int) -> NDArray[np.intp]:
    """The places of the at most `most` strong images that the probe takes for its own, by the product of the unit's
    activation, `sd` [n] above the mean, and the facet's `probability` [n], the highest first."""
    own = np.flatnonzero(probability >= OWN)
    product = sd[own] * probability[own]
    if len(own) > most:
        kept = np.flatnonzero(product >= np.partition(product, -most)[-most])  # all that tie with the last one
        own, product = own[kept], product[kept]
    return own[np.argsort(-product, kind="stable")][:most]


def strongest(index: Index, layer: str) -> Images:
    """The images that drive each unit most: [units, 100], or as many as the corpus has."""
    ids = index.tables(layer)["top.ids"]
    return np.asarray(ids[:, : min(ids.shape[1], len(index))], np.int64)


def share(images: Images, probability: NDArray[np.float32]) -> NDArray[np.float64]:
    """How many of the images [..., n] the probe takes for its own: [...], 0 to 1. `probability` is of the corpus."""
    return (probability[images] >= OWN).mean(-1, dtype=np.float64)


def purity(shares: NDArray[np.float64], chances: Sequence[float]) -> NDArray[np.float64]:
    """How much more of a unit's strongest images are of a facet than of any images: [units, facets], at most 1.

    (share - chance) / (1 - chance) of `shares` [units, facets] and `chances` [facets]: 1 where all of the strongest images
    are of the facet, 0 where no more than chance gives, below 0 where fewer. The purity of a cluster is the share of its
    commonest class (Manning, Raghavan and Schuetze, "Introduction to Information Retrieval", 16.3); it is corrected for
    chance here as Cohen's kappa corrects agreement (1960), since a facet that takes half the corpus for its own would
    otherwise hold half of any unit. The combination is ours. A facet that takes every image for its own says nothing: 0.
    """
    base = np.asarray(chances, np.float64)
    left = 1 - base
    return np.divide(shares - base, left, out=np.zeros_like(shares), where=left > 0)
