"""Blind labelling of a unit's pictures."""

from pydantic import BaseModel

from app.answers.examples import ActivationBand


class TaggedShare(BaseModel):
    """How many of a band's labelled pictures are of a category, and the share with its 95% interval, 0 to 1; None where
    nothing in the band is labelled."""

    count: int
    share: float | None
    low: float | None
    high: float | None


class TaggedCategory(BaseModel):
    """A category of a labelling, how many pictures have it, and its share in each band."""

    name: str
    url: str
    count: int
    shares: list[TaggedShare]


class OtherLabelling(BaseModel):
    """Somebody else's finished labelling of the same pictures: how far the two agree on those that both labelled, and Cohen's
    kappa, None where chance cannot be told."""

    url: str
    name: str
    images: int
    equal: float | None
    kappa: float | None


class LabellingPage(BaseModel):
    """A blind labelling of a unit's pictures. Until it is `finished` nothing here says how strongly a picture drives the unit:
    `place` is that of the picture to label, from 0, `image` its address. Then `bands` are the unit's range in standard
    deviations, each with how many pictures were labelled in it, and `shares` what they are."""

    id: str
    url: str
    model: str
    layer: str
    unit: int
    label: str
    unit_url: str
    corpus: str
    name: str
    yours: bool
    finished: bool
    images: int
    done: int
    place: int | None
    image: str | None
    after: list[str]
    categories: list[str]
    only: str | None
    bands: list[ActivationBand]
    shares: list[TaggedCategory]
    others: list[OtherLabelling]


class LabellingLink(BaseModel):
    """A labelling in a list."""

    url: str
    name: str
    yours: bool
    finished: bool
    done: int
    images: int
