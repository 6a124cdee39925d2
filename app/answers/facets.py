"""Facets, and the units under them."""

from pydantic import BaseModel

from app.answers.examples import Shown
from app.answers.links import FacetLink, FacetStatus, RenderLink


class FacetExample(Shown):
    """A corpus image that drives a unit and that a facet's probe takes for its own, with the facet's `probability`. `box` is
    known of the unit's strongest images."""

    probability: float
    box: tuple[float, float, float, float] | None


class UnderFacet(BaseModel):
    """A unit's dataset examples under a facet: the images with the highest product of activation (sd above the mean) and
    the facet's probability, among those that are strong (`at_least` sd) and that the probe takes for its own (from 0.5
    on). `share` is how many of the unit's `of` strongest images it takes for its own, `chance` how many of any images, and
    `purity` the share beyond chance, as in `FacetShare`.
    `picture` is the unit's gallery render under the facet, `url` the unit's page with the facet chosen, `given` its
    activation given the facet."""

    facet: FacetLink
    share: float
    purity: float
    of: int
    chance: float
    at_least: float
    examples: list[FacetExample]
    picture: str | None
    url: str
    given: str


class ProbeReport(BaseModel):
    """Held-out quality of the linear probe on one layer; the interval is a 95% bootstrap. `alignment` is how far the
    facet's pictures are active at the same places there, 1 for copies of one picture and 0 for no agreement;
    `alignment_others` is the same of the pictures it was told from."""

    layer: str
    auc: float
    auc_low: float
    auc_high: float
    accuracy: float
    spatial: bool
    alignment: float | None = None
    alignment_others: float | None = None


class Refused(BaseModel):
    """An uploaded file that was not used, and why."""

    name: str
    reason: str


class FacetPage(BaseModel):
    id: str
    name: str
    url: str
    status: FacetStatus
    progress: str
    error: str | None
    model: str
    corpus: str | None
    positives: int
    negatives: int
    refused: list[Refused]
    layers: list[ProbeReport]
    warnings: list[str]
    images: list[str]
    renders: list[RenderLink]
    shipped: bool


class FacetCard(BaseModel):
    id: str
    name: str
    url: str
    status: FacetStatus
    model: str
    positives: int
    best_auc: float | None
    images: list[str]
    shipped: bool


class Facets(BaseModel):
    facets: list[FacetCard]
    models: list[str]
    corpora: list[str]
    max_images: int
    min_images: int
