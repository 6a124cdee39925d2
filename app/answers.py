"""What the microscope answers: one pydantic model per page, which is both the `.json` twin and the template's context.

Addresses inside are site-relative. Boxes are `[x0, y0, x1, y1]` as fractions of the picture shown, origin top left.
"""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel

from app.spec import Aim, CaptionsSpec, Of, RenderSpec

Status = Literal["queued", "running", "done", "cancelled", "failed"]
FacetStatus = Literal["queued", "training", "ready", "failed"]
LabelBy = Literal["person", "published", "corpus", "automatic", ""]
Vote = Literal["up", "down"]


class LayerInfo(BaseModel):
    """One row of a model's layer table."""

    name: str
    channels: int
    stride: int
    map: tuple[int, int]
    url: str
    indexed: bool


class ModelInfo(BaseModel):
    """A model this server knows: `ready` once its weights are loaded, otherwise `status` says why not. `card` is the address
    of its model card, if it brought one."""

    slug: str
    name: str
    architecture: str
    pretrained: str
    url: str
    ready: bool
    status: str
    image_size: int
    default_layer: str
    corpus: str | None
    card: str | None
    layers: list[LayerInfo]


class Models(BaseModel):
    models: list[ModelInfo]


class CardPicture(BaseModel):
    """A picture of a model card; `target` is how the card's Markdown names it."""

    target: str
    url: str
    width: int
    height: int


class CardPage(BaseModel):
    """The card that a model brings along. `source` is its Markdown without front matter; `title` is its first heading."""

    model: str
    name: str
    title: str
    url: str
    source: str
    pictures: list[CardPicture]


class FacetShare(BaseModel):
    """How many of a unit's strongest images a facet's probe takes for its own, 0 to 1, and the `purity` that this makes:
    the same beyond chance, 1 where all of them are of the facet and 0 where no more than of any images."""

    facet: "FacetLink"
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
    facets: list["FacetLink"]
    family: str | None
    families: list[FamilyLink]
    every_family: str
    units: list[UnitCard]
    next: str | None
    total: int
    hint: str = ""


class Duplicate(BaseModel):
    """An image that nearly duplicates the example it is folded into."""

    image: str
    page: str
    sd: float


class Example(BaseModel):
    """A dataset example: activation in the model's units, `sd` in standard deviations from its mean over the corpus. `image`
    is the picture in the view that the page shows, `box` where in the whole picture the unit fires most. `duplicates` counts
    the images after it that nearly duplicate it and are not shown by themselves: `alike`."""

    image: str
    page: str
    caption: str
    activation: float
    sd: float
    box: tuple[float, float, float, float]
    duplicates: int = 0
    alike: list[Duplicate] = []


class Stats(BaseModel):
    mean: float
    std: float
    min: float
    max: float
    images: int


class Histogram(BaseModel):
    """`len(edges) == len(counts) + 1`; edges are activations; divide by `stats.std` for standard deviations."""

    edges: list[float]
    counts: list[int]


class Stratum(BaseModel):
    """One of the ten bands of the unit's range of activation, with examples drawn from its `count` images at random.

    Where the activations on every image are not recorded, `count` may be off by the images of two cells of the histogram of
    512, fewer than eight examples may be shown of a band that has more, and `fair` may be False: then they are all that is
    known of the band, and no fair draw."""

    low: float
    high: float
    count: int
    fair: bool
    examples: list[Example]


class Way(BaseModel):
    """One way of showing things, as the corpus records it in its column `kind`: how many of the unit's strongest
    examples show theirs so, and the strongest of those."""

    name: str
    count: int
    examples: list[Example]


class FacetLink(BaseModel):
    """A facet as a choice in a picker. `ready` says if it can steer yet."""

    id: str
    name: str
    url: str
    ready: bool


class RenderLink(BaseModel):
    """A render as a thumbnail in a list. `subject` says what it makes large, `short` in a word; `unit` and `unit_url` are
    None where that is no single unit. `facets` counts the facets, `facet` is the first of them. `stands` says that it
    may stand for its unit: a picture made for the unit alone and from nothing but noise."""

    id: str
    url: str
    image: str | None
    status: Status
    of: Of
    subject: str
    short: str
    unit: int | None
    unit_url: str | None
    layer: str
    model: str
    facet: str | None
    facets: int
    strength: float
    aim: Aim
    preset: str
    seed: int
    stands: bool
    activation: float | None
    activation_sd: float | None
    activation_percentile: float | None


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


View = Literal["picture", "heat", "crop"]


class ViewLink(BaseModel):
    """A way of showing the examples: whole pictures, the unit's map over them, or the parts around its strongest place."""

    view: View
    name: str
    url: str


class UnitOnImage(BaseModel):
    """What a unit does on one image of its corpus: `percentile` is the share of the `images`, in percent, on which it is less
    active, ties as half; `heat` is the image with its map over it, `crop` the part around its strongest place."""

    layer: str
    unit: int
    label: str
    url: str
    activation: float
    sd: float
    percentile: float
    images: int
    heat: str
    crop: str


class Shown(BaseModel):
    """A corpus image with a unit's activation on it, as in `Example`, without the place where it fires."""

    image: str
    page: str
    caption: str
    activation: float
    sd: float


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


class Others(BaseModel):
    """The images that are not of the chosen label; as in `LabelResponse`."""

    count: int
    median: float
    low: float | None
    high: float | None


class ActivationBand(BaseModel):
    """A band of a unit's range of activation, in standard deviations from its mean, and how many images lie in it."""

    low: float
    high: float
    count: int


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


class CaptionFound(BaseModel):
    """A text that asks for a unit: `score` is the unit's part in the logit, `sd` that in standard deviations from the mean
    over single tokens, `step` where in its climb it was found."""

    text: str
    score: float
    sd: float
    step: int


class WordFound(BaseModel):
    """A single token that asks for a unit; as in `CaptionFound`."""

    text: str
    score: float
    sd: float


class CaptionsPage(BaseModel):
    """A search for the texts that ask for a unit most: `captions` are the best so far, best first, with `words` the best
    single tokens beside them. `progress` says in words what is being done."""

    id: str
    url: str
    kind: Literal["captions"]
    spec: CaptionsSpec
    status: Status
    step: int
    steps: int
    progress: str
    captions: list[CaptionFound]
    words: list[WordFound]
    unit_url: str
    label: str
    elapsed_s: float
    error: str | None
    ahead: int


Finding = CaptionsPage
"""What an instrument found, by its kind."""


class WordScore(BaseModel):
    """A word and its soft-WPMI score for a unit, in nats."""

    word: str
    score: float


class DrawnWord(BaseModel):
    """A word and how far it drives a unit when it is drawn as a picture, in standard deviations over the corpus."""

    word: str
    sd: float


class AutomaticLabel(BaseModel):
    """What a unit's strongest images are called by the model's own two towers, and the next best words. `sure` says that
    `score` is above `threshold`, which one in a hundred shuffled units exceeds; `margin` is how far it is above the best
    rival. The rest is what it was made of: `images` of `corpus`, `words`, the hashes, the index's key."""

    word: str
    score: float
    margin: float | None
    threshold: float
    sure: bool
    rivals: list[WordScore]
    corpus: str
    images: int
    words: str
    words_hash: str
    weights_hash: str
    key: str
    version: int
    made: datetime


class PersonLabel(BaseModel):
    """What somebody calls a unit. `accepted`: it is the automatic label as it was then. `yours` is about who asks."""

    text: str
    accepted: bool
    name: str
    created: datetime
    yours: bool


class LabelVotes(BaseModel):
    """How many think that the automatic label is right, and how many that it is wrong."""

    up: int
    down: int
    yours: Vote | None


class UnitLabels(BaseModel):
    """All that a unit may be called, automatic and by people, apart. Without an automatic label `status` says why. `drawn`
    are those of `drawn_words` words that drive it most, the mean over several drawings; `any_word` is what all of them do
    on average. `people` are the newest first."""

    automatic: AutomaticLabel | None
    status: str
    drawn: list[DrawnWord]
    any_word: float | None
    drawn_words: int
    people: list[PersonLabel]
    votes: LabelVotes
    action: str
    vote_action: str


class LabelledUnit(BaseModel):
    """A unit in the file of a layer's labels."""

    unit: int
    url: str
    label: str
    label_by: LabelBy
    automatic: AutomaticLabel | None
    drawn: list[DrawnWord]
    people: list[PersonLabel]
    votes: LabelVotes


class LabelsOfLayer(BaseModel):
    """All labels of a layer: people's and the automatic ones apart."""

    model: str
    layer: str
    corpus: str | None
    status: str
    units: list[LabelledUnit]


class Published(BaseModel):
    """What the paper published of a unit; `words` drive it most when drawn as pictures, `captions` ask for it most, both
    strongest first. `families` are its own, `facet` the one that shows the unit best, `bigram` units read pairs of letters."""

    label: str
    families: list[str]
    facet: str | None
    words: list[str]
    captions: list[str]
    bigram: bool
    credit: str


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
    labellings: list[LabellingLink]
    renders: list[RenderLink]
    facets: list[FacetLink]
    presets: list[PresetChoice]
    by_facet: list[UnderFacet] = []
    by_facet_status: str = ""


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
    are the latest finished renders of the unit."""

    id: str
    url: str
    spec: RenderSpec
    status: Status
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


class SearchHit(BaseModel):
    unit: int
    score: float
    why: str
    url: str
    label: str
    sensitive: bool = False
    thumbnail: str | None


class Search(BaseModel):
    q: str
    model: str
    layer: str
    layers: list[str]
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
