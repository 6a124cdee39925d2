"""What typographic attacks on one picture found."""

from typing import Literal

from pydantic import BaseModel

from app.answers.finding import FindingPage
from app.spec import AttackSearchSpec, AttackSpec

Shown = Literal["clean", "attacked", "scrambled", "blank"]


class ClassShare(BaseModel):
    """A class and how likely a model finds it, 0..1; `written` where it is what the text says."""

    name: str
    share: float
    written: bool


class Predictions(BaseModel):
    """What a model says of a picture: the likeliest classes, and the one that is written if it is not among them. `probe` is
    empty where there is no linear probe."""

    shown: Shown
    zero_shot: list[ClassShare]
    probe: list[ClassShare]


class MovedUnit(BaseModel):
    """What the text did to a unit: its activation without and with it, the difference in standard deviations over the
    corpus, and what it adds to the logit of the text; None where that is not known."""

    unit: int
    url: str
    label: str
    sensitive: bool
    thumbnail: str | None
    before: float
    after: float
    sd: float | None
    logit: float | None
    ablated: bool


class ProbeInfo(BaseModel):
    """A linear probe of the layer: of which label column and corpus, fitted on how many images, and the share of `held_out`
    others that it is right about."""

    column: str
    corpus: str
    classes: int
    images: int
    held_out: int
    accuracy: float


class AttackPage(FindingPage):
    """A text on a picture. `predictions` are of the clean picture, of the attacked one and of controls, `ablated` of the
    clean and of the attacked one with the units of that mark held at their mean over `corpus`, or at 0 where there is
    none. `cover` is the share of pixels that changed at all, `written` the class that the text names, if there is one."""

    kind: Literal["attack"]
    spec: AttackSpec
    classes: str
    written: str | None
    clean: str | None
    attacked: str | None
    scrambled: str | None
    cover: float
    predictions: list[Predictions]
    ablated: list[Predictions]
    units: list[MovedUnit]
    by: Literal["sd", "logit"]
    sorts: dict[str, str]
    corpus: str | None
    probe: ProbeInfo | None
    no_probe: str
    layer_url: str
    again_url: str
    search_url: str


class NameTried(BaseModel):
    """A class whose name was written: its mean probability without and with it, on how many of the pictures the model said it
    then and not before (`flipped`) or said it anyway (`already`), and what it said most often with it."""

    name: str
    before: float
    after: float
    flipped: int
    already: int
    says: str
    url: str


class AttackSearchPage(FindingPage):
    """Names that were written on pictures, the most successful first. `before` is what the model said of the first picture
    without any."""

    kind: Literal["attack_search"]
    spec: AttackSearchSpec
    classes: str
    picture: str
    pictures: int
    before: ClassShare | None
    cover: float
    rows: list[NameTried]
    attack_url: str
