"""A Stroop test as an answer."""

from typing import Literal

from pydantic import BaseModel

from app.answers.counted import Counted, Guess
from app.answers.finding import FindingPage
from app.spec import StroopSpec


class InkShown(BaseModel):
    """An ink: its name, and its colour as #rrggbb."""

    name: str
    colour: str


class StroopCell(BaseModel):
    """A word in an ink: its picture, and how likely each ink is for it, the likeliest first. `relation` says whether the word
    names no ink, this one or another; `by` what the answer goes by."""

    word: str
    picture: str
    relation: Literal["neutral", "congruent", "incongruent"]
    guesses: list[Guess]
    by: Literal["ink", "word", "neither"]


class StroopRow(BaseModel):
    """All words in one ink."""

    ink: InkShown
    cells: list[StroopCell]


class StroopDrawn(BaseModel):
    """How a word is drawn, with a picture of one drawn in all ways."""

    fonts: list[str]
    places: list[str]
    papers: list[str]
    word: str
    ink: str
    picture: str


class StroopPage(FindingPage):
    """What a model says that colours' names in colours are. `neutral` counts the inks of neutral words that were named right,
    `congruent` those of words in their own ink; `as_ink` and `as_word` how words in another ink were answered. `whole` says
    that the page shows all rows and columns, `other` leads to the other view."""

    kind: Literal["stroop"]
    spec: StroopSpec
    whole: bool
    other: str
    rows: list[StroopRow]
    neutral: Counted | None
    congruent: Counted | None
    as_ink: Counted | None
    as_word: Counted | None
    drawn: StroopDrawn | None
