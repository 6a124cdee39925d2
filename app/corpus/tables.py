"""Everything an index keeps of one layer: all reducers side by side."""

from collections.abc import Mapping
from typing import Self

import numpy as np
from torch import Tensor

from app.corpus.bins import Bands, Histogram
from app.corpus.reduce import Batch, Extremes, Moments, Reducer

TOP, BOTTOM = 100, 40  # images kept at either end; above the top's weakest, percentiles are exact


class Tables:
    """The reducers of a layer of `units` channels; a reducer itself. Array names are `reducer.array`."""

    def __init__(self, units: int) -> None:
        self.parts: dict[str, Reducer] = {
            "top": Extremes(units, TOP),
            "bottom": Extremes(units, BOTTOM, strongest=False),
            "moments": Moments(units),
            "histogram": Histogram(units),
            "bands": Bands(units),
        }

    def update(self, batch: Batch) -> None:
        """Take in a batch of images that were not seen before."""
        for part in self.parts.values():
            part.update(batch)

    def merge(self, other: Self) -> None:
        """Take in everything that `other` has seen."""
        for name, part in self.parts.items():
            part.merge(other.parts[name])

    def state(self) -> dict[str, np.ndarray]:
        """All arrays, unit by unit, to be written to disk."""
        return {
            f"{part}.{name}": array for part, reducer in self.parts.items() for name, array in reducer.state().items()
        }

    def memory(self) -> dict[str, Tensor]:
        """Everything the reducers remember, to be put away while an index is not finished."""
        return {
            f"{part}.{name}": tensor
            for part, reducer in self.parts.items()
            for name, tensor in reducer.memory().items()
        }

    def remember(self, memory: Mapping[str, Tensor]) -> None:
        """Forget everything and go on from the `memory` of other tables of as many units."""
        for part, reducer in self.parts.items():
            start = f"{part}."
            reducer.remember({name.removeprefix(start): memory[name] for name in memory if name.startswith(start)})
