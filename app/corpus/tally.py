"""Statistics of a column from how often each of its numbers occurs: exact, and as quick for a million images as for a few.

A column has 65,536 numbers at most (`app/corpus/columns.py`), so counting them once is all that the images are read for.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from app.corpus.columns import STEPS, Codes

Counts = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Tally:
    """How many images have each number of a column, `counts` [65,536]; the number n stands for `start + n * step`.

    As a sequence it is the images' values in ascending order.
    """

    counts: Counts
    start: float
    step: float

    @classmethod
    def of(cls, codes: Codes, start: float, step: float) -> "Tally":
        """Count the numbers of a column, or of some images of it."""
        return cls(np.bincount(codes, minlength=STEPS + 1), start, step)

    def __len__(self) -> int:
        return int(self._upto[-1])

    def __getitem__(self, place: int) -> float:
        """The value at a place, from 0, in ascending order."""
        return self.start + int(np.searchsorted(self._upto, place, side="right")) * self.step

    def without(self, others: "Tally") -> "Tally":
        """All but some of the images."""
        return Tally(self.counts - others.counts, self.start, self.step)

    def below(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """How many images lie below each value, to one step of the column: what lies within half of one ties, and counts
        as half."""
        upto = np.concatenate([[0], self._upto])
        grid = self._values
        first = np.searchsorted(grid, values - self.step / 2, side="left")
        last = np.searchsorted(grid, values + self.step / 2, side="right")
        return (upto[first] + upto[last]) / 2

    def under(self, ones: "Tally") -> float:
        """How often one of `ones`, of the same column, lies above one of these; ties count as half."""
        middle = self._upto - self.counts / 2
        return float((ones.counts * middle).sum() / (len(ones) * len(self)))

    def histogram(self, edges: NDArray[np.floating]) -> list[int]:
        """How many images lie between each two edges; the last bin includes its end."""
        return np.histogram(self._values, edges, weights=self.counts)[0].astype(int).tolist()

    @cached_property
    def _upto(self) -> Counts:
        return self.counts.cumsum()

    @cached_property
    def _values(self) -> NDArray[np.float64]:
        return np.asarray(self.start + np.arange(len(self.counts)) * self.step, np.float64)
