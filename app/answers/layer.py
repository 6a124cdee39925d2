"""A layer: its gallery of units."""

from pydantic import BaseModel

from app.answers.labels import LabelBy
from app.answers.links import FacetLink
from app.answers.models import LayerInfo, ModelInfo


class FacetShare(BaseModel):
    """How many of a unit's strongest images a facet's probe takes for its own, 0 to 1, and the `purity` that this makes:
    the same beyond chance, 1 where all of them are of the facet and 0 where no more than of any images."""

    facet: FacetLink
    share: float
    purity: float


class UnitCard(BaseModel):
    """A unit in a gallery or a list of hits. `thumbnail` is its gallery render if there is one, else its strongest
    example; `examples` are pictures of its strongest examples. `score` is the number that the gallery is sorted by; None
    where it is sorted by none, or the unit has none. `of` is the facet it is purest of, where units are sorted by that."""

    unit: int
    url: str
    label: str
    label_by: LabelBy = ""
    sensitive: bool = False
    thumbnail: str | None
    rendered: bool
    examples: list[str]
    score: float | None = None
    of: FacetShare | None = None


class FamilyLink(BaseModel):
    """A family of units and how many of the units that match the query are in it."""

    name: str
    units: int
    url: str


class LayerPage(BaseModel):
    """A page of a layer's units; `next` is the address of the following page. `families` is empty where the corpus
    records none; `every_family` is the address of this page without its `family`. `hint` says why the order asked for is
    not to be had."""

    model: ModelInfo
    layer: LayerInfo
    corpus: str | None
    corpora: list[str]
    q: str
    sort: str
    facet: str | None
    facets: list[FacetLink]
    family: str | None
    families: list[FamilyLink]
    every_family: str
    units: list[UnitCard]
    next: str | None
    total: int
    hint: str = ""
