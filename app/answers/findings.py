"""What instruments other than renders find."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from app.answers.attack import AttackPage, AttackSearchPage
from app.answers.attack_table import AttackTablePage
from app.answers.codes import CodesPage
from app.answers.composition import CompositionPage
from app.answers.finding import FindingPage
from app.answers.regions import RegionMode, RegionsPage
from app.answers.stroop import StroopPage
from app.answers.wild import WildPage
from app.answers.words import WordsPage
from app.spec import CaptionsSpec


class CaptionFound(BaseModel):
    """A text that asks for a unit: `score` is the unit's part in the logit, `sd` that in standard deviations from the mean
    over single tokens, `step` where in its climb it was found."""

    text: str
    score: float
    sd: float
    step: int


class WordFound(BaseModel):
    """A single token that asks for a unit; as in `CaptionFound`."""

    text: str
    score: float
    sd: float


class CaptionsPage(FindingPage):
    """A search for the texts that ask for a unit most: `captions` are the best so far, best first, with `words` the best
    single tokens beside them."""

    kind: Literal["captions"]
    spec: CaptionsSpec
    captions: list[CaptionFound]
    words: list[WordFound]
    unit_url: str
    label: str


class FindingView(BaseModel):
    """How a finding is looked at: one `unit` or one `word` of it, or those `after` one that match `q`; a region map by its `mode`,
    with one unit alone if it is to `isolate` one; an attack's units in an order `by` one of two measures; one `row` of a table, one
    `view` of it, or the `whole` of one that is folded; sparse codes at a `level`."""

    unit: int | None = Field(default=None, ge=0, le=2**31 - 1)
    row: int | None = Field(default=None, ge=0, le=2**31 - 1)
    centred: bool = False
    after: int = Field(default=-1, ge=-1, le=2**31 - 1)
    q: str = Field(default="", max_length=200)
    mode: RegionMode = "countries"
    isolate: int | None = Field(default=None, ge=0, le=2**31 - 1)
    by: Literal["sd", "logit"] | None = None
    word: str = Field(default="", max_length=200)
    view: str = Field(default="", max_length=20)
    whole: bool = False
    level: int | None = Field(default=None, ge=1, le=100)


Finding = Annotated[
    AttackPage
    | AttackSearchPage
    | AttackTablePage
    | CaptionsPage
    | CodesPage
    | CompositionPage
    | RegionsPage
    | StroopPage
    | WildPage
    | WordsPage,
    Field(discriminator="kind"),
]
"""What an instrument found, by its kind."""
