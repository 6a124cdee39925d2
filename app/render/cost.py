"""How long a render takes on this machine, before it starts."""

import time
from dataclasses import dataclass

import torch
from open_clip.modified_resnet import ModifiedResNet

from app.clip.clip import Clip
from app.render.ascend import Ascent
from app.render.objective import Unit
from app.render.passes import SMALL
from app.render.presets import Recipe, recipe
from app.render.released import Transforms
from app.render.transform import Affine
from app.spec import RenderSpec

MEASURED, WARM_UP = 3, 1  # steps
SECOND_ORDER = 2.0  # passes: it differentiates a gradient
TWICE = 2  # as large a side: what a small model costs there tells its fixed part from what grows with the area


@dataclass(frozen=True)
class Pace:
    """What a step costs: `fixed` seconds, and `per_pixel` seconds for each pixel of what the model sees."""

    fixed: float
    per_pixel: float


def pace(clip: Clip) -> Pace:
    """Measure steps towards a unit of the last layer. A large model's fixed part does not count."""
    side = clip.image_size
    small = _step(clip, side)
    if side > SMALL or not isinstance(clip.module.visual, ModifiedResNet):  # a transformer has one size only
        return Pace(0.0, small / side**2)
    large = _step(clip, TWICE * side)
    per_pixel = max(large - small, 0.0) / (side**2 * (TWICE**2 - 1))
    return Pace(max(small - per_pixel * side**2, 0.0), per_pixel)


def _step(clip: Clip, side: int) -> float:
    """Seconds of a step in which the model sees one picture of that side."""
    unit, steps = Unit(clip.default_layer, 0), WARM_UP + MEASURED
    ascent = Ascent(clip, unit, unit, slots=[(0, 0)], size=side, steps=steps, recipe=Recipe(views=Transforms()))
    taken = []
    while not ascent.done:
        start = time.perf_counter()
        ascent.take(ascent.ask().run())
        if clip.device.type == "cuda":
            torch.cuda.synchronize(clip.device)
        taken.append(time.perf_counter() - start)
    return min(taken[WARM_UP:])


def seconds(clip: Clip, spec: RenderSpec, pace: Pace) -> float:
    """About how long a spec takes alone."""
    side = clip.image_size if isinstance(recipe(spec.preset).views, Affine) else spec.size
    passes = SECOND_ORDER if spec.pulls and spec.form == "second-order" else 1.0
    return spec.steps * passes * (pace.fixed + pace.per_pixel * side**2 * spec.ramp)
