"""What units texts are made of."""

from pydantic import BaseModel

from app.answers.laboratory import AtOnce
from app.answers.layer import UnitCard


class TextTerm(BaseModel):
    """A unit in a text's equation. `score` is how much the text asks for it, (W x_text) / |x_text|, `beyond` how much more than
    texts of as many common words do, and `weight` the same divided by the largest; `rank` is its place among all, from 1."""

    unit: UnitCard
    weight: float
    score: float
    beyond: float
    rank: int


class CausalCheck(BaseModel):
    """The text's logit on a blank picture `before` and `after` the unit is raised at every place, and with each of some other
    units raised, `others`: the share `as_much` of them raises it as far, `by_chance` raises it at all."""

    unit: UnitCard
    by: float
    before: float
    after: float
    rise: float
    others: list[float]
    as_much: float
    by_chance: float


class TextTerms(BaseModel):
    """A text as a sum of units. `positive` are those asked for most, the first first, `negative` those asked for least, the
    least first; together they make up the `share` of the whole vector's squared length. `asked` is the unit that was asked
    about."""

    text: str
    words: int
    positive: list[TextTerm]
    negative: list[TextTerm]
    share: float
    causal: CausalCheck | None
    asked: TextTerm | None


class TextPage(AtOnce):
    """Texts, one a line of `q`, and what units of the last layer each is made of; `unit` is one that is asked about. Raised
    by so many standard deviations over the `corpus`; over the units of a blank picture where there is none."""

    q: str
    unit: UnitCard | None
    units: int
    texts: list[TextTerms]
    sd: float
    corpus: str | None
