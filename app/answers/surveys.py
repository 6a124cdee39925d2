"""How many of a layer's units can be interpreted: units drawn by chance, each judged by a person."""

from typing import Literal

from pydantic import BaseModel

Verdict = Literal["interpretable", "polysemantic", "uninterpretable"]


class VerdictShare(BaseModel):
    """How many of the judged units got a verdict, and the share with its 95% interval, 0 to 1; None before the first. Beside
    it what was published of RN50x4."""

    verdict: Verdict
    count: int
    share: float | None
    low: float | None
    high: float | None
    published: float
    published_low: float | None
    published_high: float | None


class SurveyLink(BaseModel):
    """A survey in a list: how many of its units are judged, and how many of these are interpretable. `seed` is what its units
    were drawn with."""

    id: str
    url: str
    name: str
    yours: bool
    seed: int
    units: int
    judged: int
    interpretable: VerdictShare


class SurveyStart(BaseModel):
    """Where a survey of a layer begins. `units` is how many are drawn; `why` says what is missing if there can be none."""

    model: str
    layer: str
    url: str
    layer_url: str
    corpus: str | None
    units: int
    why: str
    surveys: list[SurveyLink]


class JudgedUnit(BaseModel):
    """A judged unit: its place in the survey, from 1, what was judged, and in a few words what it is, if they were said."""

    place: int
    unit: int
    unit_url: str
    label: str
    sensitive: bool
    thumbnail: str | None
    verdict: Verdict
    words: str
    change: str | None


class OtherSurvey(BaseModel):
    """Somebody else's survey of the same layer. On the `both` units that both judged, how often they agree, and Cohen's kappa,
    None where there are none or chance cannot be told."""

    survey: SurveyLink
    same_units: bool
    both: int
    equal: float | None
    kappa: float | None


class SurveyPage(BaseModel):
    """A survey: the shares of the verdicts so far. Which units were judged how is told to whoever's it is, and to others once
    all are judged."""

    id: str
    url: str
    model: str
    layer: str
    start_url: str
    layer_url: str
    corpus: str
    seed: int
    name: str
    yours: bool
    units: int
    judged: int
    next: str | None
    shares: list[VerdictShare]
    judgements: list[JudgedUnit]
    others: list[OtherSurvey]


class SurveyPicture(BaseModel):
    image: str
    sd: float


class SurveyBand(BaseModel):
    """One of the ten bands of the unit's range, in standard deviations, with pictures drawn from its `count` images."""

    low: float
    high: float
    count: int
    pictures: list[SurveyPicture]


class SurveyUnit(BaseModel):
    """A unit of a survey as it is judged: what drives it, without its name. `verdict` and `words` are what was judged before."""

    survey: str
    url: str
    place: int
    units: int
    judged: int
    model: str
    layer: str
    layer_url: str
    unit: int
    corpus: str
    sensitive: bool
    picture: str | None
    examples: list[SurveyPicture]
    bands: list[SurveyBand]
    verdict: Verdict | None
    words: str
    previous: str | None
    next: str | None
    shares: list[VerdictShare]
