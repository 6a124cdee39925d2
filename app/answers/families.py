"""A tour of a model's families of units."""

from typing import Literal

from pydantic import BaseModel

from app.answers.layer import UnitCard
from app.answers.links import LayerLink
from app.answers.models import ModelInfo

FamilyKind = Literal["published", "found", "recorded"]


class KindLink(BaseModel):
    """A kind of families and the address of the tour of these."""

    kind: FamilyKind
    url: str


class FamilyName(BaseModel):
    """A family in the list of all: its name, how many units it has, and the address of the tour of it alone."""

    name: str
    units: int
    url: str


class TourUnit(BaseModel):
    """A unit of a family: under `facet`, the one that shows it best, where there is a gallery render under it; and the words
    that drive it most or that it is called by."""

    card: UnitCard
    facet: str | None
    words: list[str]


class TourFamily(FamilyName):
    """A family and some of its units, those first that show it best. `gallery` is the address of the layer's gallery of its
    units alone, where there is one. Of families that were found, `cohesion` is how alike its units are on average, at most 1,
    and `beside` how alike they are to all other units. `sensitive` are the themes it touches: its pictures start blurred."""

    description: str
    gallery: str | None
    cohesion: float | None
    beside: float | None
    sensitive: list[str]
    members: list[TourUnit]


class FamiliesPage(BaseModel):
    """A tour of the families of a layer's units: those that the paper `published`, those `found` by clustering, or those that
    a corpus `recorded` of the units' strongest images. Without families `status` says why. `lacking` says which weights are
    not here: then there are no pictures. `loose` units are of no family; found families go by `images` of the corpus."""

    model: ModelInfo
    layer: str
    layers: list[LayerLink]
    kind: FamilyKind
    kinds: list[KindLink]
    corpus: str | None
    images: int | None
    status: str
    lacking: str
    credit: str
    url: str
    family: str | None
    all: list[FamilyName]
    families: list[TourFamily]
    loose: int
    sensitive: list[str]
    next: str | None
