"""How long a render takes on this machine, before it starts."""

import time

import torch

from app.clip.clip import Clip
from app.render.presets import recipe
from app.render.run import begin
from app.render.transform import Affine
from app.spec import RenderSpec

MEASURED, WARM_UP = 2, 1  # steps
SECOND_ORDER = 2.0  # passes: it differentiates a gradient


def pace(clip: Clip) -> float:
    """Seconds for one picture and one step at the model's own size, measured on its last layer."""
    size = min(max(clip.image_size, 32), 512)
    steps = WARM_UP + MEASURED
    spec = {"model": clip.slug, "layer": clip.default_layer, "unit": 0, "size": size, "steps": steps}
    ascent = begin(clip, RenderSpec.model_validate(spec))
    for _ in range(WARM_UP):
        ascent.take(ascent.ask().run())
    start = time.perf_counter()
    for _ in range(MEASURED):
        ascent.take(ascent.ask().run())
    if clip.device.type == "cuda":
        torch.cuda.synchronize(clip.device)
    return (time.perf_counter() - start) / MEASURED


def seconds(clip: Clip, spec: RenderSpec, per_step: float) -> float:
    """About how long a spec takes alone, given the model's `pace`: a step costs as the area that the model sees."""
    how = recipe(spec.preset)
    side = clip.image_size if isinstance(how.views, Affine) else spec.size
    area = (side / clip.image_size) ** 2
    passes = SECOND_ORDER if spec.pulls and spec.form == "second-order" else 1.0
    return per_step * spec.steps * spec.ramp * area * passes
