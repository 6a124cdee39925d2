"""Which picture? A quiz on a unit, or on units of a layer drawn by chance."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel

Reference = Literal["natural", "rendered"]
"""What is shown beside the question: images of the corpus, or feature visualizations."""


class QuizScore(BaseModel):
    """How many trials were answered rightly, by the person whose page it is or by everybody on this server, on the unit, the
    layer or the whole model; the share with its 95% interval, 0 to 1, None before the first answer."""

    reference: Reference
    who: Literal["person", "everybody"]
    of: Literal["unit", "layer", "model"]
    right: int
    trials: int
    share: float | None
    low: float | None
    high: float | None


class QuizChoice(BaseModel):
    """A kind of references as a choice: the share that people got right with it as `published`; the browser's own quiz, if it
    has begun one; `why` says what is missing where it cannot be chosen."""

    reference: Reference
    published: float
    quiz: str | None
    answered: int
    why: str


class QuizStart(BaseModel):
    """Where a quiz begins: on one unit or, where `unit` is None, on units of the layer drawn by chance."""

    model: str
    layer: str
    unit: int | None
    url: str
    layer_url: str
    unit_url: str | None
    corpus: str | None
    choices: list[QuizChoice]
    scores: list[QuizScore]


class AnsweredTrial(BaseModel):
    """An answered trial: the images of the pair by their numbers in the corpus, in the order shown, with the activation on
    each, also in standard deviations; `answer` and `chosen` are 1 for the first and 2 for the second. `strongest` and
    `weakest` are the references: numbers of images, or addresses of renders."""

    number: int
    url: str
    unit: int
    unit_url: str
    seed: int
    strongest: list[int | str]
    weakest: list[int | str]
    pair: list[int]
    activations: list[float]
    sds: list[float]
    answer: int
    chosen: int
    answered: datetime | None


class QuizPage(BaseModel):
    """A quiz: what was answered so far. `next` is the address of the trial that waits for an answer, for whoever's it is."""

    id: str
    url: str
    model: str
    layer: str
    unit: int | None
    start_url: str
    layer_url: str
    unit_url: str | None
    corpus: str
    reference: Reference
    published: float
    yours: bool
    trials: list[AnsweredTrial]
    next: str | None
    scores: list[QuizScore]


class QuizPicture(BaseModel):
    """One of the two pictures of a trial. Its address says nothing of it; what it does to the unit is told once the trial is
    answered."""

    image: str
    page: str | None
    activation: float | None
    sd: float | None


class TrialPage(BaseModel):
    """One trial of a quiz. Until it is answered nothing here says which picture excites the unit more: `answer`, 1 or 2, is
    None. Another person's trial has no pictures before they answered it."""

    quiz: str
    url: str
    number: int
    model: str
    layer: str
    unit: int
    start_url: str
    layer_url: str
    unit_url: str
    corpus: str
    sensitive: bool
    reference: Reference
    published: float
    yours: bool
    strongest: list[str]
    weakest: list[str]
    pictures: list[QuizPicture]
    chosen: int | None
    answer: int | None
    previous: str | None
    next: str | None
    scores: list[QuizScore]
