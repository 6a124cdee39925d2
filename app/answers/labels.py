"""What units are called, and by whom."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel

LabelBy = Literal["person", "published", "corpus", "automatic", ""]


Vote = Literal["up", "down"]


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


class LabelVotes(BaseModel):
    """How many think that a label is right, or a note helpful, and how many that it is not."""

    up: int
    down: int
    yours: Vote | None


class PersonLabel(BaseModel):
    """What somebody calls a unit. `accepted`: it is the automatic label as it was then. `yours` is about who asks. `votes`
    are on the words, whoever else says them too."""

    text: str
    accepted: bool
    name: str
    created: datetime
    yours: bool
    votes: LabelVotes


class UnitLabels(BaseModel):
    """All that a unit may be called, automatic and by people, apart. Without an automatic label `status` says why. `drawn`
    are those of `drawn_words` words that drive it most, the mean over several drawings; `any_word` is what all of them do
    on average. `people` are those first whose label stands best: how many say it or vote for it, less who votes against it."""

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
