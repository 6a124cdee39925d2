"""Words as sums of units: their equations, and the atlas of what these share."""

from typing import Literal

from pydantic import BaseModel

from app.answers.finding import FindingPage
from app.spec import CompositionSpec


class UnitTile(BaseModel):
    """A unit as a term of an equation shows it."""

    unit: int
    url: str
    label: str
    sensitive: bool
    thumbnail: str | None


class EquationTerm(BaseModel):
    """A unit and its weight, the largest positive one's being 1."""

    weight: float
    tile: UnitTile


class Equation(BaseModel):
    """A word as a sum of at most four units. `units` counts those of its code, `left_out` are those set aside; `factors` are
    how much each of what its factors are to it, from 0 to 1, and `colour` (#rrggbb) mixes theirs; all 0 and None where
    they are hardly anything."""

    word: str
    url: str
    terms: list[EquationTerm]
    units: int
    left_out: list[int]
    factors: list[float]
    colour: str | None


class AtlasWord(BaseModel):
    """A word in its cell, `x` right of the centre and `y` above it. `factor` is the largest of its factors, if any; `said`
    its equation in words."""

    word: str
    url: str
    x: int
    y: int
    colour: str | None
    factor: int | None
    said: str


class Factor(BaseModel):
    """What the codes of several words share: the `words` that have the most of it, and the `units` it is made of, the
    largest first. Empty where there were fewer than asked for."""

    colour: str
    words: list[str]
    units: list[UnitTile]


class CompositionPage(FindingPage):
    """Words as sums of units. `shown` is the one that was asked for, or the first; `equations` those of the page, `next`
    the address of the page after it.

    `source` says in words which they are, `words` how many; of these `without` have no unit, the others `units` on average,
    and `told_apart` of their texts speak most for their own word's code. `penalty` is C of scikit-learn's logistic
    regression, for samples that are centred and have a mean variance of 1. `outdated`: the model's weights are others now.
    """

    kind: Literal["composition"]
    spec: CompositionSpec
    source: str
    words: int
    without: int
    units: float
    told_apart: float
    penalty: float
    q: str
    shown: Equation | None
    equations: list[Equation]
    next: str | None
    atlas: list[AtlasWord]
    factors: list[Factor]
    csv: str
    json_file: str
    layer_url: str
    outdated: bool


class CodeTerm(BaseModel):
    """A unit of a code and its weight in the logistic regression."""

    unit: int
    weight: float


class WordCode(BaseModel):
    """A word, all of its code without the units set aside, how much each of its factors is to it, and its cell."""

    word: str
    code: list[CodeTerm]
    left_out: list[int]
    factors: list[float]
    cell: tuple[int, int]


class CompositionFile(BaseModel):
    """All words of a composition."""

    finding: str
    spec: CompositionSpec
    penalty: float
    words: list[WordCode]
