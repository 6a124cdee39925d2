"""Renders: feature visualizations, one or several."""

from typing import Literal

from pydantic import BaseModel

from app.answers.examples import Example
from app.answers.links import FacetLink, RenderLink, RenderStatus
from app.spec import RenderSpec


class GalleryPicture(BaseModel):
    """A unit's gallery render: `facet` is None for the plain one, `url` the unit's page with that facet chosen."""

    facet: FacetLink | None
    image: str
    url: str


class PresetChoice(BaseModel):
    """A preset as a choice; `seconds` is about how long it takes here when nothing else runs, None until the model is
    loaded; `from_picture` says that it needs an uploaded picture."""

    name: str
    sentence: str
    size: int
    steps: int
    seconds: float | None = None
    from_picture: bool = False


class Frame(BaseModel):
    step: int
    url: str


class FacetPull(BaseModel):
    """A facet of a render: how strongly it pulls, and its probe's probability for the finished picture and for the one
    without any facet, 0 to 1."""

    facet: FacetLink
    strength: float
    score: float | None
    plain_score: float | None


class FacetReading(BaseModel):
    """What a facet's probe says of a finished picture, 0 to 1."""

    facet: FacetLink
    score: float


class UnitPart(BaseModel):
    """A unit and how much it weighs in what a render makes large."""

    unit: int
    weight: float
    url: str
    label: str
    thumbnail: str | None


class Spread(BaseModel):
    """What the same render reaches from several seeds, this one's among them: activations in the model's units, `sd`
    their standard deviation, and the lowest percentile where it is known."""

    count: int
    low: float
    high: float
    mean: float
    sd: float
    lowest_percentile: float | None


class RenderPage(BaseModel):
    """A render: its spec and what came of it. `activation` is that of what was made large (`subject`; for a unit its
    spatial mean) on the picture without transforms, `first_activation` after the first step; `activation_percentile` is
    in the corpus, 0 to 100; `facet_score` is the first facet's probability, 0 to 1, and `pulls` has all. `parts` are the
    units that weigh most in a direction or a prompt, and `examples` those of the heaviest. `plain` is the same spec
    without facets, if somebody rendered it; `seeds` are the same with other seeds, `spread` what they reach; `others`
    are the latest finished renders of the unit. `pinned` says that somebody keeps its pictures, `may_be_cleared` that they
    go where room is needed."""

    id: str
    url: str
    spec: RenderSpec
    status: RenderStatus
    step: int
    steps: int
    subject: str
    subject_url: str
    first_activation: float | None
    activation: float | None
    activation_sd: float | None
    activation_percentile: float | None
    facet_score: float | None
    frames: list[Frame]
    image: str | None
    source: str | None
    elapsed_s: float
    left_s: float | None
    error: str | None
    facet: FacetLink | None
    pulls: list[FacetPull]
    readings: list[FacetReading]
    facets: list[FacetLink]
    presets: list[PresetChoice]
    unit_url: str | None
    layer_url: str
    label: str
    parts: list[UnitPart]
    examples: list[Example]
    plain: RenderLink | None
    seeds: list[RenderLink]
    spread: Spread | None
    others: list[RenderLink]
    ahead: int
    pinned: bool
    may_be_cleared: bool = False


class Difference(BaseModel):
    """A setting that two renders do not share."""

    name: str
    left: str
    right: str


class Comparison(BaseModel):
    """Two renders side by side and all that differs in how they were made."""

    url: str
    left: RenderPage
    right: RenderPage
    differences: list[Difference]


class TableCell(BaseModel):
    """A unit's render with one facet, or without: `render` is None until somebody asked for it, `picture` its newest
    frame."""

    facet: FacetLink | None
    render: RenderLink | None
    picture: str | None
    step: int
    steps: int


class FacetTable(BaseModel):
    """A unit without a facet and with each: `missing` counts the cells that nobody asked for or that did not finish."""

    model: str
    layer: str
    unit: int
    label: str
    url: str
    unit_url: str
    status: Literal["empty", "running", "done"]
    preset: str
    strength: float
    seed: int
    presets: list[PresetChoice]
    cells: list[TableCell]
    missing: int


class Visualize(BaseModel):
    """What there is to choose from for a render of anything: the layers of the model, from the last on."""

    model: str
    models: list[str]
    layer: str
    layers: list[str]
    last_layer: str
    facets: list[FacetLink]
    presets: list[PresetChoice]


class Renders(BaseModel):
    renders: list[RenderLink]
    next: str | None
