"""The first page, and the search."""

from pydantic import BaseModel

from app.answers.facets import FacetCard
from app.answers.layer import UnitCard
from app.answers.links import RenderLink
from app.answers.models import ModelInfo


class SearchHit(BaseModel):
    unit: int
    score: float
    why: str
    url: str
    label: str
    sensitive: bool = False
    thumbnail: str | None


class Search(BaseModel):
    """Units that answer a question. `lacks` is the layer that was asked for and that the model has not."""

    q: str
    model: str
    layer: str
    layers: list[str]
    lacks: str | None
    models: list[str]
    units: list[SearchHit]


class Home(BaseModel):
    """The first page: the default model's gallery so far, its facets and the latest renders."""

    ready: bool
    reason: str
    model: ModelInfo | None
    units: list[UnitCard]
    facets: list[FacetCard]
    renders: list[RenderLink]
