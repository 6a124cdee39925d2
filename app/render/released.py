"""The recipe of the code that came with the article (`example_facets.py`), as far as it differs from ours.

Its transforms in their order: pad 2 with mid grey, ten jitters of 4, one random scale, one random rotation, a jitter of
2, then cropped or padded with black to the size of the picture. All of them together are one resampling.
"""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from app.render.chance import generator

PAD, GREY = 2, 0.5
JITTERS, JITTER, LAST_JITTER = 10, 4, 2
SCALES = tuple(0.995**n for n in range(-5, 80)) + 2 * tuple(0.998**n for n in range(20, 40))
DEGREES = (*range(-20, 20), *range(-10, 10), *range(-5, 5), *(5 * [0]))
STRENGTHS = (0.1, 5.0)  # of the first and the last picture of the batch, absolute
PICTURES = 9
GREYNESS = 10.0
LEARNING_RATE = 0.02
REDIRECTED_STEPS = 16


@dataclass(frozen=True)
class Transforms:
    """One draw per picture and step."""

    def __call__(self, rgb: Tensor, slots: Sequence[tuple[int, int]], step: int, _side: int) -> Tensor:
        """Views of pictures [B, 3, S, S], of the same size whatever the model's: the released code shows 256 px to a
        model of 288."""
        drawn = [Draw.of(generator(seed, slot, step)).where(rgb.shape[-1]) for seed, slot in slots]
        grid = torch.from_numpy(np.stack([grid for grid, _ in drawn])).to(rgb.device, rgb.dtype)
        inside = torch.from_numpy(np.stack([inside for _, inside in drawn])).to(rgb.device, rgb.dtype)
        # sampled around mid grey, what lies beyond the picture is the grey padding; beyond the crop it is black
        seen = F.grid_sample(rgb - GREY, grid, mode="bilinear", padding_mode="zeros", align_corners=False) + GREY
        return (seen * inside[:, None]).contiguous(memory_format=torch.channels_last)


@dataclass(frozen=True)
class Draw:
    """One random view: the ten jitters together and the last one in pixels (x, y), the scale and the rotation."""

    jitter: tuple[int, int]
    scale: float
    degrees: float
    last: tuple[int, int]

    @classmethod
    def of(cls, rng: np.random.Generator) -> "Draw":
        jitter = rng.integers(0, JITTER + 1, size=(JITTERS, 2)).sum(axis=0)
        scale, degrees = float(rng.choice(SCALES)), float(rng.choice(DEGREES))
        last = rng.integers(0, LAST_JITTER + 1, size=2)
        return cls((int(jitter[0]), int(jitter[1])), scale, degrees, (int(last[0]), int(last[1])))

    def where(self, size: int) -> tuple[np.ndarray, np.ndarray]:
        """For each pixel of the view, where in the picture it looks ([S, S, 2], in [-1, 1]), and whether (0 or 1)."""
        side = size + 2 * PAD - JITTERS * JITTER  # after the jitters, each of which crops
        scaled = int(self.scale * side)
        shown = scaled - LAST_JITTER
        edge = (size - shown) // 2
        rows, columns = np.mgrid[0:size, 0:size].astype(np.float64)
        shown_at = np.stack([columns - edge, rows - edge], axis=-1)
        angle, centre = math.radians(self.degrees), (scaled - 1) / 2
        cos, sin = math.cos(angle), math.sin(angle)
        scaled_at = (shown_at + self.last - centre) @ np.array([[cos, sin], [-sin, cos]]) + centre
        inside = _within(shown_at, shown) & _within(scaled_at, scaled)
        picture_at = (scaled_at + 0.5) * side / scaled - 0.5 + self.jitter - PAD
        return (2 * (picture_at + 0.5) / size - 1).astype(np.float32), inside.astype(np.float32)


def _within(place: np.ndarray, side: int) -> np.ndarray:
    return np.all((place >= -1e-9) & (place <= side - 1 + 1e-9), axis=-1)


class _Redirected(torch.autograd.Function):
    """A ReLU whose slope, where it would be nothing for a whole picture, leads dead units upwards instead.

    After Lucid's `redirected_relu_grad`, here for ascent: a gradient is dropped only where the unit is below zero and
    would be pushed lower still.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return x.clamp_min(0)

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Tensor:
        (x,), gradient = ctx.saved_tensors, gradients[0]
        plain = gradient * (x > 0)
        redirected = torch.where((x < 0) & (gradient < 0), 0, gradient)
        alive = plain.flatten(1).norm(dim=1) > 0
        return torch.where(alive.view(-1, *[1] * (x.dim() - 1)), plain, redirected)


@contextmanager
def redirected(module: nn.Module) -> Iterator[None]:
    """Within the block every ReLU of a module is a redirected one."""
    relus = [each for each in module.modules() if isinstance(each, nn.ReLU)]
    for each in relus:
        each.forward = _Redirected.apply  # type: ignore[method-assign]
    try:
        yield
    finally:
        for each in relus:
            del each.forward
