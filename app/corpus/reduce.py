"""Mergeable reducers: what is kept of the activations of any number of images, in memory that does not grow.

Every reducer here is exact and its state is a function of the set of (image id, value, place) it has seen: the order
of the images, the size of the batches and the shards that were merged make no difference, not even in the last bit.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np
import torch
from torch import Tensor

REDUCER_VERSION = 2
"""Part of every index's key: raise it when any reducer's result changes."""

NO_IMAGE = torch.iinfo(torch.int64).max


@dataclass(frozen=True)
class Batch:
    """What a batch of images does to the units of one layer.

    Args:
        ids: [B] int64, one number per image, each image once in a corpus.
        values: [B, C] float32, finite: the activation.
        places: [B, C] int32: the flat argmax over the map.
    """

    ids: Tensor
    values: Tensor
    places: Tensor

    def __post_init__(self) -> None:
        """Put -0.0 and 0.0 together, which compare equal but have different bits.

        Raises:
            ValueError: an activation is NaN or infinite, which no ranking can place.
        """
        if not bool(torch.isfinite(self.values).all()):
            raise ValueError("an activation is not a finite number")
        object.__setattr__(self, "values", self.values + 0.0)

    def columns(self) -> tuple[Tensor, Tensor, Tensor]:
        """ids, values and places unit by unit: three tensors [C, B]."""
        values = self.values.T.contiguous()
        return self.ids.expand(values.shape[0], -1), values, self.places.T.contiguous()


class Reducer(Protocol):
    """The common surface: feed batches, merge with what another worker saw, take the arrays."""

    def update(self, batch: Batch) -> None:
        """Take in a batch of images that were not seen before."""
        ...

    def merge(self, other: Self) -> None:
        """Take in everything that `other` has seen."""
        ...

    def state(self) -> dict[str, np.ndarray]:
        """Arrays whose first dimension is the unit."""
        ...

    def memory(self) -> dict[str, Tensor]:
        """Everything the reducer remembers, to be put away; its own tensors, not copies."""
        ...

    def remember(self, memory: Mapping[str, Tensor]) -> None:
        """Forget everything and go on from the `memory` of another reducer of the same form."""
        ...


class Extremes:
    """The `keep` strongest activations of each unit, or the weakest; among equals the lowest id comes first.

    `values`, `ids` and `places` are [C, keep], best first. Places nobody filled have the id -1 in the state.
    """

    def __init__(self, units: int, keep: int, *, strongest: bool = True) -> None:
        self.keep = keep
        self.sign = 1 if strongest else -1
        self.values = torch.full((units, keep), -self.sign * torch.inf)
        self.ids = torch.full((units, keep), NO_IMAGE)
        self.places = torch.zeros((units, keep), dtype=torch.int32)

    def update(self, batch: Batch) -> None:
        """Take in a batch of images that were not seen before."""
        seen = self.ids.where(self.ids != NO_IMAGE, -1)
        in_order = torch.cat([seen.max()[None], batch.ids]).diff()
        if bool((in_order > 0).all()):
            self._keep_best(*self._candidates(*batch.columns()))
        else:
            self._absorb(*batch.columns())

    def merge(self, other: Self) -> None:
        """Take in everything that `other` has seen."""
        self._absorb(other.ids, other.values, other.places)

    def _candidates(self, ids: Tensor, values: Tensor, places: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Of images with ascending ids above all that are kept: those that beat the worst of these, in that order."""
        beats = (values > self.values[:, -1:]) if self.sign > 0 else (values < self.values[:, -1:])
        most = int(beats.sum(1).max()) if beats.numel() else 0
        # Some rows get others beside them, which do them no harm.
        chosen = values.topk(most, dim=1, largest=self.sign > 0, sorted=False).indices.sort(dim=1).values
        return ids.gather(1, chosen), values.gather(1, chosen), places.gather(1, chosen)

    def _absorb(self, ids: Tensor, values: Tensor, places: Tensor) -> None:
        by_id = torch.cat([self.ids, ids], 1).argsort(dim=1)
        for name, new in (("ids", ids), ("values", values), ("places", places)):
            setattr(self, name, torch.cat([getattr(self, name), new], 1).gather(1, by_id))
        self._keep_best(*(new[:, :0] for new in (ids, values, places)))

    def _keep_best(self, ids: Tensor, values: Tensor, places: Tensor) -> None:
        """Take in images whose ids are, among equal values, above all that are kept."""
        values = torch.cat([self.values, values], 1)
        # Stable, so the ids stay in order among equal values.
        best = values.argsort(dim=1, descending=self.sign > 0, stable=True)[:, : self.keep]
        self.values = values.gather(1, best)
        self.ids = torch.cat([self.ids, ids], 1).gather(1, best)
        self.places = torch.cat([self.places, places], 1).gather(1, best)

    def state(self) -> dict[str, np.ndarray]:
        """`values` float32, `ids` int64 and `places` int32, all [C, keep]."""
        ids = self.ids.where(self.ids != NO_IMAGE, -1)
        return {"values": self.values.numpy(), "ids": ids.numpy(), "places": self.places.numpy()}

    def memory(self) -> dict[str, Tensor]:
        """Everything the reducer remembers: `values`, `ids` and `places`."""
        return {"values": self.values, "ids": self.ids, "places": self.places}

    def remember(self, memory: Mapping[str, Tensor]) -> None:
        """Forget everything and go on from another's `memory`."""
        self.values, self.ids, self.places = memory["values"], memory["ids"], memory["places"]


class Moments:
    """Count, mean and standard deviation, from exact sums of the float32 values and of their squares.

    A float32 is `m * 2**e` with `|m| < 2**24`. The integers `m` are summed by groups of four exponents, and so are the
    two halves of `m * m`; integer sums do not depend on their order. (The idea is Kulisch's long accumulator:
    Kulisch, "Computer Arithmetic and Validity", 2008.) Good for 2**33 images.
    """

    GROUPS = 64  # 256 exponents, four to a group
    BIAS = 150  # a float32's stored exponent of 150 means that its mantissa counts ones

    def __init__(self, units: int) -> None:
        self.count = 0
        self.sums = torch.zeros((3, units, self.GROUPS), dtype=torch.int64)  # m, high and low half of m * m

    def update(self, batch: Batch) -> None:
        """Take in a batch of images that were not seen before."""
        _, values, _ = batch.columns()
        bits = values.view(torch.int32).to(torch.int64)
        exponent = (bits >> 23) & 0xFF
        mantissa = (bits & 0x7FFFFF) | ((exponent > 0).to(torch.int64) << 23)
        exponent = exponent.clamp(min=1)  # subnormal numbers share the lowest exponent
        group, rest = exponent >> 2, exponent & 3
        square = mantissa * mantissa
        signed = torch.where(bits < 0, -mantissa, mantissa)
        for total, addend in zip(
            self.sums,
            (signed << rest, (square >> 24) << (2 * rest), (square & 0xFFFFFF) << (2 * rest)),
            strict=True,
        ):
            total.scatter_add_(1, group, addend)
        self.count += values.shape[1]

    def merge(self, other: Self) -> None:
        """Take in everything that `other` has seen."""
        self.sums += other.sums
        self.count += other.count

    def state(self) -> dict[str, np.ndarray]:
        """`mean` and `std` (over the population), float64 [C], correctly rounded; zeros before the first image."""
        groups = range(self.GROUPS)
        sums = self.sums.numpy().astype(object)  # Python's integers have no limit
        first = (sums[0] * [1 << 4 * g for g in groups]).sum(1)
        second = ((sums[1] * (1 << 24) + sums[2]) * [1 << 8 * g for g in groups]).sum(1)
        n, one = max(self.count, 1), 1 << self.BIAS
        mean = [int(total) / (n * one) for total in first]
        variance = [
            (n * int(squares) - int(total) ** 2) / (n * one) ** 2 for total, squares in zip(first, second, strict=True)
        ]
        return {"mean": np.array(mean, np.float64), "std": np.sqrt(np.array(variance, np.float64))}

    def memory(self) -> dict[str, Tensor]:
        """Everything the reducer remembers: `count` [] and `sums` [3, C, 64]."""
        return {"count": torch.tensor(self.count), "sums": self.sums}

    def remember(self, memory: Mapping[str, Tensor]) -> None:
        """Forget everything and go on from another's `memory`."""
        self.count, self.sums = int(memory["count"]), memory["sums"]
