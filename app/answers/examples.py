"""Images of a corpus as the pages show them, and how strongly they drive a unit."""

from typing import Literal

from pydantic import BaseModel

View = Literal["picture", "heat", "crop"]


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


class ActivationBand(BaseModel):
    """A band of a unit's range of activation, in standard deviations from its mean, and how many images lie in it."""

    low: float
    high: float
    count: int
