"""One pass through the model, forward and back, for one render or for several at once.

A render must not show its companions. In exact arithmetic a batch does not mix its pictures. On a CPU the
convolution kernels sum in another order for one picture than for several, and for an odd number than for an even one;
a render amplifies the last bit to a visible difference in some dozens of steps. So there single pictures of small
models go through the model in even numbers up to `CHUNK`, a lone one beside a copy of itself, and large models see one
render at a time (docs/decisions/0005-renders-side-by-side.md).
"""

from collections.abc import Hashable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from app.clip.clip import Clip
from app.render import memory, precision
from app.render.faults import is_shortage
from app.render.objective import Objective, read
from app.render.precision import SMALL, Tower
from app.render.released import redirected

CHUNK = 8  # pictures; with more, kernels change once again and nothing is gained


@dataclass(frozen=True)
class Slope:
    """What a pass found: the watched value of each picture [B], and the ascent as gradients in the pictures and in their
    views, [B, 3, S, S] and [B, 3, s, s]."""

    value: NDArray[np.float32]
    rgb: Tensor
    seen: Tensor


@dataclass(frozen=True, eq=False)
class Pass:
    """One forward and one backward pass that a render asks for: pictures `rgb` [B, 3, S, S] and views `seen`
    [B, 3, s, s], both detached; `redirected` runs it through redirected ReLUs."""

    clip: Clip
    objective: Objective
    watch: Objective
    rgb: Tensor
    seen: Tensor
    redirected: bool = False

    @property
    def precision(self) -> torch.dtype:
        """The precision of the model's blocks in this pass: bfloat16, or that of its weights."""
        return precision.tower(self.clip).dtype

    @property
    def kind(self) -> Hashable:
        """Passes of one kind can be run together: same model, same sizes, same kinds of objective."""
        sizes = (self.rgb.shape[1:], self.seen.shape[1:])
        return (self.clip.weights_hash, sizes, self.redirected, self.objective.kind, self.watch.kind)

    def run(self) -> Slope:
        """Run this pass without others."""
        return self.together([self])[0]

    @staticmethod
    def together(passes: "Sequence[Pass]") -> list[Slope]:
        """Run passes of one kind. Where the device has too little memory for all of them, as smaller batches."""
        return [slope for batch in _batches(passes) for slope in _run(batch)]


def _batches(passes: Sequence[Pass]) -> Iterator[Sequence[Pass]]:
    """The passes in their order, in batches that one pass through the model can take."""
    if passes[0].clip.device.type != "cpu":
        yield from _with_room(passes)
        return
    singles: list[Pass] = []
    for each in passes:
        joins = _joins(each)
        if singles and (not joins or len(singles) == CHUNK):
            yield singles
            singles = []
        if joins:
            singles.append(each)
        else:
            yield [each]
    if singles:
        yield singles


def _with_room(passes: Sequence[Pass]) -> Iterator[Sequence[Pass]]:
    """As many at once as the GPU has memory for; what it has is asked anew before every batch."""
    while passes:
        room = memory.room_now(passes[0].clip.device, passes[0].kind)
        count = memory.first([len(each.rgb) for each in passes], room)
        yield passes[:count]
        passes = passes[count:]


def _joins(each: Pass) -> bool:
    """Whether a pass runs beside others on a CPU: one picture, of a model with a small input."""
    return each.clip.device.type == "cpu" and len(each.rgb) == 1 and each.clip.image_size <= SMALL


def _run(passes: Sequence[Pass]) -> list[Slope]:
    try:
        return _joined_run(passes)
    except RuntimeError as error:
        if not is_shortage(error) or len(passes) == 1:
            raise
        torch.cuda.empty_cache()
    half = len(passes) // 2
    return [*_run(passes[:half]), *_run(passes[half:])]


def _joined_run(passes: Sequence[Pass]) -> list[Slope]:
    counts = [len(each.rgb) for each in passes]
    padded = [*passes, passes[-1]] if len(passes) % 2 and _joins(passes[0]) else passes
    work = _joined(padded)
    tower = precision.tower(work.clip)  # made before memory is watched: it stays
    with memory.watched(work.clip.device, passes[0].kind, len(work.rgb)):
        slope = _one(work, tower)
    ends = np.cumsum(counts)
    return [
        Slope(slope.value[end - count : end], slope.rgb[end - count : end], slope.seen[end - count : end])
        for end, count in zip(ends, counts, strict=True)
    ]


def _joined(passes: Sequence[Pass]) -> Pass:
    if len(passes) == 1:
        return passes[0]
    first = passes[0]
    return Pass(
        first.clip,
        first.objective.joined([(each.objective, len(each.rgb)) for each in passes]),
        first.watch.joined([(each.watch, len(each.rgb)) for each in passes]),
        torch.cat([each.rgb for each in passes]),
        torch.cat([each.seen for each in passes]).contiguous(memory_format=torch.channels_last),
        first.redirected,
    )


def _one(work: Pass, tower: Tower) -> Slope:
    rgb, seen = work.rgb.detach().requires_grad_(), work.seen.detach().requires_grad_()
    relus = redirected(tower.clip.module.visual) if work.redirected else nullcontext()
    with relus, torch.enable_grad(), tower.cast(), read(tower.clip, rgb, seen, work.objective, work.watch) as reading:
        value = work.watch.value(reading).detach()
        roots = work.objective.roots(reading)
        torch.autograd.backward([tensor for tensor, _ in roots], [vector for _, vector in roots])
    assert seen.grad is not None
    direct = torch.zeros_like(rgb) if rgb.grad is None else rgb.grad
    return Slope(value.float().cpu().numpy(), direct, seen.grad)
