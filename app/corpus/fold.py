"""How partitions become the tables of an index: in order, each image numbered by how many good ones came before it."""

from collections.abc import Mapping

import torch
from torch import Tensor

from app.corpus.look import Measured
from app.corpus.manifest import REASONS
from app.corpus.partition import Partition
from app.corpus.reduce import Batch
from app.corpus.tables import Tables

REDUCED_AT_ONCE = 512  # images per update of the tables: each update sorts again what the tables hold


class Fold:
    """The tables of every layer over the images so far.

    `seen` counts the images of the source that were taken in, `images` the good ones among them; `refused` maps the
    positions of the others to why, with no word beyond the first hundred.

    Args:
        units: Layer -> how many units it has.
    """

    def __init__(self, units: Mapping[str, int]) -> None:
        self.tables = {layer: Tables(count) for layer, count in units.items()}
        self.seen = self.images = 0
        self.refused: dict[int, str] = {}
        self._waiting: list[dict[str, Measured]] = []
        self._reduced = 0

    def add(self, partition: Partition) -> None:
        """Take in the partition that follows those so far."""
        for position, reason in partition.refused.items():
            self.refused[self.seen + position] = reason if len(self.refused) < REASONS else ""
        self.seen += partition.images
        self.images += partition.images - len(partition.refused)
        if partition.measured:
            self._waiting.append(partition.measured)
        if self.images - self._reduced >= REDUCED_AT_ONCE:
            self.reduce()

    def reduce(self) -> None:
        """Bring the tables up to date: partitions that are smaller than an update wait for others."""
        if self.images == self._reduced:
            return
        ids = torch.arange(self._reduced, self.images)
        for layer, tables in self.tables.items():
            values, places = (
                torch.cat(column) for column in zip(*(part[layer] for part in self._waiting), strict=True)
            )
            tables.update(Batch(ids, values, places))
        self._waiting.clear()
        self._reduced = self.images

    def memory(self) -> dict[str, Tensor]:
        """The tables, to be put away."""
        self.reduce()
        return {
            f"{layer}/{name}": tensor
            for layer, tables in self.tables.items()
            for name, tensor in tables.memory().items()
        }

    def remember(self, memory: Mapping[str, Tensor], seen: int, refused: dict[int, str]) -> None:
        """Forget everything and go on from another's `memory`, `seen` and `refused`."""
        for layer, tables in self.tables.items():
            start = f"{layer}/"
            tables.remember({name.removeprefix(start): memory[name] for name in memory if name.startswith(start)})
        self.seen, self.refused = seen, refused
        self.images = self._reduced = seen - len(refused)
        self._waiting.clear()
