"""What a spec makes large, as an objective: a unit, a direction of units, a layer, a prompt or another picture."""

import torch
from PIL import Image

from app.clip import taps
from app.clip.clip import Clip
from app.clip.text import unit_scores
from app.errors import BadInput
from app.render.objective import Caricature, Direction, Objective, Unit, Whole
from app.spec import RenderSpec


def check(clip: Clip, spec: RenderSpec) -> None:
    """Raise NotFound for a layer or unit that the model does not have, BadInput for a prompt at another layer than the
    last."""
    clip.layer(spec.layer)
    units = (spec.unit,) if spec.unit is not None else tuple(unit for unit, _ in spec.direction or ())
    for unit in units:
        clip.unit(spec.layer, unit)
    if spec.of == "prompt" and spec.layer != clip.default_layer:
        raise BadInput(
            f"layer: a prompt speaks to the units of the last layer only, so choose {clip.default_layer}, "
            f"not {spec.layer}",
            field="layer",
        )


def target(clip: Clip, spec: RenderSpec, picture: Image.Image | None = None, *, rectified: bool = False) -> Objective:
    """The objective of a spec without facets and priors. Raises as `check`, and BadInput without the picture it needs.

    `rectified` reads units after their ReLU.
    """
    check(clip, spec)
    centre = spec.aim == "centre"
    if spec.of == "unit" and spec.unit is not None:
        return Unit(spec.layer, spec.unit, rectified, centre)
    if spec.of == "layer":
        return Whole(spec.layer)
    if spec.of == "picture":
        return Caricature(spec.layer, _output(clip, spec.layer, picture))
    return Direction(spec.layer, _weights(clip, spec), rectified, centre)


def seen_whole(clip: Clip, spec: RenderSpec, picture: Image.Image | None = None) -> Objective:
    """What is watched while a picture grows and measured at its end: the target all over the map, before the ReLU."""
    return target(clip, spec.but(aim="unit"), picture)


def _weights(clip: Clip, spec: RenderSpec) -> torch.Tensor:
    """[C]; a prompt's weights have length 1, as they are cosines times a length that means nothing here."""
    if spec.prompt is not None:
        return torch.nn.functional.normalize(unit_scores(clip, [spec.prompt])[0], dim=0)
    weights = torch.zeros(clip.layers[spec.layer].channels, device=clip.device)
    for unit, weight in spec.direction or ():
        weights[unit] = weight
    return weights


@torch.no_grad()
def _output(clip: Clip, layer: str, picture: Image.Image | None) -> torch.Tensor:
    """A layer's output on a picture, [1, C, h, w]."""
    if picture is None:
        raise BadInput("picture is missing: choose the picture that is to be caricatured", field="picture")
    with taps.tap(clip, {layer: "post"}) as maps:
        taps.run(clip, clip.prepare([picture]).to(clip.mean.dtype), [layer])
    return maps[layer]
