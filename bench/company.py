"""What company costs and gives: sixteen renders at once against sixteen in turn, and fifty in a row.

On the model that comes with Facetscope, through the passes that the device thread runs.
"""

import statistics
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from app.clip import registry
from app.clip.clip import Clip
from app.render.ascend import Ascent
from app.render.passes import Pass
from app.render.run import begin
from app.spec import RenderSpec
from bench.rows import Row, Tell

RENDERS, PAIRS, ROW = 16, 5, 50
STEPS = 64


def _ascents(clip: Clip, count: int = RENDERS) -> list[Ascent]:
    layer = clip.default_layer
    specs = [
        RenderSpec.model_validate({"model": clip.slug, "layer": layer, "unit": unit, "steps": STEPS, "seed": unit})
        for unit in range(count)
    ]
    return [begin(clip, spec) for spec in specs]


def _together(ascents: Sequence[Ascent]) -> list[np.ndarray]:
    images: list[np.ndarray] = []
    while not ascents[0].done:
        slopes = Pass.together([each.ask() for each in ascents])
        frames = [each.take(slope) for each, slope in zip(ascents, slopes, strict=True)]
        images = [frame.image for frame in frames if frame.image is not None] or images
    return images


def _in_turn(ascents: Sequence[Ascent]) -> list[np.ndarray]:
    return [_together([each])[0] for each in ascents]


def at_once(clip: Clip, tell: Tell) -> list[Row]:
    """Time of sixteen at once over sixteen in turn, and how far apart their pictures are."""
    ratios, apart = [], 0
    for pair in range(PAIRS):
        tell(f"pair {pair + 1} of {PAIRS}")
        start = time.perf_counter()
        company = _together(_ascents(clip))
        middle = time.perf_counter()
        alone = _in_turn(_ascents(clip))
        ratios.append((middle - start) / (time.perf_counter() - middle))
        apart = max(apart, *(int(np.abs(a.astype(int) - b).max()) for a, b in zip(company, alone, strict=True)))
    note = f"{RENDERS} renders, {STEPS} steps, {clip.device}; median of {PAIRS} pairs"
    return [
        Row("company.time", statistics.median(ratios), "of in turn", 0.6, note, most=True),
        Row("company.apart", apart, "of 255", 1, "largest difference of a pixel, alone and in company", most=True),
    ]


def in_a_row(clip: Clip, tell: Tell) -> list[Row]:
    """Whether renders get slower, leave hooks behind or take memory that they do not give back."""
    _in_turn(_ascents(clip, 5))
    times, memory = [], []
    for count in range(ROW):
        tell(f"render {count + 1} of {ROW}")
        start = time.perf_counter()
        _in_turn(_ascents(clip, 1))
        times.append(time.perf_counter() - start)
        memory.append(_resident())
    first, last = statistics.median(times[:10]), statistics.median(times[-10:])
    hooks = sum(len(module._forward_hooks) + len(module._forward_pre_hooks) for module in clip.module.modules())
    return [
        Row("company.slower", last / first, "last/first", 1.05, f"{ROW} renders; medians of ten", most=True),
        Row("company.hooks", hooks, "hooks", 0, "left on the model", most=True),
        Row("company.memory", memory[-1] / memory[0], "last/first", 1.02, "resident memory", most=True),
    ]


def _resident() -> int:
    """Resident memory in pages."""
    return int(Path("/proc/self/statm").read_text("ascii").split()[1])


def measure(tell: Tell) -> list[Row]:
    """Both, on the shipped model."""
    clip = registry.load(registry.entry("iconclip"), registry.RELEASE, offline=True)
    return [*at_once(clip, tell), *in_a_row(clip, tell)]
