"""Words by what they do to units when they are drawn, and sums of them."""

from pydantic import BaseModel

from app.answers.laboratory import AtOnce
from app.answers.layer import UnitCard
from app.answers.words import WordsSection


class SumTerm(BaseModel):
    """A word or picture that is added (`sign` 1) or taken away (-1). `image` is the picture, None for a word; `drawn` says
    that the word was not among those measured before and was drawn for this answer."""

    sign: int
    text: str
    image: str | None
    drawn: bool


class NearWord(BaseModel):
    """A word near the sum, by the cosine of their vectors; `url` lists the units that it drives most."""

    word: str
    cosine: float
    url: str


class DrivenUnit(BaseModel):
    """A unit that the sum drives; `weight` is how much, with that of the strongest as 1."""

    unit: UnitCard
    weight: float


class WordRun(BaseModel):
    """A finished run of words over the layer."""

    id: str
    url: str
    source: str
    words: int


class PicturedPage(AtOnce):
    """A sum of words and pictures `q`, and the words nearest to it. `run` are the words that are compared, None where none
    were measured of the layer; `form` is then what there is to choose from for a run. `cosines` are those of every two terms,
    of what they do beyond the average, `plain` of all that they do. With `mask`, units that answer to spelling are left out:
    `masked` of `units`, with the `set_aside` ones that the paper's authors named."""

    q: str
    mask: bool
    layers: list[str]
    units: int
    masked: int
    set_aside: int
    run: WordRun | None
    runs: list[WordRun]
    form: WordsSection
    terms: list[SumTerm]
    near: list[NearWord]
    driven: list[DrivenUnit]
    cosines: list[list[float]]
    plain: list[list[float]]
