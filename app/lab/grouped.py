"""The families of a layer that clustering found, kept in a file beside its index, and how they are made.

They belong to an index, to the weights it is of and to the automatic labels that its units had: `LayerFamilies.open`
refuses what belongs to others. `app/lab/families.py` says how they are found.
"""

from collections.abc import Generator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from app.clip.clip import Clip
from app.corpus.alike import images_compared
from app.corpus.columns import Columns
from app.corpus.index import Index
from app.corpus.matching import QUICK_IMAGES, correlating
from app.errors import NotFound, NotReady
from app.lab import families
from app.lab.labels import LayerLabels
from app.lab.making import TEXTS_AT_ONCE, directions, in_parts
from app.spec import content_id
from app.whole import write_whole

FOLDER = "families"
VERSION = 2


class FoundFamily(BaseModel):
    """A family: the words that name it, which may be none, its units with the best fitting first, how alike they are on
    average, at most 1, and how alike they are to all others of the layer."""

    model_config = ConfigDict(frozen=True)

    words: tuple[str, ...]
    units: tuple[int, ...]
    cohesion: float
    beside: float

    @property
    def name(self) -> str:
        """Its words in one line; of a family without any, that of its first unit's number."""
        return ", ".join(self.words) or f"like unit {self.units[0]}"


class LayerFamilies(BaseModel):
    """The families of a layer, the largest first, and what they were made of: the index's key, the weights, the `labels` of
    its units by a hash, and `images` of the corpus. `loose` units are of no family."""

    model_config = ConfigDict(frozen=True)

    key: str
    weights_hash: str
    labels: str
    version: int
    layer: str
    images: int
    units: int
    made: datetime
    families: tuple[FoundFamily, ...]

    @property
    def loose(self) -> int:
        """How many units are of no family."""
        return self.units - sum(len(family.units) for family in self.families)

    @classmethod
    def open(cls, index: Index, labels: LayerLabels) -> Self:
        """Read the families of the layer that labels are of.

        Raises:
            NotFound: there are none.
            NotReady: they are of another index, model, version or other labels; the sentence has both.
        """
        path = place(index, labels.layer)
        try:
            found = cls.model_validate_json(path.read_bytes())
        except OSError as error:
            raise NotFound(f"{labels.layer} of {index.manifest.name} has no families yet.") from error
        except ValidationError as error:
            raise NotReady(f"The families in {path} were written by another version: make them again.") from error
        manifest = index.manifest
        wanted = {
            "key": manifest.key,
            "weights_hash": manifest.weights_hash,
            "version": VERSION,
            "labels": mark(labels),
        }
        for name, expected in wanted.items():
            if getattr(found, name) != expected:
                raise NotReady(
                    f"The families in {path} are of {name} {getattr(found, name)}, not {expected}: make them again."
                )
        return found

    def write(self, path: Path) -> None:
        """Write the file, whole or not at all."""
        write_whole(path, self.model_dump_json().encode())


def place(index: Index, layer: str) -> Path:
    """Where the families of a layer lie."""
    return index.folder / FOLDER / f"{layer}.json"


def mark(labels: LayerLabels) -> str:
    """A hash of what labels say, whenever they were made."""
    return content_id(labels.model_dump_json(exclude={"made"}))


def missing(index: Index, layers: Sequence[str]) -> list[str]:
    """Those of the layers that have labels, and no families that `LayerFamilies.open` would open."""
    found = []
    for layer in layers:
        try:
            labels = LayerLabels.open(index, layer)
        except (NotFound, NotReady):
            continue
        try:
            LayerFamilies.open(index, labels)
        except (NotFound, NotReady):
            found.append(layer)
    return found


def making(
    clip: Clip, index: Index, columns: Columns, layers: Sequence[str] | None = None
) -> Generator[tuple[int, int], None, None]:
    """The steps of making the families of an index's layers, by default all of those that have none. Yields how many steps
    are done, out of how many.

    Raises:
        NotFound: a layer without labels, or that the columns do not have.
        NotReady: the index is of other weights, its labels are of something else, or it was built anew meanwhile.
        BadInput: the model cannot read texts.
    """
    if clip.weights_hash != index.manifest.weights_hash:
        raise NotReady(
            f"The index {index.manifest.name} was built with weights {index.manifest.weights_hash}, not "
            f"{clip.weights_hash}: build it again."
        )
    chosen = list(layers) if layers else missing(index, index.manifest.layers)
    parts = 100  # of the work on a layer
    for number, layer in enumerate(chosen):
        labels = LayerLabels.open(index, layer)
        steps = _grouping(clip, columns, labels)
        while True:
            try:
                share = next(steps)
            except StopIteration as end:
                found: tuple[FoundFamily, ...] = end.value
                break
            yield parts * number + int(parts * share), parts * len(chosen)
        if Index.open(index.folder).manifest.key != index.manifest.key:
            raise NotReady(f"The index {index.manifest.name} was built anew while its families were made.")
        LayerFamilies(
            key=index.manifest.key,
            weights_hash=clip.weights_hash,
            labels=mark(labels),
            version=VERSION,
            layer=layer,
            images=images_compared(columns, QUICK_IMAGES),
            units=len(labels.units),
            made=datetime.now(UTC).replace(microsecond=0),
            families=found,
        ).write(place(index, layer))
        yield parts * (number + 1), parts * len(chosen)


def _grouping(clip: Clip, columns: Columns, labels: LayerLabels) -> Generator[float, None, tuple[FoundFamily, ...]]:
    """Yields the share of the work on a layer that is done."""
    steps = correlating(columns, labels.layer, columns, labels.layer, QUICK_IMAGES)
    while True:
        try:
            done, total = next(steps)
        except StopIteration as end:
            correlations: np.ndarray = end.value
            break
        yield 0.6 * done / total
    words = sorted({each.word for unit in labels.units for each in unit.named if each.score > labels.threshold})
    embeddings = []
    for number, part in enumerate(in_parts(words, TEXTS_AT_ONCE), 1):
        embeddings.append(directions(clip, part).double().cpu().numpy())
        yield 0.6 + 0.3 * min(number * TEXTS_AT_ONCE / len(words), 1)
    said = shares(labels)
    weights, column = np.zeros((len(said), len(words))), {word: number for number, word in enumerate(words)}
    for unit, own in enumerate(said):
        for word, share in own.items():
            weights[unit, column[word]] = share
    meaning = families.meanings(weights, np.concatenate(embeddings)) if words else np.zeros((len(said), 1))
    for found in families.clustering(families.similarity(correlations, meaning)):
        if isinstance(found, families.Clusters):
            return _named(found, said)
        yield 0.9 + 0.1 * found
    raise AssertionError("clustering ends with the families")


def _named(found: families.Clusters, said: list[dict[str, float]]) -> tuple[FoundFamily, ...]:
    named = families.names(found.member.tolist(), said)
    return tuple(
        FoundFamily(
            words=named[number],
            units=tuple(found.units(number).tolist()),
            cohesion=round(float(found.cohesion[number]), 3),
            beside=round(float(found.beside[number]), 3),
        )
        for number in range(len(found.cohesion))
    )


def shares(labels: LayerLabels) -> list[dict[str, float]]:
    """Of each unit the words that are sure, and how much each is the unit's: how far its score is above what chance gives,
    as a share of all its words'."""
    found = []
    for unit in labels.units:
        above = {each.word: each.score - labels.threshold for each in unit.named if each.score > labels.threshold}
        total = sum(above.values())
        found.append({word: score / total for word, score in above.items()})
    return found
