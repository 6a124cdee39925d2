"""What an index says of one unit: statistics, histogram, examples from both ends and from the bands between."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from app.corpus.bands import Band, Entry, Row, bands

SHOWN_BINS = 64  # most bins of the histogram that is shown; percentiles use all of the 512


@dataclass(frozen=True)
class Stats:
    """Over all images of the corpus; `std` is that of the population."""

    mean: float
    std: float
    min: float
    max: float
    images: int


@dataclass(frozen=True)
class UnitIndex:
    """Everything a unit page shows of its corpus. `top` is strongest first, `bottom` weakest first; `counts[i]` images lie
    from `edges[i]` up to `edges[i + 1]`."""

    stats: Stats
    edges: list[float]
    counts: list[int]
    top: list[Entry]
    bottom: list[Entry]
    row: Row = field(repr=False, compare=False)

    @cached_property
    def bands(self) -> list[Band]:
        """The ten bands of its range, from the most inhibitory to the most excitatory, with images drawn from each."""
        return bands(self.row)

    @cached_property
    def known(self) -> dict[int, Entry]:
        """Every image that the index keeps of the unit, by its number."""
        sample = _entries(self.row, "bands", self.row["bands.ids"] >= 0)
        return {entry.image: entry for entry in (*sample, *self.top, *self.bottom)}


def unit_index(row: Row, images: int) -> UnitIndex:
    """Read a unit's row."""
    low, high = float(row["histogram.low"]), float(row["histogram.high"])
    stats = Stats(float(row["moments.mean"]), float(row["moments.std"]), low, high, images)
    edges, counts = _coarser(row)
    return UnitIndex(stats, edges, counts, _entries(row, "top"), _entries(row, "bottom"), row)


def _entries(row: Row, part: str, at: slice | NDArray[np.bool_] = slice(None)) -> list[Entry]:
    columns = (row[f"{part}.{name}"][at].tolist() for name in ("ids", "values", "places"))
    return [Entry(image, value, place) for image, value, place in zip(*columns, strict=True) if image >= 0]


def _coarser(row: Row) -> tuple[list[float], list[int]]:
    """Join neighbouring cells until at most `SHOWN_BINS` are left, and drop the empty ones at either end."""
    level, base, counts = int(row["histogram.level"]), int(row["histogram.base"]), row["histogram.counts"]
    used = base + np.flatnonzero(counts)
    shift = 0
    while (used[-1] >> shift) - (used[0] >> shift) >= SHOWN_BINS:
        shift += 1
    first = int(used[0] >> shift)
    joined = np.bincount((used >> shift) - first, weights=counts[used - base]).astype(np.int64)
    edges = (first + np.arange(len(joined) + 1)) * 2.0 ** (level + shift)
    return edges.tolist(), joined.tolist()


def percentile(row: Row, images: int, value: float) -> float:
    """The share of the corpus, in percent, on which the unit is less active than `value`; ties count as half.

    Exact among the strongest 100 images and the weakest 40. In between it is interpolated inside one of at least 256
    histogram cells across the range, so it errs by at most the share of images in that cell.
    """
    if value > float(row["histogram.high"]):
        return 100.0
    if value < float(row["histogram.low"]):
        return 0.0
    top, bottom = row["top.values"], row["bottom.values"]
    if value > top[-1] or images <= len(top):  # every image at least as active as `value` is in the list
        below = images - (top > value).sum() - (top == value).sum() / 2
    elif value < bottom[-1]:
        below = (bottom < value).sum() + (bottom == value).sum() / 2
    else:
        below = _interpolated(row, value)
    return float(100 * below / images)


def _interpolated(row: Row, value: float) -> float:
    """About how many images lie below `value`: all of the cells below, and the share of its own cell."""
    counts = row["histogram.counts"]
    position = value / 2.0 ** float(row["histogram.level"]) - float(row["histogram.base"])
    cell = min(max(int(position), 0), len(counts) - 1)
    return float(counts[:cell].sum() + counts[cell] * min(max(position - cell, 0.0), 1.0))


def quantile(row: Row, images: int, q: float) -> float:
    """The activation of the image that `q` (0..1) of the corpus lies below: order statistic round(q * (images - 1)).

    As precise as `percentile`: exact among the strongest 100 and the weakest 40, else within one histogram cell.
    """
    rank = round(q * (images - 1))
    top, bottom = row["top.values"], row["bottom.values"]
    if images - 1 - rank < len(top):
        return float(top[images - 1 - rank])
    if rank < len(bottom):
        return float(bottom[rank])
    counts = row["histogram.counts"]
    upto = counts.cumsum()
    cell = int(np.searchsorted(upto, rank, side="right"))
    within = (rank + 0.5 - (upto[cell] - counts[cell])) / counts[cell]
    return float((float(row["histogram.base"]) + cell + within) * 2.0 ** float(row["histogram.level"]))
