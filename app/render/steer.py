"""A facet's probes as steering weights of a strength that means the same for every model."""

from collections.abc import Mapping, Sequence

import torch
from open_clip.modified_resnet import ModifiedResNet
from torch import Tensor

from app.clip.clip import Clip
from app.errors import BadInput
from app.facets.facet import Facet, Probe
from app.render.faceted import fitted


def below(clip: Clip, layer: str) -> list[str]:
    """The layers before `layer`, deepest first: those a facet may steer it at."""
    names = list(clip.layers)
    return names[: names.index(layer)][::-1]


def lies_across(clip: Clip) -> bool:
    """Whether a layer's map is all that passes from one block to the next: in a transformer the class token does too."""
    return isinstance(clip.module.visual, ModifiedResNet)


def usable(facet: Facet, clip: Clip, layer: str) -> list[str]:
    """The facet's layers that lie below `layer`, deepest first. Raises BadInput if there are none."""
    names = [name for name in below(clip, layer) if name in facet.probes]
    if not names:
        raise BadInput(
            f"facet: its probes ({', '.join(facet.probes)}) all lie at or above {layer}; "
            "choose a unit of a later layer or train the facet at earlier ones",
            field="facet",
        )
    return names


def steering(
    facet: Facet, clip: Clip, layer: str, strengths: Sequence[float], *, absolute: bool = False, single: bool = False
) -> dict[str, Tensor]:
    """Weights for `Faceted`, deepest layer first: [B, C, 1, 1], or [B, C, h, w] for a spatial probe.

    A probe's weights have root mean square 1 and share the strength among the layers, so that at strength 1 the facet
    term's gradient is about as large as the unit's own: for weights that know nothing of the slope b, |w * b| is
    rms(w) |b|. Raises BadInput if no probe lies below `layer`.

    Args:
        absolute: Take the weights as they are and each layer with the whole strength, as the released code does.
        single: Use the deepest of the facet's layers alone.
    """
    layers = usable(facet, clip, layer)[: 1 if single else None]
    if absolute:
        factors = torch.tensor(strengths, dtype=torch.float32)[:, None, None, None]
        return {name: (factors * _mapped(facet.probes[name])).to(clip.device) for name in layers}
    share = torch.tensor(strengths, dtype=torch.float32) / len(layers)
    return {name: (share[:, None, None, None] * _unit_rms(facet.probes[name])).to(clip.device) for name in layers}


def mixed(clip: Clip, layer: str, pulls: Sequence[Mapping[str, Tensor]]) -> dict[str, Tensor]:
    """The weights of several facets as those of one, deepest layer first: the facet term is linear in them, so they
    add up.

    Each is what `steering` gives for the same layer; where two differ in height and width, the smaller is resized.
    """
    found: dict[str, Tensor] = {}
    for name, weight in (item for each in pulls for item in each.items()):
        other = found.get(name, torch.zeros_like(weight[..., :1, :1]))
        small, large = sorted((weight, other), key=lambda each: each.shape[-1])
        found[name] = fitted(small, large) + large
    return {name: found[name] for name in below(clip, layer) if name in found}


def _unit_rms(probe: Probe) -> Tensor:
    """The probe's weights at root mean square 1, [1, C, h or 1, w or 1]."""
    weight = _mapped(probe)
    size = weight.square().mean().sqrt()
    return weight / size.clamp_min(torch.finfo(weight.dtype).tiny)


def _mapped(probe: Probe) -> Tensor:
    """The probe's weights as a map, [1, C, h or 1, w or 1]."""
    return (probe.weight if probe.spatial else probe.weight[:, None, None])[None]
