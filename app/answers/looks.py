"""Single pictures and the units they drive."""

from pydantic import BaseModel

from app.answers.examples import UnitOnImage


class UnitHit(BaseModel):
    """How strongly one picture drives a unit; `sd` = (activation - mean) / std over the corpus."""

    unit: int
    activation: float
    sd: float
    url: str
    label: str
    sensitive: bool = False
    thumbnail: str | None
    box: tuple[float, float, float, float]


class Part(BaseModel):
    """A part of a picture, looked at as a picture of its own, and the units it drives most. `box` is what was asked for;
    the model was shown `square`, the box widened to a square. Both are fractions of the picture; where the square reaches
    beyond 0 or 1 the picture has ended, and `fill` (#rrggbb) takes its place. Boxes of units are fractions of the square."""

    box: tuple[float, float, float, float]
    square: tuple[float, float, float, float]
    fill: str | None
    layers: dict[str, list[UnitHit]]


class LookPage(BaseModel):
    """One picture, `width` x `height` px, and the units it drives most, layer by layer, strongest first. Of a picture that
    is not square the model sees one; `part` is what a box was asked for and drives by itself."""

    id: str
    url: str
    name: str
    model: str
    corpus: str | None
    image: str
    width: int
    height: int
    layers: dict[str, list[UnitHit]]
    part: Part | None = None


class LookLink(BaseModel):
    id: str
    url: str
    image: str
    name: str


class Looks(BaseModel):
    looks: list[LookLink]
    models: list[str]


class CorpusImagePage(BaseModel):
    """One image of a corpus, as the model sees it, with what is recorded about it and the units it drives; `part` is what a
    box was asked for and drives by itself, `on` the unit that the address names."""

    corpus: str
    index: int
    image: str
    caption: str
    record: dict[str, str]
    model: str
    url: str
    width: int
    height: int
    layers: dict[str, list[UnitHit]]
    previous: str | None
    next: str | None
    part: Part | None = None
    on: UnitOnImage | None = None
