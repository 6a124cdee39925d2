"""The random view of a picture at one step: jitter, scale and rotation fused into one affine resampling."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from app.render.chance import generator


@dataclass(frozen=True)
class Affine:
    """How far a view may stray from the picture; all draws are uniform.

    `jitter` is the largest shift in each direction as a fraction of the picture's side, `scale` the range of
    magnification (above 1 the view is a detail), `degrees` the largest rotation either way.
    """

    jitter: float = 1 / 16
    scale: tuple[float, float] = (0.9, 1.1)
    degrees: float = 8.0

    def matrix(self, rng: np.random.Generator) -> np.ndarray:
        """Draw one map from view to picture coordinates, float32 [2, 3], both in [-1, 1] as `grid_sample` has them."""
        angle = math.radians(rng.uniform(-self.degrees, self.degrees))
        zoom = rng.uniform(*self.scale)
        shift = rng.uniform(-2 * self.jitter, 2 * self.jitter, size=2)
        cos, sin = math.cos(angle) / zoom, math.sin(angle) / zoom
        return np.array([[cos, -sin, shift[0]], [sin, cos, shift[1]]], dtype=np.float32)

    def __call__(self, rgb: Tensor, slots: Sequence[tuple[int, int]], step: int, side: int) -> Tensor:
        """One draw per picture and step: as `view`."""
        return view(rgb, self, slots, step, side)


NONE = Affine(jitter=0.0, scale=(1.0, 1.0), degrees=0.0)
"""The view that is the picture itself, only resized."""


def view(rgb: Tensor, affine: Affine, slots: Sequence[tuple[int, int]], step: int, side: int) -> Tensor:
    """What the model sees of pictures [B, 3, S, S] at `step`: [B, 3, side, side], same range of values.

    Each slot draws from its own (seed, slot, step). Outside the picture is its reflection, so that no border becomes
    something to draw against. A picture larger than the view is first shrunk with antialiasing: `grid_sample` looks
    at four pixels only, and detail between them would escape the gradient.
    """
    matrices = np.stack([affine.matrix(generator(seed, slot, step)) for seed, slot in slots])
    theta = torch.from_numpy(matrices).to(rgb.device, rgb.dtype)
    if rgb.shape[-1] > side:
        rgb = F.interpolate(rgb, size=(side, side), mode="bilinear", antialias=True, align_corners=False)
    grid = F.affine_grid(theta, [len(slots), 3, side, side], align_corners=False)
    seen = F.grid_sample(rgb, grid, mode="bilinear", padding_mode="reflection", align_corners=False)
    return seen.contiguous(memory_format=torch.channels_last)  # convolutions take a quarter less time with it
