"""How partitions become the tables of an index: in order, each image numbered by how many good ones came before it."""

from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor

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
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="reduce")
        self._reducing: Future[None] | None = None

    def add(self, partition: Partition) -> None:
        """Take in the partition that follows those so far."""
        for position, reason in partition.refused.items():
            self.refused[self.seen + position] = reason if len(self.refused) < REASONS else ""
        self.seen += partition.images
        self.images += partition.images - len(partition.refused)
        if partition.measured:
            self._waiting.append(partition.measured)
        if self.images - self._reduced >= REDUCED_AT_ONCE:
            self._begin()

    def reduce(self) -> None:
        """Bring the tables up to date: partitions that are smaller than an update wait for others."""
        self._begin()
        self._end()

    def _begin(self) -> None:
        """Begin to bring the tables up to date, on a thread of their own: meanwhile the model goes on."""
        if self.images == self._reduced:
            return
        self._end()
        ids, parts = torch.arange(self._reduced, self.images), self._waiting
        self._waiting, self._reduced = [], self.images
        self._reducing = self._thread.submit(self._update, ids, parts)

    def _end(self) -> None:
        """Wait until the tables are as far as they were asked to be. Raises what went wrong meanwhile."""
        reducing, self._reducing = self._reducing, None
        if reducing is not None:
            reducing.result()

    def _update(self, ids: Tensor, parts: list[dict[str, Measured]]) -> None:
        for layer, tables in self.tables.items():
            values, places = (torch.cat(column) for column in zip(*(part[layer] for part in parts), strict=True))
            tables.update(Batch(ids, values, places))

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
        self._end()
        for layer, tables in self.tables.items():
            start = f"{layer}/"
            tables.remember({name.removeprefix(start): memory[name] for name in memory if name.startswith(start)})
        self.seen, self.refused = seen, refused
        self.images = self._reduced = seen - len(refused)
        self._waiting.clear()
