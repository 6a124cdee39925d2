"""Measure partitions on the workers of a Ray cluster; see `app/clip/cluster.py`.

Every task measures one partition with the very function that measures it here, so the index is the same. Tables are
made here, in order: only here it is known how images are numbered. The pictures must lie under the same paths on every
machine.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from app.clip.clip import Clip
from app.clip.cluster import Cluster, There, check_workers
from app.corpus.build import Engine
from app.corpus.gather import Measure, Measuring
from app.corpus.partition import Partition, cut, measuring
from app.corpus.sources import Item, Source
from app.corpus.unfinished import Unfinished


def cluster(cache_dir: Path, workers: int | None = None) -> Engine:
    """An engine for `build`.

    Args:
        cache_dir: Where the workers find the model's weights.
        workers: How many measure at once; none means as many as there are.

    Raises:
        BadInput: Ray is not installed.
    """
    check_workers("ray", workers)

    @contextmanager
    def engine(
        clip: Clip, source: Source, layers: list[str], unfinished: Unfinished, batch_size: int
    ) -> Iterator[Measure]:
        with Cluster.of(clip, cache_dir, workers) as there:
            work = there.task(_work)
            yield _Spread(there, lambda items: work(layers, batch_size, items), source, unfinished).measure

    return engine


class _Spread:
    """Gives out the partitions that are not there yet, and keeps those that come back before their turn."""

    def __init__(
        self, cluster: Cluster, give_out: Callable[[list[Item]], Any], source: Source, unfinished: Unfinished
    ) -> None:
        self.cluster, self.give_out, self.unfinished = cluster, give_out, unfinished
        self.parts = enumerate(cut(source, unfinished.images))
        self.out: dict[int, Any] = {}

    def measure(self, number: int, items: list[Item]) -> Measuring:
        """Wait for one partition; what else comes back meanwhile will be found on the disk."""
        if number not in self.out:
            self.out[number] = self.give_out(items)
        while True:
            self._give_out_after(number)
            ready = self.cluster.first(self.out.values())
            back = next(each for each, task in self.out.items() if task == ready)
            part = self.cluster.result(self.out.pop(back))
            if back == number:
                yield part.images
                return part
            self.unfinished.keep(back, part)
            yield 0

    def _give_out_after(self, number: int) -> None:
        there = self.unfinished.numbers("part")
        while len(self.out) < self.cluster.width:
            following, items = next(self.parts, (0, None))
            if items is None:
                return
            if following > number and following not in there:
                self.out[following] = self.give_out(items)


def _work(there: There, layers: list[str], batch_size: int, items: list[Item]) -> Partition:
    """A task: measure one partition, on whatever machine this is."""
    steps = measuring(there.clip(), items, layers, batch_size)
    while True:
        try:
            next(steps)
        except StopIteration as finished:
            return finished.value
