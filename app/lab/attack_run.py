"""A table of attacks from a spec and a corpus: what it means there, and all of the work in steps that can be taken up again."""

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from app.clip.clip import Clip
from app.clip.text import bilinear
from app.corpus.columns import Columns
from app.corpus.index import Index
from app.corpus.pictures import decode_item
from app.errors import BadInput, NotReady
from app.lab.attack import asks_for_units
from app.lab.attack_counts import Cell, Pair
from app.lab.attack_sample import Sample, drawn, numbered, sample, typed
from app.lab.attack_table import AttackTable, Scale
from app.lab.classes import IMAGENET, Classes, reading
from app.lab.judges import UNKNOWN, Judges
from app.lab.linear import FLAT, LinearProbe, all_units, fitting
from app.spec import AttackTableSpec
from app.spec.attack import StyleName
from app.spec.classes import COLUMN
from app.spec.classes import IMAGENET as OF_IMAGENET

Reading = Callable[[Clip, Classes], Iterator[tuple[int, int] | Tensor]]
"""As `app.lab.classes.reading`."""


@dataclass(frozen=True, eq=False)
class Ground:
    """What a spec means for a corpus: the classes, what is written to make the model see them, the pictures, and `labels`
    [images], the place of each image's label among the `values`, -1 for none."""

    spec: AttackTableSpec
    index: Index
    columns: Columns
    classes: Classes
    pairs: tuple[Pair, ...]
    pictures: Sample
    labels: NDArray[np.int32]
    values: list[str]

    @property
    def wanted(self) -> list[tuple[Pair, StyleName]]:
        """Every text in every style."""
        return [(pair, style) for style in self.spec.styles for pair in self.pairs]


def ground(spec: AttackTableSpec, index: Index, columns: Columns, listed: Sequence[str] = ()) -> Ground:
    """Look up what a spec names; `listed` are the classes where they are a list that was sent in.

    Raises:
        NotFound: the corpus lacks the layer.
        NotReady: too few of its pictures have a label and show no writing.
        BadInput: it has no such label column, a row is wrong, or no class can be written.
    """
    index.tables(spec.layer)
    labels = _labels(columns, spec.column, "column")
    written = _labels(columns, spec.without, "without") if spec.without else None
    values = columns.categories.values(spec.column)
    names = _classes(spec, columns, listed)
    pairs = typed(spec.rows, names) if spec.rows else drawn(names, spec.pairs, spec.seed)
    if not pairs:
        raise BadInput("rows is missing: the name of no class can be written, so type `class: text`.", field="rows")
    pictures = sample(labels, written, spec.images, spec.seed)
    return Ground(spec, index, columns, Classes(names, (spec.prompt,)), pairs, pictures, labels, values)


def _classes(spec: AttackTableSpec, columns: Columns, listed: Sequence[str]) -> tuple[str, ...]:
    if spec.classes == OF_IMAGENET:
        return IMAGENET
    if not spec.classes.startswith(COLUMN):
        return tuple(listed)
    _labels(columns, column := spec.classes.removeprefix(COLUMN), "classes")
    return tuple(columns.categories.values(column))


def _labels(columns: Columns, name: str, field: str) -> NDArray[np.int32]:
    known = columns.categories.columns
    if name not in known:
        raise BadInput(
            f"{field}: no label column {name[:60]!r} sorts the pictures of the corpus; there are {', '.join(known) or 'none'}.",
            field=field,
        )
    return columns.categories.numbers(name)


class Progress(NamedTuple):
    """How far it is: `what` is counted, `said` is what is being done."""

    what: str
    said: str
    done: int
    total: int


@dataclass(frozen=True)
class Tabulated:
    """A table as far as it is: how many of `known` pictures each classifier has right as they are, None where there is no
    probe; `no_probe` says why. `trained` is on how many pictures it was trained."""

    known: int
    right: int
    right_linear: int | None
    trained: int
    no_probe: str
    cells: tuple[Cell, ...]


def tabulating(
    clip: Clip, at: Ground, cells: Sequence[Cell] = (), read: Reading = reading
) -> Iterator[Progress | Tabulated | None]:
    """Count every text in every style; `cells` are those that an earlier run had counted, `read` reads the classes. Yields the
    table whenever there is more of it, at the end the whole, and None where there is nothing to say."""
    texts = yield from _texts(read(clip, at.classes))
    probe, no_probe = yield from _training(at)
    table = _table(clip, at, texts, probe)
    counted = {cell.of: cell for cell in cells}
    todo = [wanted for wanted in at.wanted if wanted not in counted]
    seen = _Seen(table.cost(at.spec.styles, [pair for pair, _ in todo]))
    yield from seen.over("Looking at the pictures as they are.", table.look(at.spec.styles))

    def so_far() -> Tabulated:
        right = ((table.clean == table.truth) & (table.truth != UNKNOWN)).sum(1).tolist()
        known = int((table.truth != UNKNOWN).sum())
        trained = 0 if no_probe else len(at.pictures.training)
        return Tabulated(known, right[0], right[1] if probe else None, trained, no_probe, tuple(counted.values()))

    yield so_far()
    for pair, style in todo:
        cell = yield from seen.over(f"Writing “{pair.text}” on pictures.", table.attack(pair, style))
        counted[pair, style] = cell
        yield so_far()
    kept = yield from seen.over("Counting what the ablations cost.", table.keep(list(counted.values())))
    counted = {cell.of: cell for cell in kept}
    yield so_far()


@dataclass
class _Seen:
    """How many of all pictures were looked at."""

    total: int
    done: int = 0

    def over(self, said: str, looks: Iterator[Any]) -> Generator[Progress, None, Any]:
        """Follow what yields how many pictures it looked at; answers what else it yields at last."""
        found = None
        for each in looks:
            if isinstance(each, int):
                self.done += each
                yield Progress("pictures written on", said, self.done, self.total)
            else:
                found = each
        return found


def _texts(read: Iterator[tuple[int, int] | Tensor]) -> Generator[Progress, None, Tensor]:
    found = None
    for found in read:
        if isinstance(found, tuple):
            yield Progress("texts of classes", "Reading the classes’ texts.", *found)
    assert isinstance(found, Tensor)
    return found


def _training(at: Ground) -> Generator[Progress | None, None, tuple[LinearProbe | None, str]]:
    """The probe, or why there is none."""
    training, found = at.pictures.training, None
    values = yield from all_units(at.columns, at.spec.layer, training)
    try:
        for found in fitting(values, at.labels[training], tuple(at.values)):
            if isinstance(found, tuple):
                yield Progress("passes of the linear probe", "Training the linear probe.", *found)
    except NotReady as error:
        return None, error.detail
    assert isinstance(found, LinearProbe)
    return found, ""


def _table(clip: Clip, at: Ground, texts: Tensor, probe: LinearProbe | None) -> AttackTable:
    spec, names = at.spec, at.classes.names
    places = numbered(at.values, names)
    scores = bilinear(clip.module.visual, texts).float().cpu() if asks_for_units(clip, spec.layer) else None
    mean, std = (torch.from_numpy(each).float() for each in (at.index.mean(spec.layer), at.index.std(spec.layer)))

    def pictures(chosen: Sequence[int]) -> list[Image.Image]:
        return [clip.fit(decode_item(at.index.item(int(at.pictures.attacked[place])))) for place in chosen]

    return AttackTable(
        Judges(clip, spec.layer, texts, probe, places),
        names,
        pictures,
        places[at.labels[at.pictures.attacked]],
        Scale(mean, std.where(std > FLAT, torch.inf), None if scores is None else scores - scores.mean(0)),
        count=spec.k,
        by=spec.by,
    )
