"""A typographic attack on one picture: what the model says with and without a text on it, and which units made the difference.

Goh et al. 2021, "Typographic attacks". The units that the text moved most are then ablated: held at their mean over a
corpus, on the attacked picture and on the clean one, since a defence must leave the clean one alone.
"""

from dataclasses import dataclass

import torch
from open_clip.modified_resnet import ModifiedResNet
from torch import Tensor

from app.clip.clip import Clip
from app.clip.onward import Reached, onward
from app.clip.text import bilinear
from app.errors import BadInput
from app.lab.classes import probabilities
from app.lab.linear import LinearProbe
from app.spec.attack import By


def asks_for_units(clip: Clip, layer: str) -> bool:
    """Whether it is known what a layer's units add to a class' logit: those of a ResNet's last layer, since of a transformer's
    the class token alone is read out, while a unit's activation is that of the picture's patches."""
    return layer == list(clip.layers)[-1] and isinstance(clip.module.visual, ModifiedResNet)


def check_by(clip: Clip, layer: str, by: By) -> None:
    """Raise `BadInput` where units are to be ranked by a logit that they are not known to add to."""
    if by == "logit" and not asks_for_units(clip, layer):
        raise BadInput(
            "by: texts ask for the units of a ResNet's last layer only; choose standard deviations here.", field="by"
        )


@dataclass(frozen=True, eq=False)
class Sight:
    """What a model makes of pictures: their embeddings [B, E], the probability of each class by its texts [B, K] and by the
    probe [B, J], if there is one, and the spatial means of a layer's units [B, C] before the last ReLU and after it. On
    the CPU."""

    embeddings: Tensor
    zero_shot: Tensor
    probe: Tensor | None
    activations: Tensor
    rectified: Tensor


@torch.no_grad()
def see(clip: Clip, reached: Reached, texts: Tensor, probe: LinearProbe | None = None) -> Sight:
    """What the model makes of pictures from what a layer made of them, edited or not.

    Args:
        texts: A direction for each class, [K, E], of `class_texts`.
        probe: Of the layer.
    """
    embeddings = onward(clip, reached)
    means = reached.units().float().cpu()
    return Sight(
        embeddings=embeddings.float().cpu(),
        zero_shot=probabilities(clip, embeddings, texts),
        probe=probe.probabilities(means) if probe else None,
        activations=means,
        rectified=reached.map.relu().mean((2, 3)).float().cpu(),
    )


@dataclass(frozen=True, eq=False)
class Moved:
    """What a text on a picture does to each unit of a layer, [C]: how far its activation rises, that in standard deviations
    over a corpus, and what that adds to the logit of the text. None where there is no corpus, or no text asks for units."""

    rise: Tensor
    sd: Tensor | None
    logit: Tensor | None

    def order(self, by: By) -> list[int]:
        """The units, the one that rose most or added most first; by what there is where one measure is not there."""
        measure = self.sd if by == "sd" or self.logit is None else self.logit
        return (self.rise if measure is None else measure).argsort(descending=True, stable=True).tolist()


@torch.no_grad()
def moved(clip: Clip, layer: str, sight: Sight, text: Tensor, std: Tensor | None = None) -> Moved:
    """What the text did to the units, from a sight of a picture without it, the first, and with it, the second.

    A unit's part in the logit is its rise after the ReLU times (W x_text) / |x_text| (`app.clip.text`), times the model's
    scale, over the length of the attacked picture's embedding. The parts add up to how the logit changes as far as the
    map is the same everywhere and that length stays. Only layers have them of which a text `asks_for_units`.

    Args:
        text: The direction of what is written, [E].
        std: Of each unit over a corpus, [C].
    """
    rise = sight.activations[1] - sight.activations[0]
    sd = None if std is None else torch.where(std > 0, rise / std, 0)
    if not asks_for_units(clip, layer):
        return Moved(rise, sd, None)
    score = bilinear(clip.module.visual, text[None].to(clip.device))[0].float().cpu()
    scale = float(clip.module.logit_scale.exp() / sight.embeddings[1].norm())
    return Moved(rise, sd, (sight.rectified[1] - sight.rectified[0]) * score * scale)
