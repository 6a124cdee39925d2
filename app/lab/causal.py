"""Does a unit do to a text's logit what the text's scores say? Raise it on a blank picture, and see.

The validation of Goh et al. 2021's emotion equations: the top unit is raised at the last layer on a blank image, and the logit
has to rise. Units are raised before the last ReLU, at every place, by `SD` standard deviations over a corpus, or where there
is none by as many of the blank picture's activations over the units. The blank picture is mid grey. Other units raised
instead, each by as many of its own, are the control.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from app.clip.clip import Clip
from app.clip.edits import Edit
from app.clip.onward import Reached, onward, reach

SD = 10.0
OTHERS = 32
GREY = 0.5
AT_ONCE = 16  # maps of the blank picture, each with another unit raised, that are pooled in one step

Raised = tuple[int, float]
"""A unit, and by how much its map is raised."""


@dataclass(frozen=True)
class Rise:
    """A text's logit on a blank picture, and with a unit raised; `others` is what it is with each of the others raised."""

    before: float
    after: float
    others: tuple[float, ...]

    @property
    def rise(self) -> float:
        """How far the logit rose; negative where it fell."""
        return self.after - self.before

    @property
    def as_much(self) -> float:
        """The share of the others that raise the logit at least as much, 0 to 1."""
        return sum(other >= self.after for other in self.others) / max(len(self.others), 1)

    @property
    def by_chance(self) -> float:
        """The share of the others that raise the logit at all, 0 to 1."""
        return sum(other > self.before for other in self.others) / max(len(self.others), 1)


def heights(clip: Clip, std: NDArray[np.float64] | None) -> NDArray[np.float64]:
    """How far each unit of the last layer is raised, [C]; `std` is that over a corpus, None where there is none."""
    if std is None:
        units = blank(clip).units()[0]
        return np.full(len(units), SD * float(units.float().std()))
    return SD * std


@torch.no_grad()
def blank(clip: Clip) -> Reached:
    """What the last layer makes of a picture of one grey."""
    side = clip.image_size
    return reach(clip, torch.full((1, 3, side, side), GREY, device=clip.device), clip.default_layer)


def rising(
    clip: Clip, texts: Tensor, units: Sequence[int], by: NDArray[np.float64], count: int = OTHERS
) -> Iterator[tuple[int, int] | list[Rise]]:
    """What raising each text's unit does to its logit, beside `count` units drawn by chance, the same for all texts.

    Args:
        texts: Embeddings [T, E], of any length.
        by: How far each unit of the layer is raised, [C].

    Yields:
        How many maps are done and how many there are, after every step; at the end the rise of each text's logit.
    """
    grey = blank(clip)
    pool = np.random.default_rng(0).permutation(len(by))[:count].tolist()
    tried = list(dict.fromkeys([*units, *pool]))
    raised = [(0, 0.0), *((unit, float(by[unit])) for unit in tried)]
    parts = []
    for start in range(0, len(raised), AT_ONCE):
        parts.append(logits(clip, grey, raised[start : start + AT_ONCE], texts))
        yield min(start + AT_ONCE, len(raised)), len(raised)
    found, row = np.concatenate(parts), {unit: place for place, unit in enumerate(tried, 1)}
    yield [
        Rise(
            float(found[0, text]),
            float(found[row[unit], text]),
            tuple(float(found[row[other], text]) for other in pool if other != unit),
        )
        for text, unit in enumerate(units)
    ]


@torch.no_grad()
def logits(clip: Clip, picture: Reached, raised: Sequence[Raised], texts: Tensor) -> NDArray[np.float64]:
    """The logits of texts on a picture with one unit raised after the other: the scaled cosines [N, T].

    Args:
        picture: One, as far as a layer.
        raised: The units and how far each is raised, [N].
        texts: Embeddings [T, E], of any length.
    """
    images = torch.nn.functional.normalize(onward(clip, picture.edited(_each(raised))).double(), dim=-1)
    directions = torch.nn.functional.normalize(texts.double(), dim=-1)
    return (clip.module.logit_scale.double().exp() * images @ directions.T).cpu().numpy()


def _each(raised: Sequence[Raised]) -> Edit:
    """One map becomes as many, each with one unit raised."""

    def edit(x: Tensor) -> Tensor:
        x = x.repeat(len(raised), 1, 1, 1)
        for row, (unit, by) in enumerate(raised):
            x[row, unit] += by
        return x

    return edit
