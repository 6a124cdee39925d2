"""A table of typographic attacks as an answer."""

from typing import Literal

from pydantic import BaseModel

from app.answers.counted import Counted
from app.answers.finding import FindingPage
from app.answers.layer import UnitCard
from app.spec import AttackTableSpec
from app.spec.attack import StyleName


class Outcome(BaseModel):
    """What one classifier made of attacks: `success` over all pictures that do not show the target, `of_right` over those it
    had right before. The others are over the half that is tested: `tested` with the text, `blank` and `scrambled` with a
    control, `ablated` with the text and without the units that it moved most. None where there is no such control."""

    success: Counted
    of_right: Counted
    tested: Counted
    blank: Counted | None
    scrambled: Counted | None
    ablated: Counted


class Cost(BaseModel):
    """What ablating those units costs one classifier on the tested half without a text: `before` and `after` are how many
    pictures it has right, `own_before` and `own_after` how many of those that show the target itself."""

    before: Counted
    after: Counted
    own_before: Counted
    own_after: Counted


class AttackRow(BaseModel):
    """A text in a style: `cover` is the mean share of pixels that it changed, 0 to 1. `linear` is None where the probe has no
    such class, the costs where they were not counted yet. `url` shows it on this page, `attack_url` is where one picture is
    attacked with the text."""

    number: int
    target: str
    text: str
    style: StyleName
    cover: float
    zero_shot: Outcome
    linear: Outcome | None
    zero_shot_cost: Cost | None
    linear_cost: Cost | None
    url: str
    attack_url: str


class StyleTotal(BaseModel):
    """All texts in a style together."""

    style: StyleName
    texts: int
    cover: float
    zero_shot: Outcome
    linear: Outcome | None
    zero_shot_cost: Cost | None
    linear_cost: Cost | None


class MovedUnit(BaseModel):
    """A unit that a text moved, on average, by so many standard deviations over the corpus."""

    card: UnitCard
    sd: float


class AttackedPicture(BaseModel):
    """A tested picture without and with the text, and what zero-shot took it for: `before`, `after`, and `ablated` with the
    text but without the units."""

    page: str
    image: str
    attacked: str
    before: str
    after: str
    ablated: str


class ShownRow(BaseModel):
    """A row with the units that were ablated and its first three tested pictures."""

    row: AttackRow
    units: list[MovedUnit]
    pictures: list[AttackedPicture]


class AttackTablePage(FindingPage):
    """Attacks over pictures of a corpus: `rows` with the most successful first, `totals` by style. `clean` and `clean_linear`
    are how many of the pictures each classifier has right as they are; `probe_trained` on how many others the probe was
    trained, `no_probe` why there is none. `unfinished` are the texts and styles that are still missing."""

    kind: Literal["attack_table"]
    spec: AttackTableSpec
    layer_url: str
    pictures: int
    classes: int
    probe_trained: int
    no_probe: str
    clean: Counted | None
    clean_linear: Counted | None
    rows: list[AttackRow]
    totals: list[StyleTotal]
    unfinished: int
    shown: ShownRow | None
    csv: str
    json_file: str
