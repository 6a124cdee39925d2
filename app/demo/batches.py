"""Training batches: drawn ahead of time in a process of their own, the same whoever draws them."""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from app.demo.concepts import concepts
from app.demo.pack import load_pack
from app.demo.world import World

_AHEAD = 4


@dataclass(frozen=True)
class Batch:
    """Pictures uint8 (n, 64, 64, 3) with their captions, concepts and kinds."""

    images: np.ndarray
    captions: list[str]
    concepts: list[str]
    kinds: list[str]


def draw_batch(world: World, seed: int, step: int, size: int, progress: float) -> Batch:
    """Batch `step` of the run: pictures step * size ... of the training stream."""
    pictures = [world.picture(seed, "train", step * size + i, progress=progress) for i in range(size)]
    return Batch(
        np.stack([p.image for p in pictures]),
        [p.caption for p in pictures],
        [p.concept for p in pictures],
        [p.kind for p in pictures],
    )


_world: World | None = None  # of the drawing process, not of this one


def _start(pack: Path, stage: int) -> None:
    global _world
    _world = World(load_pack(pack), concepts(stage))


def _draw(seed: int, step: int, size: int, progress: float) -> Batch:
    assert _world is not None
    return draw_batch(_world, seed, step, size, progress)


def batches_ahead(
    pack: Path, stage: int, seed: int, size: int, first: int, progress: Callable[[int], float]
) -> Iterator[Batch]:
    """Batches from step `first` on, without end; `progress(step)` is asked when the batch is ordered."""
    with ProcessPoolExecutor(1, get_context("spawn"), initializer=_start, initargs=(pack, stage)) as pool:
        queue: deque[Future[Batch]] = deque()
        step = first
        while True:
            while len(queue) < _AHEAD:
                queue.append(pool.submit(_draw, seed, step, size, progress(step)))
                step += 1
            yield queue.popleft().result()


def batches_inline(world: World, seed: int, size: int, first: int, progress: Callable[[int], float]) -> Iterator[Batch]:
    """The same, drawn here and now."""
    step = first
    while True:
        yield draw_batch(world, seed, step, size, progress(step))
        step += 1
