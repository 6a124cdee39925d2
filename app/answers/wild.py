"""A table of labelled photos as an answer."""

from typing import Any, Literal

from pydantic import BaseModel

from app.answers.counted import Counted, Guess
from app.answers.finding import FindingPage
from app.spec import WildSpec


class ChoiceShown(BaseModel):
    """What was made of a photo: the likeliest classes and, where it is not among them, what is written. `flipped` says that it
    went over to that; None where there is nothing to go over to, or to compare with."""

    guesses: list[Guess]
    flipped: bool | None


class PhotoShown(BaseModel):
    """A photo of an object with a label, the empty one for none."""

    blob: str
    thing: str
    label: str
    image: str
    zero_shot: ChoiceShown | None
    linear: ChoiceShown | None


class WildRow(BaseModel):
    """The photos of one object, None where there is none of a label."""

    thing: str
    photos: list[PhotoShown | None]


class LeftOut(BaseModel):
    """Labelled photos that are not counted, and why."""

    why: str
    photos: int


class FlipsShown(BaseModel):
    """How many labelled photos went over to their label; `classes` says which it was chosen among. And those that are not
    counted."""

    flipped: Counted
    classes: str
    left_out: list[LeftOut]


class ProbeShown(BaseModel):
    """The linear probe: the label column and corpus that it was fitted on, on how many images, and the share of `held_out`
    others that it is right about; or `why` there is none."""

    corpus: str
    column: str
    images: int
    held_out: int
    accuracy: float
    why: str


class WildForm(BaseModel):
    """What the form that looks at the photos again offers, as the instrument's own, and what it has."""

    choices: dict[str, Any]
    values: dict[str, str]


class WildPage(FindingPage):
    """Photos in a table of objects and labels. `view` is whose choice the table shows, and `views` leads to both; `added` are
    names that had no class, and `meant` the classes of those that had one of another name."""

    kind: Literal["wild"]
    spec: WildSpec
    view: Literal["zero-shot", "linear"]
    views: dict[str, str]
    labels: list[str]
    rows: list[WildRow]
    zero_shot: FlipsShown | None
    linear: FlipsShown | None
    probe: ProbeShown | None
    meant: dict[str, str]
    added: list[str]
    form: WildForm
