"""The orders of a gallery that go by a number of each unit, the largest first."""

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from app.corpus.index import Index
from app.corpus.shape import kurtosis, sparsity

SCORES: dict[str, Callable[[Index, str], NDArray[np.float64]]] = {
    "selectivity": Index.selectivity,
    "sparsity": sparsity,
    "kurtosis": kurtosis,
}
ALIASES = {"strength": "selectivity"}


@lru_cache(maxsize=64)
def scores(index: Index, layer: str, sort: str) -> NDArray[np.float64]:
    """The number that an order goes by for every unit of a layer, [C]; -inf for units that have none."""
    found = np.nan_to_num(SCORES[sort](index, layer), nan=-np.inf)
    found.flags.writeable = False
    return found


def ordered(index: Index, layer: str, sort: str) -> list[int]:
    """The units of a layer with the largest number first, those that have none last."""
    return np.argsort(-scores(index, layer, sort), kind="stable").tolist()
