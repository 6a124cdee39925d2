"""Units that have strongest images in common, also those of other layers and models that saw the same pictures.

An index keeps the numbers of each unit's 100 strongest images. Two indexes of the same pictures number them alike, since
an image is numbered among the readable ones, and whether it can be read does not depend on the model.
"""

import numpy as np
from numpy.typing import NDArray

from app.corpus.index import Index


def same_pictures(one: Index, other: Index) -> bool:
    """Whether two indexes are of the same images in the same order."""
    return one.manifest.corpus_hash == other.manifest.corpus_hash and len(one) == len(other)


def kept(index: Index, layer: str) -> int:
    """How many strongest images of each unit are compared: 100, or all of a smaller corpus."""
    return min(index.tables(layer)["top.ids"].shape[1], len(index))


def expected(index: Index, layer: str) -> float:
    """How many strongest images two units that have nothing to do with each other share, on average."""
    return kept(index, layer) ** 2 / len(index)


def shared(index: Index, layer: str, unit: int, other: Index, other_layer: str) -> NDArray[np.int64]:
    """How many of a unit's strongest images are among those of every unit of a layer, [C] from 0 to `kept`.

    Args:
        other: An index of the same pictures; see `same_pictures`.

    Raises:
        NotFound: a layer is not indexed.
    """
    own = index.tables(layer)["top.ids"][unit]
    among = np.zeros(len(index) + 1, bool)  # the last stands for no image, number -1
    among[own[own >= 0]] = True
    return np.count_nonzero(among[other.tables(other_layer)["top.ids"]], axis=1)
