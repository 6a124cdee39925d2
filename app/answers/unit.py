"""One unit: its page, and the units like it."""

from pydantic import BaseModel

from app.answers.examples import Example, Histogram, Shown, Stats, Stratum, View, ViewLink, Way
from app.answers.facets import UnderFacet
from app.answers.findings import CaptionsPage
from app.answers.given import Ranking
from app.answers.labellings import LabellingLink
from app.answers.labels import LabelBy, Published, UnitLabels
from app.answers.layer import UnitCard
from app.answers.links import FacetLink, RenderLink
from app.answers.lists import UnitLists
from app.answers.notes import UnitNotes
from app.answers.renders import GalleryPicture, PresetChoice
from app.answers.words import WordsSection


class AlikeUnit(BaseModel):
    """A unit of `model` and `layer` that is active on the same images: Pearson's correlation of the two over the corpus,
    where both are recorded on every image; and how many of the one's strongest images are among the other's, where there
    are others."""

    model: str
    layer: str
    card: UnitCard
    correlation: float | None
    shared: int | None


class AlikePage(BaseModel):
    """Units that are active on the same images. `alike` are those of the layer, by correlation over `compared` images, or
    by what they share where activations are not recorded on every image (`status` says so). `elsewhere` has of every other
    layer, and of every served model with an index of the same pictures, the unit that shares most of the `kept` strongest
    images; `chance` is how many two units share that have nothing to do with each other. `why` says what is missing."""

    model: str
    layer: str
    unit: int
    label: str
    url: str
    unit_url: str
    corpus: str
    images: int
    status: str
    compared: int
    kept: int
    chance: float
    alike: list[AlikeUnit]
    elsewhere: list[AlikeUnit]
    why: str


class UnitRecord(BaseModel):
    """What is known of a unit where its activation on every image is recorded; where it is not, `status` says how far that
    is or how to do it, and the rest is empty. `alike` is the address of the units that are active on the same images."""

    status: str
    ranking: Ranking | None
    alike: str
    given: str
    csv: str | None
    parquet: str | None


class ByFacetPage(BaseModel):
    """A unit's dataset examples under every facet: the fields of its `UnitPage` that have to do with them."""

    model: str
    layer: str
    unit: int
    label: str
    sensitive: list[str]
    url: str
    unit_url: str
    corpus: str
    by_facet: list[UnderFacet] = []
    by_facet_status: str = ""


class UnitPage(BaseModel):
    """A unit: what drives it, how strongly, and the renders people made of it. Without an index, `corpus`, `stats`
    and `histogram` are None and the lists are empty. `picture` is the gallery render under the chosen facet, or the plain
    one; `gallery` has all of them, the plain one first. `strata` are the bands of its range, the weakest first; a unit that
    never varies has one. `random` are images drawn uniformly from the corpus, the same ones for every unit, the `draw`-th
    handful; `again` is the address of the next. `ways` is empty where the corpus records fewer than two. `record` is None
    without an index. `label_by` says who calls it by its `label`: a person, the paper, the corpus' records of its strongest examples,
    or the automatic label if it is sure. `by_facet` has the facets that explain most of its strongest images, beyond chance,
    first; `by_facet_status` says why it is not complete. `sensitive` are the themes it touches of people, religion, ethnicity
    and health: its pictures start blurred."""

    model: str
    layer: str
    unit: int
    label: str
    label_by: LabelBy
    sensitive: list[str]
    labels: UnitLabels
    url: str
    previous: str | None
    next: str | None
    corpus: str | None
    corpora: list[str]
    facet: str | None
    picture: str | None
    gallery: list[GalleryPicture]
    stats: Stats | None
    histogram: Histogram | None
    examples: list[Example]
    ways: list[Way]
    bottom: list[Example]
    strata: list[Stratum]
    view: View
    views: list[ViewLink]
    random: list[Shown]
    draw: int
    again: str | None
    record: UnitRecord | None
    published: Published | None
    speaks: bool
    captions: CaptionsPage | None
    top_words: WordsSection
    labellings: list[LabellingLink]
    renders: list[RenderLink]
    facets: list[FacetLink]
    presets: list[PresetChoice]
    by_facet: list[UnderFacet] = []
    by_facet_status: str = ""
    notes: UnitNotes | None = None
    lists: UnitLists | None = None
