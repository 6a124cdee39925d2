"""The ten bands of every unit counted and drawn from all images, in a pass that knows the units' ranges beforehand.

What an index keeps was drawn before the ranges were known, so its bands are read from a sketch (`bands`). The pass that
makes columns sees every activation again and keeps, of each band, how many images there are and the beginning of the
draw, with places: 3.2 KB a unit, beside the columns.
"""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Self

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from app.corpus.bands import BANDS, EXAMPLES, Band, Entry, edges
from app.corpus.bins import Bands, Grid, shuffled
from app.corpus.reduce import Batch

UNIFORM = 12  # images in a draw from the whole corpus
AT_ONCE = 512  # images per update: each sorts again what is kept
ARRAYS = ("counts", "ids", "values", "places")


class _Tenths(Grid):
    """The bands as cells of a grid that never changes. A unit that never varies has only the first.

    Args:
        ranges: [units, 2], the lowest and highest activation.
    """

    def __init__(self, ranges: ArrayLike) -> None:
        ends = np.asarray(ranges, np.float32)
        super().__init__(len(ends), BANDS)
        self.low, self.high = (torch.from_numpy(end.copy()) for end in ends.T)
        limits = [edges(float(low), float(high)) for low, high in ends]
        inner = [limit[1:-1] if len(limit) > 2 else np.full(BANDS - 1, np.inf) for limit in limits]
        self.inner = torch.from_numpy(np.array(inner).reshape(len(ends), BANDS - 1))

    def cover(self, low: Tensor, high: Tensor) -> None:
        """Nothing: what lies beyond the range belongs to the outer bands."""

    def bin(self, values: Tensor) -> Tensor:
        """The band from 0 on of values [C, n]."""
        return torch.searchsorted(self.inner, values.double().contiguous(), right=True)


class DrawWriter:
    """Counts and draws the bands of a layer's units from batches of images, in any order.

    Args:
        ranges: [units, 2], the lowest and highest activation.
    """

    def __init__(self, ranges: ArrayLike) -> None:
        grid = _Tenths(ranges)
        self.kept = Bands(len(grid.low), BANDS, EXAMPLES, grid)
        self.counts = torch.zeros((len(grid.low), BANDS), dtype=torch.int64)
        self._waiting: list[tuple[Tensor, Tensor, Tensor]] = []

    def add(self, ids: Tensor, values: Tensor, places: Tensor) -> None:
        """Take in images that were not seen before: their numbers [B], activations and places [B, units]."""
        self._waiting.append((ids, values, places))
        if sum(len(ids) for ids, _, _ in self._waiting) >= AT_ONCE:
            self._reduce()

    def _reduce(self) -> None:
        if not self._waiting:
            return
        batch = Batch(*(torch.cat(parts) for parts in zip(*self._waiting, strict=True)))
        self._waiting.clear()
        self.kept.update(batch)
        bins = self.kept.grid.bin(batch.values.T)
        self.counts.scatter_add_(1, bins, torch.ones_like(bins))

    def write(self, folder: Path, layer: str) -> None:
        """Write `LAYER.bands.NAME.npy` of each of `ARRAYS`: [units, 10], and [units, 10, 8] of the draw."""
        self._reduce()
        state = {"counts": self.counts.numpy(), **self.kept.state()}
        for name in ARRAYS:
            np.save(_path(folder, layer, name), state[name])


class Draws:
    """The bands that `DrawWriter` wrote, mapped from disk."""

    def __init__(self, arrays: Mapping[str, np.ndarray]) -> None:
        self.arrays = arrays

    @classmethod
    def open(cls, folder: Path, layer: str) -> Self:
        """Those of a layer."""
        return cls({name: np.load(_path(folder, layer, name), mmap_mode="r") for name in ARRAYS})

    def bands(self, unit: int, ends: NDArray[np.float32]) -> list[Band]:
        """The bands of a unit between its `ends` [2], the weakest first."""
        limits = edges(float(ends[0]), float(ends[1])).tolist()
        return [
            Band(low, high, int(self.arrays["counts"][unit, number]), self._entries(unit, number), fair=True)
            for number, (low, high) in enumerate(zip(limits[:-1], limits[1:], strict=True))
        ]

    def _entries(self, unit: int, number: int) -> list[Entry]:
        columns = (self.arrays[name][unit, number].tolist() for name in ("ids", "values", "places"))
        return [Entry(image, value, place) for image, value, place in zip(*columns, strict=True) if image >= 0]


def uniform(images: int, draw: int) -> list[int]:
    """The `draw`-th handful, from 1, of a corpus of so many images: a uniform draw without replacement, in an order that is
    the same for every unit and at every time: that of the bands' draws from its end, so that both seldom show the same
    images. Empty where all have been drawn."""
    return _order(images)[(draw - 1) * UNIFORM : draw * UNIFORM].tolist()


@lru_cache(maxsize=8)
def _order(images: int) -> NDArray[np.int32]:
    return np.argsort(-shuffled(np.arange(images))).astype(np.int32)


def _path(folder: Path, layer: str, name: str) -> Path:
    return folder / f"{layer}.bands.{name}.npy"
