"""Sparse codes: classes as sums of a few units, how well they do, and what they have in common."""

from typing import Literal

from pydantic import BaseModel

from app.answers.finding import FindingPage
from app.answers.layer import UnitCard
from app.spec import CodesSpec


class Rate(BaseModel):
    """How many of the held-out images, and their share with its 95% interval."""

    count: int
    share: float | None
    low: float | None
    high: float | None


class Rates(BaseModel):
    """How often the right class comes first, and among the first five."""

    top1: Rate
    top5: Rate


class CodesLevel(Rates):
    """A penalty and what it leaves: `each` units a class on average, `units` different ones in all."""

    number: int
    url: str
    penalty: float
    each: float
    units: int


class CodeTerm(BaseModel):
    """A unit in a class's sum: what one standard deviation of it adds to the log odds of the class."""

    unit: UnitCard
    weight: float


class ClassCode(BaseModel):
    """A class as a sum of units, those first that speak for it most. `more` terms are not shown. Of its `held` images `right`
    were found."""

    name: str
    terms: list[CodeTerm]
    more: int
    held: int
    right: int


class Serving(BaseModel):
    """A unit and how many classes it speaks for."""

    unit: UnitCard
    classes: int


class CodeMatrix(BaseModel):
    """The units that speak for most classes, and classes that they speak for. `cells` are rows of weights, one for each unit,
    0 where a unit does not speak for a class. `shared` units speak for more than one class."""

    units: list[Serving]
    classes: list[str]
    cells: list[list[float]]
    shared: int


class Branch(BaseModel):
    """Two branches that become one: `left` and `right` are places in `leaves`, or beyond these an earlier branch. `cosine` is
    how alike their classes' weights are, `unit` the one that they share most."""

    left: int
    right: int
    cosine: float
    unit: int
    label: str


class Hierarchy(BaseModel):
    """Classes by the units that they share: `leaves` from top to bottom, and `branches`, the closest first. `alone` classes
    share too little with any other."""

    leaves: list[str]
    branches: list[Branch]
    alone: int


class CodesPage(FindingPage):
    """Sparse codes of a corpus's classes. All but the first fields are empty until it is done. `at` is the level that is shown;
    `codes` are its classes by name, some at a time: those that match `q`, of which there are `matching`.

    `trained` and `held` images were taken, `duplicates` more left out, since they nearly duplicate one of the former; `chance`
    is what always naming the commonest classes does, `dense` what a probe with all weights does. `outdated` codes are of other
    weights or of another index than those that there are now.
    """

    kind: Literal["codes"]
    spec: CodesSpec
    layer_url: str
    corpus: str
    classes: int
    units: int
    trained: int
    held: int
    duplicates: int
    chance: Rates | None
    dense: Rates | None
    levels: list[CodesLevel]
    at: CodesLevel | None
    q: str
    matching: int
    codes: list[ClassCode]
    next: str | None
    matrix: CodeMatrix | None
    hierarchy: Hierarchy | None
    csv: str | None
    json_file: str | None
    outdated: bool


class FileTerm(BaseModel):
    """A unit of a class: its weight for one standard deviation, what it is called, and the mean and standard deviation of its
    activation that it was standardised by."""

    unit: int
    label: str
    weight: float
    mean: float
    std: float


class FileClass(BaseModel):
    """A class: log odds are `bias` plus, of each term, weight * (activation - mean) / std."""

    name: str
    bias: float
    terms: list[FileTerm]


class CodesFile(BaseModel):
    """All codes of one level."""

    finding: str
    model: str
    layer: str
    corpus: str
    by: str
    level: int
    penalty: float
    classes: list[FileClass]
