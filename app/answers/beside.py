"""Two models, or two layers, asked the same."""

from pydantic import BaseModel

from app.answers.home import SearchHit
from app.answers.layer import UnitCard
from app.answers.links import LayerLink


class Side(BaseModel):
    """One of the two: a layer of a model, the layers it has, the corpus that its pictures are from, and the units that answer
    the question, the best first. `lacks` is the layer that was asked for and that the model has not."""

    model: str
    layer: str
    layers: list[LayerLink]
    lacks: str | None
    corpus: str | None
    units: list[SearchHit]


class Correlated(BaseModel):
    """A unit of the other side and Pearson's correlation of the two units' activations; `mutual` says that each is the
    other's nearest."""

    card: UnitCard
    correlation: float
    mutual: bool


class Pair(BaseModel):
    """Two units that are each other's nearest by correlation."""

    a: UnitCard
    b: UnitCard
    correlation: float


class BesidePage(BaseModel):
    """The same question asked of two layers, and the units of these that do the same on the same pictures. `unit` is a unit of
    the one, `like` the units of the other that it is most correlated with. `pairs` are those of `matched` that are shown, of
    two layers with `units` each. Who is nearest goes by `compared` of the `images` that both saw; the correlations shown are
    over `exact` of them. Without a corpus that both saw, `why` says what to do."""

    models: list[str]
    a: Side
    b: Side
    url: str
    q: str
    unit: UnitCard | None
    like: list[Correlated]
    corpus: str | None
    images: int
    compared: int
    exact: int
    matched: int
    units: tuple[int, int]
    pairs: list[Pair]
    next: str | None
    why: str
