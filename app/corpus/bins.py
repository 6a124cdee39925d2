"""Histograms and samples over the whole range of a unit's activation, whose range is not known beforehand.

Bins are cells `[i * 2**k, (i + 1) * 2**k)` of a dyadic grid, as many as there are between the smallest and the largest
value; when those no longer fit, `k` grows by one and neighbours join exactly. So one pass is enough, and the result
depends only on the set of values. Reducers as in `reduce`.
"""

from collections.abc import Mapping
from typing import Self, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from app.corpus.reduce import NO_IMAGE, Batch

LOWEST_EXPONENT = -149  # of a float32
RANK_BITS = 57  # of the hash that draws examples; the six above it name the cell


class Grid:
    """Per unit the finest dyadic grid whose cells, at most `cells`, cover every value seen so far.

    `low`, `high` [C] float32 are the extremes, `level` [C] is k, and `base` [C] is the number of the first cell.
    """

    def __init__(self, units: int, cells: int) -> None:
        self.cells = cells
        self.low = torch.full((units,), torch.inf)
        self.high = torch.full((units,), -torch.inf)
        self.level = torch.full((units,), LOWEST_EXPONENT - 24)
        self.base = torch.zeros(units, dtype=torch.int64)

    def cover(self, low: Tensor, high: Tensor) -> None:
        """Widen the grid to the values from `low` to `high` [C]; infinities the wrong way round widen nothing."""
        self.low, self.high = self.low.minimum(low), self.high.maximum(high)
        if bool(self.low.isinf().any()):
            return
        low, high = self.low.double(), self.high.double()
        # Cells finer than float32 itself would tell nothing, and fewer than range / cells cannot do.
        finest = torch.frexp(low.abs().maximum(high.abs()))[1].clamp(min=LOWEST_EXPONENT) - 24
        spread = torch.frexp((high - low) / self.cells)[1].long().where(high > low, LOWEST_EXPONENT - 24)
        level = torch.maximum(finest.long(), spread - 1)
        while bool((tight := _cell(high, level) - _cell(low, level) >= self.cells).any()):
            level = level + tight.long()
        self.level = level
        self.base = _cell(low, level)

    def bin(self, values: Tensor) -> Tensor:
        """The bin from 0 to `cells` - 1 of values [C, n] within the range; others are put into the nearest bin."""
        cells = _cell(values.double(), self.level[:, None])
        return (cells - self.base[:, None]).clamp(0, self.cells - 1)

    def memory(self) -> dict[str, Tensor]:
        """Everything that makes the grid: `low`, `high`, `level` and `base`, all [C]."""
        return {"low": self.low, "high": self.high, "level": self.level, "base": self.base}

    def remember(self, memory: Mapping[str, Tensor]) -> None:
        """Become the grid whose `memory` this is."""
        self.low, self.high, self.level, self.base = (memory[name] for name in ("low", "high", "level", "base"))


def _cell(values: Tensor, level: Tensor) -> Tensor:
    power = ((1023 - level) << 52).view(torch.float64)  # 2**-level from its bits, since pow may be off by one ulp
    return (values * power).floor().to(torch.int64)


class Histogram:
    """How many images fall into each cell: between half of `cells` and all of them are in use. Exact counts."""

    def __init__(self, units: int, cells: int = 512) -> None:
        self.grid = Grid(units, cells)
        self.counts = torch.zeros((units, cells), dtype=torch.int64)

    def update(self, batch: Batch) -> None:
        """Take in a batch of images that were not seen before."""
        _, values, _ = batch.columns()
        self._widen(values.amin(1), values.amax(1))
        self.counts.scatter_add_(1, self.grid.bin(values), torch.ones_like(values, dtype=torch.int64))

    def merge(self, other: Self) -> None:
        """Take in everything that `other` has seen."""
        self._widen(other.grid.low, other.grid.high)
        self.counts += _moved(other.counts, other.grid.level, other.grid.base, self.grid)

    def _widen(self, low: Tensor, high: Tensor) -> None:
        level, base = self.grid.level, self.grid.base
        self.grid.cover(low, high)
        self.counts = _moved(self.counts, level, base, self.grid)

    def state(self) -> dict[str, np.ndarray]:
        """`low`, `high` float32 [C]; `level`, `base` int64 [C]; `counts` int64 [C, cells]: bin j of a unit is
        `[(base + j) * 2**level, (base + j + 1) * 2**level)`."""
        return {name: tensor.numpy() for name, tensor in self.memory().items()}

    def memory(self) -> dict[str, Tensor]:
        """Everything the reducer remembers: its grid and its `counts`."""
        return {**self.grid.memory(), "counts": self.counts}

    def remember(self, memory: Mapping[str, Tensor]) -> None:
        """Forget everything and go on from another's `memory`."""
        self.grid.remember(memory)
        self.counts = memory["counts"]


def _moved(counts: Tensor, level: Tensor, base: Tensor, grid: Grid) -> Tensor:
    """The counts of a finer or equal grid, in the bins of `grid`."""
    cells = base[:, None] + torch.arange(counts.shape[1])
    shift = (grid.level - level).clamp(max=62)[:, None]
    bins = ((cells >> shift) - grid.base[:, None]).clamp(0, grid.cells - 1)  # only empty bins are ever out of range
    return torch.zeros_like(counts).scatter_add_(1, bins, counts)


class Bands:
    """From each of the at most 40 cells (never fewer than 20, if the unit varies) up to `keep` images, drawn fairly.

    The images kept of a cell are those whose hashed ids are smallest: a uniform draw without replacement that any order
    of images and any split into shards repeats. `bands` reads the ten bands of a unit's range from them.
    """

    def __init__(self, units: int, cells: int = 40, keep: int = 8, grid: Grid | None = None) -> None:
        self.grid = grid or Grid(units, cells)
        self.keep = keep
        self.ids = torch.full((units, cells * keep), NO_IMAGE)
        self.values = torch.full((units, cells * keep), torch.inf)
        self.places = torch.zeros((units, cells * keep), dtype=torch.int32)

    def update(self, batch: Batch) -> None:
        """Take in a batch of images that were not seen before."""
        ids, values, places = batch.columns()
        self.grid.cover(values.amin(1), values.amax(1))
        self._absorb(ids, values, places)

    def merge(self, other: Self) -> None:
        """Take in everything that `other` has seen."""
        self.grid.cover(other.grid.low, other.grid.high)
        self._absorb(other.ids, other.values, other.places)

    def _absorb(self, ids: Tensor, values: Tensor, places: Tensor) -> None:
        ids, values, places = (
            torch.cat(pair, 1) for pair in ((self.ids, ids), (self.values, values), (self.places, places))
        )
        empty = ids == NO_IMAGE
        key = (self.grid.bin(values.where(~empty, self.grid.low[:, None])) << RANK_BITS) | shuffled(ids)
        key, order = key.where(~empty, NO_IMAGE).sort(dim=1)
        cell = key >> RANK_BITS
        slot = cell * self.keep + _rank_in_run(cell)
        last = self.grid.cells * self.keep
        slot = slot.where((_rank_in_run(cell) < self.keep) & (key != NO_IMAGE), last)  # one slot too many: the bin
        for name, column, blank in (("ids", ids, NO_IMAGE), ("values", values, torch.inf), ("places", places, 0)):
            kept = torch.full((len(ids), last + 1), blank, dtype=column.dtype)
            setattr(self, name, kept.scatter_(1, slot, column.gather(1, order))[:, :last].contiguous())

    def state(self) -> dict[str, np.ndarray]:
        """`level`, `base` int64 [C] of the cells as in Histogram; `ids`, `values`, `places` [C, cells, keep], in the
        order of the draw, with the id -1 where there are no more images."""
        shape = (-1, self.grid.cells, self.keep)
        ids = self.ids.where(self.ids != NO_IMAGE, -1)
        return {
            "level": self.grid.level.numpy(),
            "base": self.grid.base.numpy(),
            "ids": ids.reshape(shape).numpy(),
            "values": self.values.reshape(shape).numpy(),
            "places": self.places.reshape(shape).numpy(),
        }

    def memory(self) -> dict[str, Tensor]:
        """Everything the reducer remembers: its grid, and `ids`, `values` and `places` as it keeps them."""
        return {**self.grid.memory(), "ids": self.ids, "values": self.values, "places": self.places}

    def remember(self, memory: Mapping[str, Tensor]) -> None:
        """Forget everything and go on from another's `memory`."""
        self.grid.remember(memory)
        self.ids, self.values, self.places = memory["ids"], memory["values"], memory["places"]


def _rank_in_run(sorted_rows: Tensor) -> Tensor:
    """How many equal neighbours stand before each element of rows [C, n] that are in order."""
    position = torch.arange(sorted_rows.shape[1]).expand_as(sorted_rows)
    starts = torch.ones_like(sorted_rows, dtype=torch.bool)
    starts[:, 1:] = sorted_rows[:, 1:] != sorted_rows[:, :-1]
    return position - position.where(starts, 0).cummax(dim=1).values


Numbers = TypeVar("Numbers", Tensor, NDArray[np.int64])


def shuffled(ids: Numbers) -> Numbers:
    """Map ids below 2**57 one to one onto numbers below 2**57 that look random (multiply and xor-shift, twice).

    The constants are those of SplitMix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014).
    """
    mask = (1 << RANK_BITS) - 1
    x = ids & mask
    for factor in (0x3F58476D1CE4E5B9, 0x14D049BB133111EB):
        x = ((x ^ (x >> 30)) * factor) & mask
    return x ^ (x >> 31)
