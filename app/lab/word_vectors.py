"""Words as vectors that pictures can be added to: "image-based word embedding" in Goh et al. 2021.

A word's vector is what it does to the units of a layer when it is drawn, less what drawn words do on average; a picture's is
what it does, less what pictures of a corpus do on average: as every drawn word does what words do, every picture does what
pictures do, and neither would let one compare. For sums all vectors are brought to length 1: a picture drives units
more than a word does, and would outweigh it. The article does not say how it adds.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class WordVectors:
    """Drawn words and what they do to a layer: `values` [C, W]; units that `kept` [C] leaves out count in no comparison."""

    words: tuple[str, ...]
    values: NDArray[np.float32]
    kept: NDArray[np.bool_]

    @cached_property
    def mean(self) -> Vector:
        """What the average word does, [C]."""
        return self.values.mean(1, dtype=np.float64)

    @cached_property
    def lengths(self) -> Vector:
        """How long each word's vector is, [W]; unit after unit, as a copy of all values would take their room again."""
        squares = np.zeros(len(self.words))
        for unit in np.flatnonzero(self.kept):
            squares += (self.values[unit] - self.mean[unit]) ** 2
        return np.sqrt(squares)

    def of(self, word: str) -> Vector | None:
        """What a word does, [C]; None if it was not drawn."""
        return self.values[:, self.words.index(word)].astype(np.float64) if word in self.words else None

    def direction(self, values: Vector, mean: Vector) -> Vector:
        """What something does beyond the `mean`, as a vector of length 1, [C]; all 0 where that is nothing."""
        return normalised(np.where(self.kept, values - mean, 0.0))

    def nearest(self, vector: Vector, count: int, without: Collection[str] = ()) -> list[tuple[str, float]]:
        """The words whose vectors have the largest cosine with one, each with it; those `without`, in whatever case, are
        left out."""
        kept = np.where(self.kept, vector, 0.0)
        along = kept.astype(np.float32) @ self.values - kept @ self.mean
        cosines = along / np.maximum(self.lengths * np.linalg.norm(vector), 1e-12)
        left_out = {word.casefold() for word in without}
        order = (place for place in np.argsort(-cosines, kind="stable") if self.words[place].casefold() not in left_out)
        return [(self.words[place], float(cosines[place])) for place, _ in zip(order, range(count), strict=False)]


def normalised(vector: Vector) -> Vector:
    """A vector brought to length 1; zeros stay."""
    length = float(np.linalg.norm(vector))
    return vector / length if length > 0 else vector


def cosines(vectors: Sequence[Vector]) -> NDArray[np.float64]:
    """The cosine of every two vectors, [N, N]; 0 with one that is all 0."""
    units = np.stack([normalised(vector) for vector in vectors])
    return units @ units.T
