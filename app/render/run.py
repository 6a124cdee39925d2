"""One render from its spec: what the application, the command line and the bench all call."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from app.clip import taps
from app.clip.clip import Clip
from app.errors import BadInput
from app.facets.facet import Facet, score
from app.render.ascend import Ascent, Frame
from app.render.faceted import Faceted
from app.render.objective import Greyness, Objective, Unit
from app.render.presets import recipe
from app.render.released import STRENGTHS
from app.render.steer import lies_across, steering
from app.spec import RenderSpec

RAMP_START = 0.1  # near nothing, as in the released ramp, so that the first picture shows the unit alone


@dataclass(frozen=True)
class Scores:
    """A finished picture seen without transforms: the unit's activation (in the model's units) and the facet's
    probability of its theme, 0 to 1; None without a facet, and for published weights, which come without a bias."""

    activation: float
    facet_score: float | None


def strengths(spec: RenderSpec) -> list[float]:
    """The strength of each picture of a spec: `ramp` of them, evenly up to `spec.strength`."""
    if spec.ramp == 1:
        return [spec.strength]
    start = STRENGTHS[0] if recipe(spec.preset).absolute else RAMP_START * spec.strength
    return [float(x) for x in np.linspace(start, spec.strength, spec.ramp)]


def _objective(clip: Clip, spec: RenderSpec, facet: Facet | None) -> Objective:
    how = recipe(spec.preset)
    objective: Objective = Unit(spec.layer, spec.unit, how.rectified, centre=spec.aim == "centre")
    if spec.aim == "least":
        objective = -objective
    if facet is not None:
        facet.check(clip)
        weights = steering(facet, clip, spec.layer, strengths(spec), absolute=how.absolute)
        objective = Faceted(objective, weights, spec.form, lies_across(clip))
    return objective + how.greyness * Greyness() if how.greyness else objective


def begin(clip: Clip, spec: RenderSpec, facet: Facet | None = None) -> Ascent:
    """The ascent that carries out a spec, pictures [ramp, size, size, 3] in the frames that are due.

    All that can be wrong with the request is raised here (NotFound, BadInput), before the first step. The pictures of
    a ramp share their randomness, so they differ in strength alone, and the last one is the render at full strength.
    The same spec gives the same picture on the same kind of device.
    """
    clip.unit(spec.layer, spec.unit)
    if (spec.facet is None) != (facet is None):
        raise BadInput("facet: the spec and the facet given do not go together", field="facet")
    how = recipe(spec.preset)
    objective = _objective(clip, spec, facet)
    slots = [(spec.seed, 0)] * spec.ramp
    return Ascent(
        clip, objective, Unit(spec.layer, spec.unit), slots=slots, size=spec.size, steps=spec.steps, recipe=how
    )


def render(clip: Clip, spec: RenderSpec, facet: Facet | None = None) -> Iterator[Frame]:
    """Carry out a spec alone: one optimiser step per `next`. Raises as `begin`, before the first."""
    return begin(clip, spec, facet).frames()


@torch.no_grad()
def measure(clip: Clip, spec: RenderSpec, facet: Facet | None, image: Image.Image | NDArray[np.uint8]) -> Scores:
    """How well a picture (uint8 [S, S, 3] or PIL) does what `spec` asked, prepared as any picture is for the model."""
    picture = image if isinstance(image, Image.Image) else Image.fromarray(image)
    rgb = clip.prepare([picture])
    with taps.tap(clip, {spec.layer: "pre"}) as maps:
        taps.run(clip, rgb, [spec.layer])
        activation = float(maps[spec.layer][0, spec.unit].mean())
    return Scores(activation, float(score(facet, clip, rgb)[0]) if facet is not None and facet.reports else None)
