"""Are words for feelings made of the units that the article says, and does its atlas come out of its own codes? Codes of 126
words at four levels of sparsity, and what 121 of them have of each of the atlas' factors, were published of RN50x4."""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Self

import numpy as np
from pydantic import BaseModel, Field, TypeAdapter
from scipy.optimize import linear_sum_assignment

from app.errors import NotFound, NotReady
from app.lab.composition import PROMPTS, Term, equation, kept
from app.lab.published import bigrams
from app.lab.reproduce.compare import judged
from app.lab.reproduce.equations import LEVEL, Equations, equations
from app.lab.reproduce.experiment import Experiment, Running
from app.lab.reproduce.material import Material, Step
from app.lab.reproduce.reference import papers_architecture, read
from app.lab.reproduce.row import Claim, Row
from app.lab.word_atlas import factorise

CODES = "emotion_codes.json"
SLUG, LAYER = "RN50x4.openai", "layer4.5"
ATLAS_LEVEL, FACTORS = 30, 7

LARGEST = Claim("published equations: the largest unit is ours too", 0.5, 0.05, "our bar", "of {units} words")
AMONG = Claim("published equations: the largest unit is among our four", 0.7, 0.1, "our bar", "of {units} words")
ATLAS = Claim(
    "published atlas: its factors from the published codes, correlation",
    0.9,
    0.2,
    "our bar",
    "on average over {units} factors",
    ".2f",
)


class AtlasWord(BaseModel):
    """A word of the published atlas and how much of each factor it has."""

    name: str
    components: tuple[float, ...] = Field(min_length=FACTORS, max_length=FACTORS)


class EmotionCodes(BaseModel):
    """What was published: `sparse` are the codes by level and word, weights before units; `atlas` is the disc."""

    sparse: dict[str, dict[str, tuple[tuple[float, int], ...]]]
    atlas: tuple[AtlasWord, ...] = Field(min_length=2)

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read a folder that holds `emotion_codes.json`. Raises `NotFound` and `NotReady`."""
        return read(folder / CODES, TypeAdapter(cls), "emotion codes")

    def code(self, level: int, word: str) -> list[tuple[int, float]]:
        """A word's units with their weights. Raises `NotReady` where the file lacks the level or the word."""
        try:
            return [(unit, weight) for weight, unit in self.sparse[str(level)][word]]
        except KeyError as error:
            raise NotReady(f"{CODES} has no code of {word!r} at level {level}.") from error


def run(material: Material) -> Running:
    """Write the published words as equations of the model under test."""
    material.need_clip()
    codes, aside = _published(material), bigrams(SLUG, LAYER)
    words = list(codes.sparse.get(str(LEVEL), {}))
    theirs = [equation(kept(codes.code(LEVEL, word), aside)) for word in words]
    return rows(theirs, (yield from equations(material, words, PROMPTS, aside)))


def rows(theirs: Sequence[Sequence[Term]], ours: Equations) -> list[Row]:
    """The published equations beside ours, of the words of which one has a unit that speaks for it."""
    both = [(own, found) for own, found in zip(theirs, ours, strict=True) if own and own[0].weight > 0]
    largest = [own[0].unit for own, _ in both]
    found = [[term.unit for term in each] for _, each in both]
    return [
        judged(LARGEST, largest, found, lambda unit, units: units[:1] == [unit]),
        judged(AMONG, largest, found, lambda unit, units: unit in units),
    ]


def run_atlas(material: Material) -> Running:
    """Factorise the published codes as our atlas does; this needs no weights."""
    found = atlas_rows(_published(material), bigrams(SLUG, LAYER))
    yield Step("published atlases factorised", 1, 1)
    return found


def atlas_rows(codes: EmotionCodes, aside: Collection[int]) -> list[Row]:
    """The published factors beside ours of the same words, each with the one it is most like."""
    words = [kept(codes.code(ATLAS_LEVEL, word.name), aside) for word in codes.atlas]
    theirs = np.array([word.components for word in codes.atlas]).T
    units = sorted({unit for word in words for unit, _ in word})
    table = np.zeros((len(words), len(units)))
    for row, word in enumerate(words):
        for unit, weight in word:
            table[row, units.index(unit)] = weight
    ours = factorise(table, FACTORS).loadings.T
    with np.errstate(invalid="ignore"):  # of a factor that is in no word
        alike = np.nan_to_num(np.corrcoef(theirs, ours)[:FACTORS, FACTORS:])
    pairs = dict(zip(*linear_sum_assignment(-alike), strict=True))
    return [judged(ATLAS, list(pairs), list(pairs.values()), lambda one, other: float(alike[one, other]))]


def _published(material: Material) -> EmotionCodes:
    """The published codes. Raises `NotFound` where there is no file, and for every other model."""
    assert material.reference is not None, "experiments that compare run only where a reference is given"
    codes = EmotionCodes.read(material.reference)
    if papers_architecture(material.slug) != papers_architecture(SLUG):
        raise NotFound(f"Of the words of {material.slug} nothing was published: the codes are of {SLUG} ({LAYER}).")
    return codes


EXPERIMENT = Experiment((LARGEST, AMONG), run, compares=True)
OF_ATLAS = Experiment((ATLAS,), run_atlas, compares=True)
