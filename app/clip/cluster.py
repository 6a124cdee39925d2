"""A model on all the machines of a Ray cluster, or on all the cores of this one: tasks that each take a part of the work.

A task that is lost, because its process was killed or its machine went away, is given out again. The code and the
weights must lie under the same paths on every machine.

Ray is no dependency of ours: `uv sync --group ray` installs it.
"""

import importlib
import os
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple, Self

from app.clip import registry
from app.clip.clip import Clip
from app.clip.entry import Entry
from app.errors import BadInput, NotReady

AHEAD = 2  # tasks given out per worker: one that is at work, one that waits
RETRIES = 3  # how often a task that was lost is given out again


class There(NamedTuple):
    """What a worker needs to know to have the very model."""

    entry: Entry
    cache_dir: Path
    device: str
    weights_hash: str

    def clip(self) -> Clip:
        """The model, loaded once in each process of a worker.

        Raises:
            NotReady: the worker's machine has other weights.
        """
        clip = _clip(self.entry, self.cache_dir, self.device)
        if clip.weights_hash != self.weights_hash:
            raise NotReady(
                f"This worker has other weights of {self.entry.slug} ({clip.weights_hash}, not {self.weights_hash})."
            )
        return clip


@lru_cache(maxsize=1)
def _clip(entry: Entry, cache_dir: Path, device: str) -> Clip:
    return registry.load(entry, cache_dir, device, offline=True)


def check_workers(engine: str, workers: int | None) -> None:
    """Raise BadInput for Ray that is not installed, and for a number of workers where there are none."""
    if engine == "ray" and find_spec("ray") is None:
        raise BadInput("engine: ray is not installed here; `uv sync --group ray` installs it.", field="engine")
    if workers is not None and (engine != "ray" or workers < 1):
        raise BadInput(f"workers: give at least 1, with --engine ray, not {workers} with {engine}.", field="workers")


class Cluster:
    """A cluster that this process is connected to; open it with `Cluster.of`.

    `width` is how many tasks to give out at a time.
    """

    def __init__(self, ray: Any, clip: Clip, cache_dir: Path, width: int) -> None:
        self.ray, self.width = ray, width
        self.there = There(clip.entry, cache_dir, clip.device.type, clip.weights_hash)

    @classmethod
    @contextmanager
    def of(cls, clip: Clip, cache_dir: Path, workers: int | None = None) -> Generator[Self, None, None]:
        """The cluster of RAY_ADDRESS, or one of its own on this machine until the block is left.

        Args:
            cache_dir: Where the workers find the model's weights.
            workers: How many work at once; none means as many as there are GPUs, or cores for a model on the CPU.

        Raises:
            BadInput: Ray is not installed.
        """
        check_workers("ray", workers)
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # we do not phone home, nor does what we start
        ray = importlib.import_module("ray")
        kind = "GPU" if clip.device.type == "cuda" else "CPU"
        own = not ray.is_initialized()
        limited = own and workers is not None and kind == "CPU" and "RAY_ADDRESS" not in os.environ
        if own:
            ray.init(log_to_driver=False, logging_level="error", **({"num_cpus": workers} if limited else {}))
        try:
            there = max(int(ray.cluster_resources().get(kind, 1)), 1)
            # On a cluster of more workers than are wanted, no task may wait: it would be at work.
            yield cls(ray, clip, cache_dir, AHEAD * there if limited or workers is None else workers)
        finally:
            if own:
                ray.shutdown()

    def task(self, work: Callable[..., Any]) -> Callable[..., Any]:
        """A function that gives out a task: `work`, whose first argument is a `There`, with the arguments it is given.
        It returns at once, with what `result` takes."""
        need = {"num_gpus": 1} if self.there.device == "cuda" else {"num_cpus": 1}
        remote = self.ray.remote(**need, max_retries=RETRIES)(work)
        return lambda *arguments: remote.remote(self.there, *arguments)

    def first(self, tasks: Iterable[Any]) -> Any:
        """Wait for one of the tasks to be done."""
        ready, _ = self.ray.wait(list(tasks), num_returns=1)
        return ready[0]

    def result(self, task: Any) -> Any:
        """What came of a task; waits for it.

        Raises:
            NotReady: the task failed, with the reason.
        """
        try:
            return self.ray.get(task)
        except self.ray.exceptions.RayError as error:
            reason = str(getattr(error, "cause", error)).strip().splitlines()[-1]
            raise NotReady(f"A Ray worker failed: {reason} The same command goes on from there.") from error
