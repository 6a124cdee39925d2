"""What instruments other than renders find."""

from typing import Literal

from pydantic import BaseModel

from app.answers.links import Status
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


class CaptionsPage(BaseModel):
    """A search for the texts that ask for a unit most: `captions` are the best so far, best first, with `words` the best
    single tokens beside them. `progress` says in words what is being done."""

    id: str
    url: str
    kind: Literal["captions"]
    spec: CaptionsSpec
    status: Status
    step: int
    steps: int
    progress: str
    captions: list[CaptionFound]
    words: list[WordFound]
    unit_url: str
    label: str
    elapsed_s: float
    error: str | None
    ahead: int


Finding = CaptionsPage
"""What an instrument found, by its kind."""
