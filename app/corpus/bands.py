"""The ten bands of a unit's range of activation, with images drawn fairly from each.

Bands are as wide as each other between the unit's lowest and highest activation, which are known only when the last image
has been seen. So what is kept is a sample of each cell of a finer grid (`bins.Bands`), and the bands are read from that.

The draw is that of the smallest hashes of image numbers (a bottom-k sketch; Cohen and Kaplan, "Summarizing data using
bottom-k sketches", 2007). All images of a cell are known up to its largest kept hash. Up to the smallest of these, over
the cells that reach into a band, all images of the band are known: those are what a draw from the whole corpus would
begin with. It may be short where a band ends inside a crowded cell. The pass that makes columns knows the range from its
first image on and keeps the whole draw (`draws`); both are the same draw as far as the sketch goes.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.corpus.bins import shuffled

BANDS = 10
EXAMPLES = 8  # of a band

Row = Mapping[str, np.ndarray]
"""One unit's row of every array of `Tables.state`."""


@dataclass(frozen=True)
class Entry:
    """One example: the image's number in the corpus, the unit's activation on it, and its place on the map."""

    image: int
    activation: float
    place: int


@dataclass(frozen=True)
class Band:
    """Images with low <= activation < high (the highest band includes its end).

    `entries` are at most `EXAMPLES` of its `count` images, in the order of the draw. They are a fair draw if `fair`;
    otherwise nothing is known of the band but images that lie near the edges of cells with many others.
    """

    low: float
    high: float
    count: int
    entries: list[Entry]
    fair: bool


def edges(low: float, high: float) -> NDArray[np.float64]:
    """The edges of the bands, ascending: [11]; of a unit that never varies, [2]."""
    if high <= low:
        return np.array([low, high])
    return np.append(low + (high - low) * np.arange(BANDS) / BANDS, high)


def numbers(values: NDArray[np.floating], edges: NDArray[np.float64]) -> NDArray[np.intp]:
    """The band, from 0, that each activation lies in."""
    return np.searchsorted(edges[1:-1], values, side="right")


def bands(row: Row) -> list[Band]:
    """The bands of a unit from an index alone, the weakest first.

    The counts are exact where no band ends inside a filled cell of the histogram, which has at least 256. The images of
    a cell that is cut are shared out by width; each side has at least those that are known to lie there.
    """
    limits = edges(float(row["histogram.low"]), float(row["histogram.high"]))
    sample = _Sample(row)
    counts = np.diff([0, *(sample.below(edge) for edge in limits[1:-1]), sample.images]).tolist()
    return [
        Band(float(low), float(high), count, *sample.drawn(number, limits))
        for number, (low, high, count) in enumerate(zip(limits[:-1], limits[1:], counts, strict=True))
    ]


class _Sample:
    """A unit's sketch: the kept images of all cells, in the order of the draw."""

    def __init__(self, row: Row) -> None:
        keep = row["bands.ids"].shape[1]
        cell, slot = np.nonzero(row["bands.ids"] >= 0)
        self.cell = cell
        self.ids, self.values, self.places = (row[f"bands.{name}"][cell, slot] for name in ("ids", "values", "places"))
        self.hashes = shuffled(self.ids.astype(np.int64))
        self.width, self.base = 2.0 ** float(row["bands.level"]), int(row["bands.base"])
        self.counts, self.step = row["histogram.counts"], 2.0 ** float(row["histogram.level"])
        self.start, self.images = int(row["histogram.base"]), int(row["histogram.counts"].sum())
        shift = int(row["bands.level"] - row["histogram.level"])  # never negative: fewer cells are never finer
        filled = np.flatnonzero(self.counts)
        in_cell = np.bincount(((self.start + filled) >> shift) - self.base, self.counts[filled], len(row["bands.ids"]))
        self.full = np.flatnonzero(in_cell > keep)

    def below(self, edge: float) -> int:
        """How many images are less active than an edge."""
        cell = min(max(int(edge / self.step) - self.start, 0), len(self.counts) - 1)
        cell += int((self.start + cell + 1) * self.step <= edge) - int((self.start + cell) * self.step > edge)
        held = int(self.counts[cell])
        own = self.values[np.floor(self.values.astype(np.float64) / self.step) - self.start == cell]
        share = edge / self.step - (self.start + cell)
        inside = min(max(round(held * share), int((own < edge).sum())), held - int((own >= edge).sum()))
        return int(self.counts[:cell].sum()) + inside

    def drawn(self, number: int, limits: NDArray[np.float64]) -> tuple[list[Entry], bool]:
        """The images of a band in the order of the draw as far as it is known, and whether they are a fair draw."""
        mine = np.flatnonzero(numbers(self.values, limits) == number)
        mine = mine[np.argsort(self.hashes[mine])]
        reaching = [cell for cell in self.full.tolist() if self._reaches(cell, number, limits)]
        known = min((self.hashes[self.cell == cell].max() for cell in reaching), default=None)
        fair = mine if known is None else mine[self.hashes[mine] <= known]
        chosen = (fair if len(fair) else mine)[:EXAMPLES]
        entries = [
            Entry(image, value, place)
            for image, value, place in zip(
                self.ids[chosen].tolist(), self.values[chosen].tolist(), self.places[chosen].tolist(), strict=True
            )
        ]
        return entries, bool(len(fair) or not len(mine))

    def _reaches(self, cell: int, number: int, limits: NDArray[np.float64]) -> bool:
        low, high = (self.base + cell) * self.width, (self.base + cell + 1) * self.width
        last = number == len(limits) - 2
        return bool(high > limits[number] and (last or low < limits[number + 1]))
