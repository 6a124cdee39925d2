"""Sparse codes as pages and files show them."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from app import urls
from app.answers.codes import (
    Branch,
    ClassCode,
    CodeMatrix,
    CodesFile,
    CodesLevel,
    CodeTerm,
    FileClass,
    FileTerm,
    Hierarchy,
    Serving,
)
from app.answers.layer import UnitCard
from app.corpus.index import Index
from app.corpus.listing import harmless
from app.lab.code_file import CodeFile, CodeLevel
from app.lab.hierarchy import joins, leaves
from app.microscope.gallery import Gallery
from app.microscope.naming import Titles

PAGE = 24  # classes
TERMS = 8  # of a class
MATRIX = 12, 50  # units and classes; the article's figure 8 has 10 and 50
LEAVES = 200  # of the hierarchy


@dataclass(frozen=True)
class Called:
    """What the units of a layer are called and look like."""

    slug: str
    layer: str
    index: Index | None
    titles: Titles
    gallery: Gallery

    def card(self, unit: int) -> UnitCard:
        """A unit with its picture."""
        return UnitCard(
            unit=unit,
            url=urls.unit(self.slug, self.layer, unit),
            label=self.titles[unit].text,
            label_by=self.titles[unit].by,
            sensitive=bool(self.titles.themes(unit)),
            thumbnail=self.gallery.thumbnail(self.slug, self.layer, unit, self.index),
            rendered=self.gallery.has(self.slug, self.layer, unit),
            examples=[],
        )


class Shown(NamedTuple):
    """Some classes, how many match in all, and the place of the last one if there are more."""

    codes: list[ClassCode]
    matching: int
    after: int | None


def levels(url: str, figures: Sequence[dict[str, Any]]) -> list[CodesLevel]:
    """The levels with their addresses, below that of the finding."""
    return [
        CodesLevel.model_validate({**figure, "number": number, "url": urls.with_query(url, level=number)})
        for number, figure in enumerate(figures, 1)
    ]


def classes(file: CodeFile, level: CodeLevel, called: Called, *, q: str, after: int) -> Shown:
    """The classes by name that have `q` in their name, those past the place `after`."""
    sought = q.strip().casefold()
    order = sorted(range(len(file.names)), key=lambda place: file.names[place].casefold())
    matching = [(at, place) for at, place in enumerate(order) if sought in file.names[place].casefold()]
    left = [(at, place) for at, place in matching if at > after]
    codes = [_class(file, level, called, place) for _, place in left[:PAGE]]
    return Shown(codes, len(matching), left[PAGE - 1][0] if len(left) > PAGE else None)


def _class(file: CodeFile, level: CodeLevel, called: Called, place: int) -> ClassCode:
    units = strongest(level.weight[:, place])
    return ClassCode(
        name=file.names[place],
        terms=[CodeTerm(unit=called.card(unit), weight=float(level.weight[unit, place])) for unit in units[:TERMS]],
        more=len(units[TERMS:]),
        held=int(file.held[place]),
        right=int(level.right[place]),
    )


def strongest(weights: NDArray[np.floating]) -> list[int]:
    """The units with a weight [U]: those that speak for the class first, the strongest of either first."""
    units = np.flatnonzero(weights)
    return units[np.lexsort((-abs(weights[units]), weights[units] < 0))].tolist()


def matrix(file: CodeFile, level: CodeLevel, called: Called) -> CodeMatrix:
    """The units that speak for most classes, with classes that they speak for, in the order in which they are met."""
    speaking = np.where(level.weight > 0, level.weight, 0)
    served = (speaking > 0).sum(1)
    order = np.lexsort((-speaking.sum(1), -served))
    units = [int(unit) for unit in order[: MATRIX[0]] if served[unit]]
    met = dict.fromkeys(
        int(place) for unit in units for place in np.argsort(-speaking[unit], kind="stable")[: served[unit]]
    )
    places = list(met)[: MATRIX[1]]
    return CodeMatrix(
        units=[Serving(unit=called.card(unit), classes=int(served[unit])) for unit in units],
        classes=[file.names[place] for place in places],
        cells=[[round(float(speaking[unit, place]), 3) for place in places] for unit in units],
        shared=int((served > 1).sum()),
    )


def hierarchy(file: CodeFile, level: CodeLevel, called: Called) -> Hierarchy:
    """The classes by the units that they share; of more than `LEAVES`, the commonest."""
    weight = level.weight[:, :LEAVES]
    found, count = joins(weight), weight.shape[1]
    order = leaves(found, count)
    renamed = {place: number for number, place in enumerate(order)}
    renamed |= {count + number: len(order) + number for number in range(len(found))}
    return Hierarchy(
        leaves=[file.names[place] for place in order],
        branches=[
            Branch(
                left=renamed[join.left],
                right=renamed[join.right],
                cosine=join.cosine,
                unit=join.unit,
                label=called.titles[join.unit].text,
            )
            for join in found
        ],
        alone=count - len(order),
    )


def whole(file: CodeFile, level: CodeLevel, called: Called) -> list[FileClass]:
    """All classes by name, with all their terms."""
    return [
        FileClass(
            name=file.names[place],
            bias=float(level.bias[place]),
            terms=[
                FileTerm(
                    unit=unit,
                    label=called.titles[unit].text,
                    weight=float(level.weight[unit, place]),
                    mean=float(file.mean[unit]),
                    std=float(file.std[unit]),
                )
                for unit in strongest(level.weight[:, place])
            ],
        )
        for place in sorted(range(len(file.names)), key=lambda place: file.names[place].casefold())
    ]


def as_csv(file: CodesFile) -> bytes:
    """A row for each class and unit of it."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["class", "unit", "label", "weight", "mean", "std"])
    for each in file.classes:
        writer.writerows(
            [harmless(each.name), term.unit, harmless(term.label), term.weight, term.mean, term.std]
            for term in each.terms
        )
    return text.getvalue().encode()
