"""How rare an activation is in a corpus: in standard deviations, and as a percentile."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from app.corpus.columns import Columns, rank
from app.corpus.index import Index


@dataclass(frozen=True)
class Against:
    """The corpus' own activations of a unit or a direction: their mean and standard deviation, and where one stands."""

    mean: float
    std: float
    percentile: Callable[[float], float]

    def __call__(self, activation: float) -> dict[str, float]:
        """An activation as the fields of a render."""
        return {
            "activation_sd": (activation - self.mean) / self.std if self.std > 0 else 0.0,
            "activation_percentile": self.percentile(activation),
        }


def of_unit(index: Index, columns: Columns | None, layer: str, unit: int) -> Against:
    """A unit's own. Without columns the percentile is as precise as the index' tables (`Index.percentile`)."""
    mean, std = float(index.mean(layer)[unit]), float(index.std(layer)[unit])
    percentile = index.percentile if columns is None else columns.percentile
    return Against(mean, std, lambda activation: percentile(layer, unit, activation))


def of_direction(columns: Columns, layer: str, weights: Tensor, breathe: Callable[[], None]) -> Against:
    """Those of a weighted sum of units: on each image it is the weighted sum of theirs, as both are means over the map.

    Args:
        weights: [C].
        breathe: Called now and then while the columns are read.
    """
    total = np.zeros(len(columns))
    for total in columns.weighted(layer, weights.double().cpu().numpy()):  # noqa: B007 - the last is the whole
        breathe()
    return Against(float(total.mean()), float(total.std()), lambda activation: rank(total, activation))
