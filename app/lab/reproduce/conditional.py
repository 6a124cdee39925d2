"""What do the pictures show that drive a multimodal unit? Figures 2 and 3 of Goh et al. 2021, with the corpus' labels in the
place of people's.

Figure 2: people labelled pictures from all over the range of a unit (Trump, 4x:89), in ten bands of equal width. Of those
in the three uppermost, above 31 sd, at least 97.7% were related to him. Figure 3: the median of his pictures was at 33.0 sd,
that of the next person's at 4.6.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.corpus.bands import BANDS, edges, numbers
from app.corpus.categories import Categories
from app.corpus.given import Graded, Group, groups
from app.lab.multimodal import CONCEPT, FAMILY, KIND, Concept
from app.lab.reproduce.compare import share
from app.lab.reproduce.experiment import Experiment, Running
from app.lab.reproduce.material import Material, Step
from app.lab.reproduce.row import Claim, Row

UPPER = 3  # of the ten bands

SHOWN = Claim(
    "conditional: pictures of the concept in the three uppermost of ten bands",
    0.977,
    0.05,
    "figure 2, Trump",
    "on average over {units} units",
)
RELATED = Claim(
    "conditional: pictures of the concept or one of its family in these",
    0.977,
    0.2,
    "figure 2, Trump-related",
    "on average over {units} units",
)
RESPONSE = Claim(
    "conditional: the concept's median clear above the next one's", 0.8, 0.05, "our bar; figure 3: 33.0 sd against 4.6"
)


@dataclass(frozen=True, eq=False)
class Driven:
    """What drives a unit: for each value of `concept` the share of the images of the upper bands that are of it, on average
    over those bands; the same of its family; and the images by their concept, activations in sd."""

    shown: NDArray[np.float64]
    related: NDArray[np.float64]
    groups: Sequence[Group]

    def of(self, concept: Concept) -> Group | None:
        """The images of a concept."""
        return next((group for group in self.groups if group.value == concept.number), None)

    def next_to(self, concept: Concept) -> Group | None:
        """Of the other concepts, the one whose images have the highest median."""
        others = [group for group in self.groups if group.value != concept.number]
        return max(others, key=lambda group: group.median.value, default=None)


def run(material: Material) -> Running:
    """Look at every picture of every multimodal unit."""
    units = yield from material.known()
    columns, index = (yield from material.columns()), material.need_index()
    layer, everything = material.need_clip().default_layer, (yield from material.concepts())
    own = np.stack([labelled(columns.categories, concept.names) for concept in everything])
    family = np.stack([labelled(columns.categories, concept.family) for concept in everything])
    shown = columns.categories.numbers(CONCEPT)
    mean, std = index.mean(layer), index.std(layer)
    found = []
    for done, unit in enumerate(units, 1):
        sd = (columns.unit(layer, unit) - mean[unit]) / std[unit]
        upper = in_upper_bands(sd)
        at = np.flatnonzero(upper)  # a product over all images would turn both tables into floats, for every unit
        of_own, of_family = own[:, at] @ upper[at], family[:, at] @ upper[at]
        found.append(Driven(of_own, of_family, groups(Graded.of(sd), shown, len(everything))))
        yield Step("units whose pictures are counted", done, len(units))
    return rows(list(units.values()), found)


def labelled(categories: Categories, names: frozenset[str]) -> NDArray[np.bool_]:
    """The images that a label gives one of the names to, whether it says what they show or what is written on them:
    [images]. What says in which way or of which family they are is no such label."""
    found = np.zeros(len(categories.numbers(CONCEPT)), bool)
    for column in categories.columns:
        if column not in (KIND, FAMILY):
            meant = [place for place, value in enumerate(categories.values(column)) if value.casefold() in names]
            found |= np.isin(categories.numbers(column), meant)
    return found


def in_upper_bands(values: NDArray[np.floating]) -> NDArray[np.float64]:
    """What each image weighs, [images], if each of the upper bands that is not empty weighs the same and all of them 1."""
    band = numbers(values, edges(float(values.min()), float(values.max())))
    counts = np.bincount(band, minlength=BANDS)
    filled = np.flatnonzero(counts[-UPPER:]) + BANDS - UPPER
    return np.where(np.isin(band, filled), 1 / np.maximum(counts[band], 1), 0) / len(filled)


def rows(concepts: Sequence[Concept], found: Sequence[Driven]) -> list[Row]:
    """What the pictures that drive each unit say of its concept."""
    answered = []
    for claim, name in ((SHOWN, "shown"), (RELATED, "related")):
        own = [getattr(driven, name)[concept.number] for concept, driven in zip(concepts, found, strict=True)]
        figures = {"median": float(np.median(own)), "reaching": float(np.mean(np.array(own) >= claim.at_least))}
        beside = f"{figures['median']:.1%} in the median unit; {figures['reaching']:.1%} of the units reach it"
        shared = share(concepts, found, lambda concept, driven, name=name: getattr(driven, name)[concept.number])
        answered.append(claim.row(shared, beside, figures))
    pairs = [(driven.of(concept), driven.next_to(concept)) for concept, driven in zip(concepts, found, strict=True)]
    medians = np.array([[own.median.value, other.median.value] for own, other in pairs if own and other])
    first, second = np.median(medians, 0).tolist()
    beside = f"in the median unit {first:.1f} sd, the next concept {second:.1f}"
    answered.append(RESPONSE.row(share(concepts, found, _clear), beside, {"concept_sd": first, "next_sd": second}))
    return answered


def _clear(concept: Concept, driven: Driven) -> bool:
    own, other = driven.of(concept), driven.next_to(concept)
    low, high = own and own.median.low, other and other.median.high
    return low is not None and high is not None and low > high


EXPERIMENT = Experiment((SHOWN, RELATED, RESPONSE), run)
