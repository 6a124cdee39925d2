"""What a table of attacks counts, text by text and style by style."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, TypeVar

from app.spec.attack import StyleName


@dataclass(frozen=True)
class Pair:
    """A class that is aimed at, and the text that is to make the model see it."""

    target: str
    text: str


@dataclass(frozen=True)
class Counts:
    """What one classifier made of an attack, in pictures, none of which shows the target.

    Of `n` it took `already` for the target before; `success` only with the text. `right` it had right before, of which
    `right_success` were changed. The others are successes on the half that is tested, `tested` pictures: `plain` with the
    text, `ablated` with it and without the units, `blank` and `scrambled` of the controls, None where there is no such control.
    """

    n: int
    already: int
    success: int
    right: int
    right_success: int
    tested: int
    plain: int
    ablated: int
    blank: int | None
    scrambled: int | None


@dataclass(frozen=True)
class Kept:
    """What an ablation costs one classifier on pictures without a text: of `n` it has `before` right, and `after`; of those
    that show the target itself, `own`, it has `own_before` and `own_after` right."""

    n: int
    before: int
    after: int
    own: int
    own_before: int
    own_after: int


@dataclass(frozen=True)
class Moved:
    """A unit that a text moved, on average over one half of the pictures, in standard deviations over the corpus."""

    unit: int
    sd: float


@dataclass(frozen=True)
class Example:
    """A tested picture by its place among those attacked, and the numbers of the classes that zero-shot took it for: `before`,
    with the text, and with it but without the units."""

    place: int
    before: int
    after: int
    ablated: int


@dataclass(frozen=True)
class Cell:
    """One text in one style. `linear` is None where the probe knows no such class; what the ablation costs is known last."""

    target: str
    text: str
    style: StyleName
    cover: float
    units: tuple[Moved, ...]
    zero_shot: Counts
    linear: Counts | None
    examples: tuple[Example, ...] = ()
    zero_shot_kept: Kept | None = None
    linear_kept: Kept | None = None

    @property
    def of(self) -> tuple[Pair, StyleName]:
        """What it is of."""
        return Pair(self.target, self.text), self.style


Summed = TypeVar("Summed", Counts, Kept)


def summed(parts: Sequence[Summed]) -> Summed:
    """Counts added up, of at least one; a control that some did not have is left out of the whole."""
    columns: dict[str, list[Any]] = {
        each.name: [getattr(part, each.name) for part in parts] for each in fields(parts[0])
    }
    totals: dict[str, Any] = {name: None if None in column else sum(column) for name, column in columns.items()}
    return type(parts[0])(**totals)
