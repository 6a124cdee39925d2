"""One render from its spec: what the application, the command line and the bench all call."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from app import images
from app.clip.clip import Clip
from app.errors import BadInput
from app.facets.facet import Facet, score
from app.facets.train import default_layers
from app.render.ascend import Ascent, Frame
from app.render.faceted import Diverse, Faceted
from app.render.objective import Greyness, Objective, read
from app.render.presets import recipe
from app.render.released import STRENGTHS
from app.render.spectrum import Spectrum
from app.render.steer import below, lies_across, mixed, steering
from app.render.target import seen_whole, target
from app.spec import RenderSpec

RAMP_START = 0.1  # near nothing, as in the released ramp, so that the first picture shows the unit alone


@dataclass(frozen=True)
class Scores:
    """A finished picture seen without transforms: the activation of what was made large (for a unit in the model's
    units), and each facet's probability of its theme, 0 to 1; None for published weights, which come without a bias."""

    activation: float
    facets: tuple[float | None, ...]

    @property
    def facet_score(self) -> float | None:
        """The first facet's; None without a facet."""
        return self.facets[0] if self.facets else None


def strengths(spec: RenderSpec, strength: float | None = None) -> list[float]:
    """The strength of each picture of a spec, for a facet that pulls with `strength` (`spec.strength`): `ramp` of them,
    evenly up to it, or all the same where the pictures are to be diverse."""
    strength = spec.strength if strength is None else strength
    if spec.ramp == 1 or spec.diversity:
        return [strength] * spec.ramp
    start = STRENGTHS[0] / STRENGTHS[1] if recipe(spec.preset).absolute else RAMP_START
    return [float(x) for x in np.linspace(start * strength, strength, spec.ramp)]


def _objective(clip: Clip, spec: RenderSpec, facets: Sequence[Facet], picture: Image.Image | None) -> Objective:
    how = recipe(spec.preset)
    plain = target(clip, spec, picture, rectified=how.rectified)
    if spec.aim == "least":
        plain = -plain
    objective, weights = plain, _weights(clip, spec, facets)
    if weights:
        objective = Faceted(plain, weights, spec.form, lies_across(clip))
    if spec.diversity:
        layer = next(iter(weights), None) or _below(clip, spec.layer)
        objective = objective + Diverse(plain, layer, spec.diversity, positive=spec.form == "released")
    return objective + how.greyness * Greyness() if how.greyness else objective


def _weights(clip: Clip, spec: RenderSpec, facets: Sequence[Facet]) -> dict[str, torch.Tensor]:
    """The weights of all the spec's facets together."""
    if len(facets) != len(spec.pulls):
        raise BadInput("facet: the spec and the facets given do not go together", field="facet")
    how, each = recipe(spec.preset), []
    for pull, facet in zip(spec.pulls, facets, strict=True):
        facet.check(clip)
        pulled = strengths(spec, pull.strength)
        each.append(steering(facet, clip, spec.layer, pulled, absolute=how.absolute, single=how.single))
    return mixed(clip, spec.layer, each)


def _below(clip: Clip, layer: str) -> str:
    """Where pictures without a facet are driven apart: where facets are probed by default, or right below the layer."""
    lower = below(clip, layer)
    if not lower:
        raise BadInput(
            f"diversity: there is no layer below {layer} at which pictures could differ; choose a later layer",
            field="diversity",
        )
    return next((name for name in default_layers(clip) if name in lower), lower[0])


def begin(
    clip: Clip,
    spec: RenderSpec,
    facets: Sequence[Facet] = (),
    picture: Image.Image | None = None,
    spectrum: Spectrum | None = None,
) -> Ascent:
    """The ascent that carries out a spec, pictures [ramp, size, size, 3] in the frames that are due.

    All that can be wrong with the request is raised here (NotFound, BadInput), before the first step. The pictures of
    a ramp share their randomness, so they differ in strength alone, and the last one is the render at full strength.
    The same spec gives the same picture on the same kind of device.

    Args:
        facets: Those of `spec.pulls`, in that order.
        picture: The uploaded picture that the spec names.
        spectrum: That of the model's corpus, which the preset `maco` draws with.
    """
    objective = _objective(clip, spec, facets, picture)
    slots = [(spec.seed, slot if spec.diversity else 0) for slot in range(spec.ramp)]
    watch = seen_whole(clip, spec, picture)
    return Ascent(
        clip,
        objective,
        watch,
        slots=slots,
        size=spec.size,
        steps=spec.steps,
        recipe=recipe(spec.preset),
        start=None if picture is None else _start(clip, picture, spec.size),
        spectrum=None if spectrum is None else spectrum.at(spec.size),
    )


def _start(clip: Clip, picture: Image.Image, size: int) -> torch.Tensor:
    """A picture as the model would see it at another size, [1, 3, size, size] in 0..1."""
    seen = np.asarray(images.square(picture.convert("RGB"), size, clip.resize_mode), dtype=np.float32) / 255
    return torch.from_numpy(seen).permute(2, 0, 1)[None]


def render(
    clip: Clip,
    spec: RenderSpec,
    facets: Sequence[Facet] = (),
    picture: Image.Image | None = None,
    spectrum: Spectrum | None = None,
) -> Iterator[Frame]:
    """Carry out a spec alone: one optimiser step per `next`. Raises as `begin`, before the first."""
    return begin(clip, spec, facets, picture, spectrum).frames()


@torch.no_grad()
def measure(
    clip: Clip,
    spec: RenderSpec,
    facets: Sequence[Facet],
    image: Image.Image | NDArray[np.uint8],
    picture: Image.Image | None = None,
) -> Scores:
    """How well an image (uint8 [S, S, 3] or PIL) does what `spec` asked, prepared as any picture is for the model.

    `facets` are those whose probes are asked, in any number and order; `picture` is the one that the spec names.
    """
    shown = image if isinstance(image, Image.Image) else Image.fromarray(image)
    rgb = clip.prepare([shown]).to(clip.mean.dtype)
    watch = seen_whole(clip, spec, picture)
    with read(clip, rgb, rgb, watch) as reading:
        activation = float(watch.value(reading)[0])
    return Scores(activation, tuple(float(score(each, clip, rgb)[0]) if each.reports else None for each in facets))
