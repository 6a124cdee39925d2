"""What words do to units when they are drawn as pictures."""

from typing import Literal

from pydantic import BaseModel

from app.answers.finding import FindingPage
from app.spec import WordsSpec


class DrivenWord(BaseModel):
    """A word, its `rank` from 1, and the unit's `activation`, the mean over its pictures; `sd` is how far that lies from
    the average word, in standard deviations over the words."""

    word: str
    rank: int
    activation: float
    sd: float


class WordsOfUnit(BaseModel):
    """What words do to one unit: `strongest`, the strongest first, and `weakest`, the weakest first; `mean` is what the
    average word does. `sensitive` are the themes that its names or its strongest words touch."""

    model: str
    layer: str
    unit: int
    url: str
    label: str
    sensitive: list[str]
    mean: float
    std: float
    strongest: list[DrivenWord]
    weakest: list[DrivenWord]


class WordsRow(BaseModel):
    """A unit and its strongest words, as a row of a list."""

    unit: int
    url: str
    label: str
    words: list[str]


class Drawn(BaseModel):
    """How words are drawn: once in each of the fonts and each of the layouts, which are in words; `picture` shows `word`
    drawn in all ways, a row for each font."""

    fonts: list[str]
    layouts: list[str]
    word: str
    picture: str


class WordsPage(FindingPage):
    """What drawn words do to all units of a layer. `source` says in words which they are, `words` how many of them could
    be drawn, `left_out` which could not. With a `unit`, `found` is about that one; without, `units` are a page of them,
    those that have the word `q` among their strongest if there is one. With `centred`, activations are given beyond what
    the average word does. `outdated` says that the model has other weights now."""

    kind: Literal["words"]
    spec: WordsSpec
    source: str
    words: int
    left_out: list[str]
    drawn: Drawn | None
    unit: int | None
    centred: bool
    other: str
    found: WordsOfUnit | None
    q: str
    units: list[WordsRow]
    next: str | None
    csv: str | None
    json_file: str | None
    layer_url: str
    outdated: bool


class WordsSection(BaseModel):
    """What is known of the words that drive a unit: `found` of the newest run over its layer, `url` that run, `source` its
    words; `running` is the address of one that is under way. `seconds` is about how long 10,000 words take here."""

    url: str | None
    source: str
    found: WordsOfUnit | None
    running: str | None
    seconds: float | None
    languages: dict[str, str]


class UnitWordsFile(BaseModel):
    """All words of one unit, the strongest first."""

    finding: str
    model: str
    layer: str
    unit: int
    mean: float
    std: float
    words: list[DrivenWord]
