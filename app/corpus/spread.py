"""Measure partitions on all the machines of a Ray cluster, or on all the cores of this one.

Every task measures one partition with the very function that measures it here, so the index is the same. Tables are
made here, in order: only here it is known how images are numbered. The code, the weights and the pictures must lie
under the same paths on every machine.

Ray is no dependency of ours: `uv sync --group ray` installs it.
"""

import importlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from app.clip import registry
from app.clip.clip import Clip
from app.clip.entry import Entry
from app.corpus.build import Engine
from app.corpus.gather import Measure, Measuring
from app.corpus.partition import Partition, cut, measuring
from app.corpus.sources import Item, Source
from app.corpus.unfinished import Unfinished
from app.errors import BadInput, NotReady

AHEAD = 2  # partitions given out per worker: one that is measured, one that waits


def cluster(cache_dir: Path) -> Engine:
    """An engine for `build`.

    Args:
        cache_dir: Where the workers find the model's weights.

    Raises:
        BadInput: Ray is not installed.
    """
    if find_spec("ray") is None:
        raise BadInput("engine: ray is not installed here; `uv sync --group ray` installs it.", field="engine")

    @contextmanager
    def engine(
        clip: Clip, source: Source, layers: list[str], unfinished: Unfinished, batch_size: int
    ) -> Iterator[Measure]:
        ray, own = _ray()
        try:
            need = {"num_gpus": 1} if clip.device.type == "cuda" else {"num_cpus": 1}
            work = ray.remote(**need, max_retries=3)(_work)
            about = (clip.entry, cache_dir, clip.device.type, clip.weights_hash, layers, batch_size)
            width = AHEAD * max(int(ray.cluster_resources().get("GPU" if "num_gpus" in need else "CPU", 1)), 1)
            yield _Spread(ray, lambda items: work.remote(*about, items), source, unfinished, width).measure
        finally:
            if own:
                ray.shutdown()

    return engine


def _ray() -> tuple[Any, bool]:
    """Ray, connected to the cluster of RAY_ADDRESS or to one of its own on this machine, and whether we did so."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # we do not phone home, nor does what we start
    ray = importlib.import_module("ray")
    own = not ray.is_initialized()
    if own:
        ray.init(log_to_driver=False, logging_level="error")
    return ray, own


class _Spread:
    """Gives out the partitions that are not there yet, and keeps those that come back before their turn."""

    def __init__(
        self, ray: Any, give_out: Callable[[list[Item]], Any], source: Source, unfinished: Unfinished, width: int
    ) -> None:
        self.ray, self.give_out, self.unfinished, self.width = ray, give_out, unfinished, width
        self.parts = enumerate(cut(source, unfinished.images))
        self.out: dict[int, Any] = {}

    def measure(self, number: int, items: list[Item]) -> Measuring:
        """Wait for one partition; what else comes back meanwhile will be found on the disk."""
        if number not in self.out:
            self.out[number] = self.give_out(items)
        while True:
            self._give_out_after(number)
            ready, _ = self.ray.wait(list(self.out.values()), num_returns=1)
            back = next(each for each, task in self.out.items() if task == ready[0])
            part = self._taken(self.out.pop(back))
            if back == number:
                yield part.images
                return part
            self.unfinished.keep(back, part)
            yield 0

    def _give_out_after(self, number: int) -> None:
        there = self.unfinished.numbers("part")
        while len(self.out) < self.width:
            following, items = next(self.parts, (0, None))
            if items is None:
                return
            if following > number and following not in there:
                self.out[following] = self.give_out(items)

    def _taken(self, task: Any) -> Partition:
        try:
            return self.ray.get(task)
        except self.ray.exceptions.RayError as error:
            reason = str(getattr(error, "cause", error)).strip().splitlines()[-1]
            raise NotReady(f"A Ray worker failed: {reason} The same command goes on from there.") from error


def _work(
    entry: Entry, cache_dir: Path, device: str, weights_hash: str, layers: list[str], batch_size: int, items: list[Item]
) -> Partition:
    """A task: measure one partition, on whatever machine this is."""
    clip = _clip(entry, cache_dir, device)
    if clip.weights_hash != weights_hash:
        raise NotReady(f"This worker has other weights of {entry.slug} ({clip.weights_hash}, not {weights_hash}).")
    steps = measuring(clip, items, layers, batch_size)
    while True:
        try:
            next(steps)
        except StopIteration as finished:
            return finished.value


@lru_cache(maxsize=1)
def _clip(entry: Entry, cache_dir: Path, device: str) -> Clip:
    """A worker does many partitions."""
    return registry.load(entry, cache_dir, device, offline=True)
