"""The ascent of one render, step by step: the model's part of a step can be shared with other renders."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import pad

from app.clip.clip import Clip
from app.errors import BadInput
from app.render.objective import Objective
from app.render.param import FourierImage, PhaseImage
from app.render.passes import Pass, Slope
from app.render.presets import Recipe

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


def _from_noise(clip: Clip, slots: Sequence[tuple[int, int]], size: int, recipe: Recipe) -> FourierImage:
    return FourierImage(slots, size, device=clip.device, sd=recipe.sd, decay=recipe.decay, dtype=clip.mean.dtype)


def _from_phases(clip: Clip, slots: Sequence[tuple[int, int]], size: int, spectrum: Tensor | None) -> PhaseImage:
    if spectrum is None:
        raise BadInput(
            f"preset: this one draws with the spectrum of a corpus, and {clip.slug} has no corpus; "
            "index one, or choose another preset",
            field="preset",
        )
    if spectrum.shape != (3, size, size // 2 + 1):
        raise ValueError(f"a spectrum of shape {tuple(spectrum.shape)} is not one for pictures of {size} px")
    return PhaseImage(slots, spectrum, device=clip.device, dtype=clip.mean.dtype)


def _from_picture(
    clip: Clip, slots: Sequence[tuple[int, int]], size: int, recipe: Recipe, start: Tensor | None
) -> FourierImage:
    if start is None:
        raise BadInput(
            "picture: this preset starts from a picture; give one, or choose another preset", field="picture"
        )
    if start.shape[-2:] != (size, size):
        raise ValueError(f"a start of shape {tuple(start.shape)} is not a picture of {size} px")
    pictures = start.expand(len(slots), -1, -1, -1)
    return FourierImage.of(pictures, device=clip.device, decay=recipe.decay, dtype=clip.mean.dtype)


class Ascent:
    """Maximises `objective` over a batch of pictures [B, 3, size, size], one per (seed, slot) of `slots`.

    Each step is `take(ask().run())`, whoever runs the pass: what is the render's own stays here, what the model does
    can be done for several renders at once (`Pass.together`). Nothing is held between two steps but the pictures.

    Args:
        start: The pictures that a recipe with `near` starts from, [1 or B, 3, size, size] in 0..1; one serves all.
        spectrum: The magnitudes that a recipe with `phases` fixes, [3, size, size // 2 + 1]: `Spectrum.at(size)` of
            the model's corpus. Recipes that need neither look at neither.

    Raises:
        BadInput: the recipe needs a picture or a spectrum and there is none.
    """

    def __init__(
        self,
        clip: Clip,
        objective: Objective,
        watch: Objective,
        *,
        slots: Sequence[tuple[int, int]],
        size: int,
        steps: int,
        recipe: Recipe,
        start: Tensor | None = None,
        spectrum: Tensor | None = None,
    ) -> None:
        self.clip, self.objective, self.watch = clip, objective, watch
        self.slots, self.steps, self.recipe = slots, steps, recipe
        self.step = 0
        self._source: Tensor | None = None
        self._param: FourierImage | PhaseImage
        if recipe.phases:
            self._param = _from_phases(clip, slots, size, spectrum)
        elif recipe.near is not None:
            self._param = _from_picture(clip, slots, size, recipe, start)
            self._source = self._param().detach()
        else:
            self._param = _from_noise(clip, slots, size, recipe)
        self._optimiser = torch.optim.Adam(self._param.parameters(), lr=recipe.lr, maximize=True)

    @property
    def done(self) -> bool:
        """Whether all steps were taken."""
        return self.step >= self.steps

    def ask(self) -> Pass:
        """The pass that the next step needs."""
        with torch.enable_grad():
            self._rgb = self._param()
            self._seen = self.recipe.views(self._rgb, self.slots, self.step + 1, self.clip.image_size)
        redirected = self.step < self.recipe.redirected
        return Pass(self.clip, self.objective, self.watch, self._rgb.detach(), self._seen.detach(), redirected)

    def take(self, slope: Slope) -> Frame:
        """Take the step that the answered pass gives."""
        self.step += 1
        (through,) = torch.autograd.grad(self._seen, self._rgb, slope.seen, retain_graph=True)
        ascent = slope.rgb + through
        if self.recipe.smoothness is not None:
            ascent = self._with_priors(_unit_gradient(ascent), self.recipe.smoothness)
        self._optimiser.zero_grad(set_to_none=True)
        self._rgb.backward(ascent)
        self._optimiser.step()
        del self._rgb, self._seen
        due = self.step in (1, self.steps) or self.step % self.recipe.every == 0
        with torch.no_grad():
            image = to_uint8(self._param()) if due else None
        return Frame(self.step, slope.value, image)

    def _with_priors(self, ascent: Tensor, smoothness: float) -> Tensor:
        """The ascent [B, 3, S, S] together with the pulls towards smoothness and towards the source.

        What must be smooth is the change: a source has edges and grain of its own.
        """
        rgb = self._rgb.detach()
        if self._source is None or self.recipe.near is None:
            return ascent + smoothness * _smoother(rgb)
        change = rgb - self._source
        return ascent + smoothness * _smoother(change) - self.recipe.near * change

    def frames(self) -> Iterator[Frame]:
        """Take all steps, alone; nothing runs between two `next` calls."""
        while not self.done:
            yield self.take(self.ask().run())
