"""Automatic labels of an index's layers: what each unit may be called, by the model's own two towers.

For each unit the words that name its strongest images best (`wpmi`), and those that drive it most when they are drawn as
pictures (`drawn`). Whether a label is *sure*: 200 shuffled units, sets of images that no unit prefers, go through the same,
and a unit's best word must score higher than the best words of 99 in 100 of them. Those are other shuffled units than the
200 from which a word's probability over the corpus is taken.

The folder `labels` inside an index's has a file for each layer, `LAYER.json`, which says what it was made of.
"""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, ValidationError

from app.corpus.index import Index
from app.errors import NotFound, NotReady
from app.lab.drawn import Layout
from app.whole import write_whole

FOLDER = "labels"
VERSION = 1
RIVALS = 5


class Named(BaseModel):
    """A word and its soft-WPMI score for a unit, in nats: how much likelier it makes the unit's images say it than others."""

    model_config = ConfigDict(frozen=True)

    word: str
    score: float


class DrawnWord(BaseModel):
    """A word and how far it drives a unit when it is drawn, in sd over the corpus, the mean over all layouts."""

    model_config = ConfigDict(frozen=True)

    word: str
    sd: float


class UnitLabel(BaseModel):
    """What a unit may be called: the best word first. `any_word` is what the drawn words do to it on average, in sd."""

    model_config = ConfigDict(frozen=True)

    named: tuple[Named, ...]
    drawn: tuple[DrawnWord, ...]
    any_word: float


class LayerLabels(BaseModel):
    """The automatic labels of a layer, and what they were made of. `threshold` is the score that a sure label exceeds."""

    model_config = ConfigDict(frozen=True)

    key: str
    weights_hash: str
    version: int
    layer: str
    words_hash: str
    words: str
    word_count: int
    images: int
    seed: int
    shuffled: int
    threshold: float
    layouts: tuple[Layout, ...]
    drawn_words: int
    made: datetime
    units: tuple[UnitLabel, ...]

    @classmethod
    def open(cls, index: Index, layer: str, words_hash: str | None = None) -> Self:
        """Read the labels of an index's layer; with `words_hash`, those of that word list.

        Raises:
            NotFound: there are none.
            NotReady: they are of another index, model, version or word list; the sentence has both.
        """
        path = place(index, layer)
        try:
            found = cls.model_validate_json(path.read_bytes())
        except OSError as error:
            raise NotFound(f"{layer} of {index.manifest.name} has no automatic labels.") from error
        except ValidationError as error:
            raise NotReady(f"The labels in {path} were written by another version: make them again.") from error
        wanted = {"key": index.manifest.key, "weights_hash": index.manifest.weights_hash, "version": VERSION}
        for name, expected in {**wanted, "words_hash": words_hash or found.words_hash}.items():
            if getattr(found, name) != expected:
                raise NotReady(
                    f"The labels in {path} are of {name} {getattr(found, name)}, not {expected}: make them again."
                )
        return found

    def sure(self, unit: int) -> bool:
        """Whether a unit's label is better than what chance gives."""
        return self.units[unit].named[0].score > self.threshold

    def write(self, path: Path) -> None:
        """Write the file, whole or not at all."""
        write_whole(path, self.model_dump_json().encode())


def place(index: Index, layer: str) -> Path:
    """Where the labels of a layer lie."""
    return index.folder / FOLDER / f"{layer}.json"


def stale(index: Index, layers: Sequence[str], words_hash: str | None = None) -> list[str]:
    """Why labels that there are of the layers will be made again: sentences with what they are of and what is wanted."""
    faults = [_fault(index, layer, words_hash) for layer in layers]
    return [fault.detail for fault in faults if isinstance(fault, NotReady)]


def missing(index: Index, layers: Sequence[str], words_hash: str | None = None) -> list[str]:
    """Those of the layers that have no labels that `LayerLabels.open` would open."""
    return [layer for layer in layers if _fault(index, layer, words_hash)]


def _fault(index: Index, layer: str, words_hash: str | None) -> NotFound | NotReady | None:
    try:
        LayerLabels.open(index, layer, words_hash)
    except (NotFound, NotReady) as error:
        return error
    return None
