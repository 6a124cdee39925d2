"""The loop: a generator that takes one optimiser step per `next`, so that its caller may pause, show or stop."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import pad

from app.clip.clip import Clip
from app.render.objective import Objective, read
from app.render.param import FourierImage
from app.render.presets import Recipe
from app.render.transform import view

FLAT = 0.01  # of full scale: neighbours closer than this count as alike


@dataclass(frozen=True)
class Frame:
    """The state after `step` steps (from 1).

    `activation` float32 [B] is the watched objective on the views of this step, so it wavers; `image` uint8
    [B, S, S, 3] is there only where a frame is due: after the first step, every so often, and after the last.
    """

    step: int
    activation: NDArray[np.float32]
    image: NDArray[np.uint8] | None


def to_uint8(rgb: Tensor) -> NDArray[np.uint8]:
    """Pictures [B, 3, S, S] in [0, 1] as bytes [B, S, S, 3]."""
    return (rgb.detach().clamp(0, 1) * 255).round().to(torch.uint8).permute(0, 2, 3, 1).cpu().numpy()


def _unit_gradient(gradient: Tensor) -> Tensor:
    """Each picture's gradient at root mean square 1.

    So a prior of a given weight means the same to every model and unit, and a picture whose gradient is tiny does not
    depend on rounding (Adam divides a constant scale out, but not its epsilon).
    """
    size = gradient.square().mean(dim=(1, 2, 3), keepdim=True).sqrt()
    return gradient / size.clamp_min(torch.finfo(gradient.dtype).tiny)


def _soft_sign(x: Tensor) -> Tensor:
    """Minus 1 to 1; the sign of all but the smallest differences, which it does not magnify as the sign would."""
    return x / (x.square() + FLAT**2).sqrt()


def _smoother(rgb: Tensor) -> Tensor:
    """The direction that lowers the total variation: each pixel towards its neighbours, [B, 3, S, S], -4 to 4."""
    down, right = _soft_sign(rgb.diff(dim=2)), _soft_sign(rgb.diff(dim=3))
    return pad(down, (0, 0, 0, 1)) - pad(down, (0, 0, 1, 0)) + pad(right, (0, 1)) - pad(right, (1, 0))


def _advance(clip: Clip, objective: Objective, watch: Objective, rgb: Tensor, seen: Tensor) -> NDArray[np.float32]:
    """One backward pass into the picture's parameters; answers the watched value of each picture."""
    with read(clip, rgb, seen, objective, watch) as reading:
        value = watch.value(reading).detach()
        roots = objective.roots(reading)
        torch.autograd.backward([tensor for tensor, _ in roots], [vector for _, vector in roots])
    return value.float().cpu().numpy()


def ascend(
    clip: Clip,
    objective: Objective,
    watch: Objective,
    *,
    slots: Sequence[tuple[int, int]],
    size: int,
    steps: int,
    recipe: Recipe,
) -> Iterator[Frame]:
    """Maximise `objective` over a batch of pictures [B, 3, size, size], one per (seed, slot) of `slots`.

    Yields after every step; nothing runs between two `next` calls, and dropping the iterator ends the run.
    """
    param = FourierImage(slots, size, device=clip.device, sd=recipe.sd, decay=recipe.decay, dtype=clip.mean.dtype)
    optimiser = torch.optim.Adam(param.parameters(), lr=recipe.lr, maximize=True)
    for step in range(1, steps + 1):
        optimiser.zero_grad(set_to_none=True)
        with torch.enable_grad():
            rgb = param()
            prior = recipe.smoothness * _smoother(rgb.detach())
            rgb.register_hook(lambda gradient, prior=prior: _unit_gradient(gradient) + prior)
            seen = view(rgb, recipe.affine, slots, step, clip.image_size)
            activation = _advance(clip, objective, watch, rgb, seen)
        optimiser.step()
        due = step in (1, steps) or step % recipe.every == 0
        with torch.no_grad():
            image = to_uint8(param()) if due else None
        yield Frame(step, activation, image)
