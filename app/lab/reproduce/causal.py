"""Does the unit that a concept's word asks for most raise the word's logit? Goh et al. 2021 confirmed it for every one of
their emotion equations, by raising the top unit at the last layer on a blank picture."""

from collections.abc import Generator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from app.clip.clip import Clip
from app.lab.causal import Rise, heights, rising
from app.lab.reproduce.experiment import Experiment, Running
from app.lab.reproduce.material import Material, Step
from app.lab.reproduce.row import Claim, Row, Share
from app.lab.terms import of_words

OTHERS = 128  # units raised instead
FEW = 0.05  # of them
WORDS = "of {units} words"
RAISED = Claim("causal: the logit rises with the unit that is asked for most", 0.9, 0.5, "every equation's", WORDS)
CLEAR = Claim("causal: it rises more than with 95% of the other units", 0.9, 0.2, "our bar", WORDS)


def run(material: Material) -> Running:
    """Raise the top unit of every concept's word, and that of another word in its place."""
    concepts = yield from material.concepts()
    clip = material.need_clip()
    words = [concept.name for concept in concepts]
    units = [int(terms.order[0]) for terms in of_words(clip, words)]
    by = heights(clip, material.need_index().std(clip.default_layer))
    with torch.no_grad():
        texts = clip.encode_text(words)
    own = yield from _raised(clip, texts, units, by)
    return rows(own, (yield from _raised(clip, texts, [*units[1:], units[0]], by)))


def _raised(
    clip: Clip, texts: Tensor, units: Sequence[int], by: NDArray[np.float64]
) -> Generator[Step, None, list[Rise]]:
    for found in rising(clip, texts, units, by, OTHERS):
        if isinstance(found, list):
            return found
        yield Step("maps with a unit raised", *found)
    raise AssertionError("raising ends with what it found")


def rows(own: Sequence[Rise], dealt: Sequence[Rise]) -> list[Row]:
    """Of how many words the logit rises: beside units drawn by chance in the place of the top one, and for the second claim
    beside the top unit of another word."""
    up = Share(_mean([each.rise > 0 for each in own]), _mean([each.by_chance for each in own]), len(own))
    clear = Share(
        _mean([each.as_much <= FEW for each in own]), _mean([each.as_much <= FEW for each in dealt]), len(own)
    )
    rise, first = _mean([each.rise for each in own]), _mean([each.as_much == 0 for each in own])
    return [
        RAISED.row(up, f"by {rise:.1f} on average", {"rise": rise}),
        CLEAR.row(clear, f"{first:.1%} more than with any of {OTHERS}", {"first": first}),
    ]


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values))


EXPERIMENT = Experiment((RAISED, CLEAR), run)
