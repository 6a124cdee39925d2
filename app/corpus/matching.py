"""Units of two layers that do the same on the same images: of one model or of two that saw the same pictures.

What is compared is Pearson's correlation of two columns. Two units match where each is the other's nearest: unlike the
nearest of one alone, such a pair takes nothing from a unit that is a little like everything. Li, Yosinski, Clune, Lipson
and Hopcroft, "Convergent learning: do different neural networks learn the same representations?", ICLR 2016, call these
one-to-one alignments by correlation.
"""

from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.corpus.alike import BLOCK, images_compared, nearest, standard
from app.corpus.columns import Columns

HELD_BYTES = 2**27  # of one layer's columns that stay in memory while the other's go by
NEAREST = 8  # units of the other layer that are kept for each
QUICK_IMAGES = 8192  # a correlation over that many moves by about 0.011


@dataclass(frozen=True)
class Matching:
    """Two layers' units set against each other over `images` images: `there` [A, K] are the units of the other layer that
    each of the one is most correlated with, the nearest first, and `back` [B, K] the reverse; `there_r` and `back_r` are
    the correlations, 0 and below for units that match nothing."""

    images: int
    there: NDArray[np.int64]
    there_r: NDArray[np.float32]
    back: NDArray[np.int64]
    back_r: NDArray[np.float32]

    def pairs(self) -> list[tuple[int, int, float]]:
        """The units that are each other's nearest, with their correlation, the best matched first."""
        one = np.arange(len(self.there))
        other = self.there[:, 0]
        mutual = (self.back[other, 0] == one) & (self.there_r[:, 0] > 0)
        order = sorted(one[mutual].tolist(), key=lambda unit: (-self.there_r[unit, 0], unit))
        return [(unit, int(other[unit]), float(self.there_r[unit, 0])) for unit in order]


def correlating(
    columns: Columns, layer: str, others: Columns, other_layer: str, most: int | None = None
) -> Generator[tuple[int, int], None, NDArray[np.float32]]:
    """The steps of correlating every unit of one layer with every unit of another: [A, B], -1 to 1; 0 for units that never
    vary. Yields how many pairs of blocks were compared, out of how many.

    Args:
        others: Columns of the same pictures; may be the same ones.
        most: Images that the correlations are over at most, in stretches from all over a larger corpus; by default
            `alike.MOST_IMAGES`.

    Raises:
        NotFound: the columns have no such layer.
    """
    ones, twos = len(columns.codes(layer)), len(others.codes(other_layer))
    found = np.empty((ones, twos), np.float32)
    starts, other_starts = range(0, ones, BLOCK), range(0, twos, BLOCK)
    done, total = 0, len(starts) * len(other_starts)
    held: dict[int, NDArray[np.float32]] = {}  # reading takes longer than comparing
    for start in starts:
        own = standard(columns, layer, range(start, min(start + BLOCK, ones)), most)
        for other in other_starts:
            theirs = held.get(other)
            if theirs is None:
                theirs = standard(others, other_layer, range(other, min(other + BLOCK, twos)), most)
                if 4 * twos * theirs.shape[1] <= HELD_BYTES:
                    held[other] = theirs
            found[start : start + len(own), other : other + len(theirs)] = own @ theirs.T
            done += 1
            yield done, total
    return found.clip(-1, 1)


def match(columns: Columns, layer: str, others: Columns, other_layer: str, most: int = QUICK_IMAGES) -> Matching:
    """Match the units of two layers; the arguments are those of `correlating`. Quick: over `QUICK_IMAGES` images, 2,560
    units take seconds with 2,048."""
    steps = correlating(columns, layer, others, other_layer, most)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            found: NDArray[np.float32] = end.value
            break
    there, there_r = nearest(found, NEAREST)
    back, back_r = nearest(found.T, NEAREST)
    return Matching(images_compared(columns, most), there, there_r, back, back_r)
