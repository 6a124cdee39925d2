"""A unit's activation given something else: a label of the corpus, a facet, a set of pictures."""

from pydantic import BaseModel

from app.answers.examples import ActivationBand, Shown
from app.answers.links import FacetLink, FacetStatus


class LabelColumn(BaseModel):
    """A label column of a corpus, and the address of a unit's activation given its values."""

    name: str
    url: str


class LabelResponse(BaseModel):
    """How a unit responds to the images that a corpus records under one value of a label column. `median`, `low` and `high`
    (its 95% interval) are in standard deviations from the unit's mean over the corpus. `auc` is how often such an image
    drives the unit harder than one of the others. Intervals are None for too few images, `auc` where there are no others."""

    value: str
    url: str
    count: int
    median: float
    low: float | None
    high: float | None
    auc: float | None
    auc_low: float | None
    auc_high: float | None


class Ranking(BaseModel):
    """A unit's responses to the values of the label column `by`, the highest median first. `few` counts the values that are
    left out for having fewer than `fewest` images, and `more` those with lower medians that are not listed here; `columns`
    are all that the corpus can be sorted by."""

    by: str
    columns: list[LabelColumn]
    labels: list[LabelResponse]
    more: int
    few: int
    fewest: int


class Others(BaseModel):
    """The images that are not of the chosen label; as in `LabelResponse`."""

    count: int
    median: float
    low: float | None
    high: float | None


class LabelShare(BaseModel):
    """A value's share of the images in each band, 0 to 1, None in a band without images. `url` is None for what is no
    single value: all other ones, and the images without any."""

    value: str
    url: str | None
    count: int
    shares: list[float | None]


class TwoSets(BaseModel):
    """A unit's activation on some images beside that on others: `chosen` and `others`, counted in bins between `edges` (sd),
    with the strongest and the weakest of the chosen ones. `ones` and `rest` say in words which they are."""

    ones: str
    rest: str
    chosen: LabelResponse
    others: Others
    edges: list[float]
    counts: list[int]
    other_counts: list[int]
    strongest: list[Shown]
    weakest: list[Shown]


class GivenFacet(BaseModel):
    """A unit's activation given a facet. `own` sets the facet's own pictures beside the images of the corpus; `waiting` says
    that they are still being looked at, `reason` why they are not shown. `taken` sets the corpus images that the
    facet's probe takes for its own beside the other ones; `taken_reason` says why it is not there."""

    facet: FacetLink
    status: FacetStatus
    pictures: int
    waiting: bool
    reason: str
    own: TwoSets | None
    taken_reason: str
    taken: TwoSets | None


class FacetRanking(BaseModel):
    """A unit's responses to the own pictures of all facets, the highest median first; `waiting` are those whose pictures are
    not measured, `few` counts those of fewer than `fewest`."""

    facets: list[LabelResponse]
    waiting: list[str]
    few: int
    fewest: int


class GivenPage(BaseModel):
    """A unit's activation given a label of the corpus, or given a `facet`, and the labels given its activation. Where the activations on every
    image are not recorded, `status` says so; where the corpus has no labels that sort its images, `ranking` is None. With
    a value chosen, `chosen` and `others` are its images and the rest, counted in bins between `edges` (sd). `columns` and
    `facets` are what may be chosen, each with its address here; a facet takes `least_pictures`."""

    model: str
    layer: str
    unit: int
    label: str
    sensitive: list[str]
    url: str
    unit_url: str
    corpus: str | None
    status: str
    images: int
    by: str | None
    value: str | None
    values: list[str]
    ranking: Ranking | None
    chosen: LabelResponse | None
    others: Others | None
    edges: list[float]
    counts: list[int]
    other_counts: list[int]
    strongest: list[Shown]
    weakest: list[Shown]
    bands: list[ActivationBand]
    shares: list[LabelShare]
    columns: list[LabelColumn] = []
    facets: list[FacetLink] = []
    given_facet: GivenFacet | None = None
    facet_ranking: FacetRanking | None = None
    least_pictures: int = 0
