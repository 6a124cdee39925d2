"""Where in the world units are driven."""

from typing import Literal

from pydantic import BaseModel

from app.answers.finding import FindingPage
from app.answers.layer import UnitCard
from app.spec import RegionsSpec

RegionMode = Literal["countries", "cities", "map"]
"""What colours the map: names of countries or of cities, or an unlabelled map."""


class RegionModeLink(BaseModel):
    """A mode of the map, in words; `here` says that it is the one that is shown."""

    name: RegionMode
    title: str
    url: str
    here: bool


class Place(BaseModel):
    """A country or city and what its name does to each of the units, in their order: from 0, what the average name does or
    less, to 1, what the strongest does."""

    name: str
    values: list[float]


class City(Place):
    """A city, and where it lies, in degrees."""

    country: str
    latitude: float
    longitude: float


class StrongPlace(BaseModel):
    """A place among a unit's strongest, with what it does to it: `value` as in `Place`, and the `activation` itself."""

    name: str
    value: float
    activation: float


class RegionUnit(BaseModel):
    """A unit on the map: its colour as #rrggbb, its strongest places, and the addresses of the map with it alone and of its
    cells. `nearby` says whether cities that lie near each other do the same to it, 1 if so and about 0 if not; where names
    are dealt out at random, 97.5 of 100 deals stay below `chance`."""

    card: UnitCard
    colour: str
    isolate: str
    cells: str
    countries: list[StrongPlace]
    cities: list[StrongPlace]
    nearby: float
    chance: float


class RegionsPage(FindingPage):
    """A map of where in the world units are driven: `mode` is what colours it, `isolate` the only unit that does, if one.
    `cells` is a picture of the unlabelled map's grid, `name_drawn` a name that `name_picture` shows as it was drawn,
    `crops_picture` parts of the map as the model saw them. `sensitive` are the themes that the units' names touch; `chosen`
    says which units were taken, where nobody named any. `outdated` says that the model has other weights now."""

    kind: Literal["regions"]
    spec: RegionsSpec
    mode: RegionMode
    modes: list[RegionModeLink]
    isolate: int | None
    all_units: str
    units: list[RegionUnit]
    chosen: str
    countries: list[Place]
    cities: list[City]
    cells: str
    name_drawn: str
    name_picture: str
    crops_picture: str
    sensitive: list[str]
    layer_url: str
    outdated: bool
