"""One line of the table: what was expected, what came out, and whether the one is the other."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

HOLDS, MISSED, NOT_HERE = "holds", "missed", "not here"


class Row(BaseModel):
    """A claim and what became of it. `verdict` is `holds`, `missed: WHY` or `not here: WHY`; `figures` are the numbers in
    `measured`, shares from 0 to 1; `seconds` is what the whole experiment took, whichever rows it gave."""

    model_config = ConfigDict(frozen=True)

    name: str
    published: str
    measured: str
    verdict: str
    seconds: float = 0.0
    figures: Mapping[str, float] = {}


@dataclass(frozen=True)
class Share:
    """How well the units do, and how well they do with one another's results: the control. Both from 0 to 1."""

    value: float
    shuffled: float
    units: int


@dataclass(frozen=True)
class Expectation(ABC):
    """Something that is expected, said before it is measured."""

    name: str

    @property
    @abstractmethod
    def published(self) -> str:
        """The expectation in words."""

    def not_here(self, why: str) -> Row:
        """The row of an experiment that something is missing for."""
        return Row(name=self.name, published=self.published, measured="", verdict=f"{NOT_HERE}: {why}")


@dataclass(frozen=True)
class Claim(Expectation):
    """What is expected of a share, said before it is measured: `at_least` of the units, `at_most` with the units shuffled.
    `source` says who expects it, `what` of what it is the share, `form` how it is written."""

    at_least: float
    at_most: float
    source: str
    what: str = "of {units} units"
    form: str = ".1%"

    @property
    def published(self) -> str:
        """The expectation in words."""
        return f"at least {self._said(self.at_least)}, shuffled at most {self._said(self.at_most)} ({self.source})"

    def row(self, share: Share, beside: str = "", figures: Mapping[str, float] | None = None) -> Row:
        """What came out, with what else is worth saying beside it, and the figures in that."""
        measured = (
            f"{self._said(share.value)} {self.what.format(units=share.units)}, shuffled {self._said(share.shuffled)}"
        )
        return Row(
            name=self.name,
            published=self.published,
            measured=f"{measured}; {beside}" if beside else measured,
            verdict=self._verdict(share),
            figures={"share": share.value, "shuffled": share.shuffled, "units": share.units, **(figures or {})},
        )

    def _verdict(self, share: Share) -> str:
        if not share.value >= self.at_least:
            return f"{MISSED}: {self._said(share.value)} is less than {self._said(self.at_least)}"
        if not share.shuffled <= self.at_most:
            return f"{MISSED}: shuffled units reach {self._said(share.shuffled)}, more than {self._said(self.at_most)}"
        return HOLDS

    def _said(self, value: float) -> str:
        return format(value, self.form)


@dataclass(frozen=True)
class Figure(Expectation):
    """What is expected of a single number: that it lies `within` so much of `value`. `source` says what was published, `form`
    how the number is written. It has no control: there is nothing to shuffle."""

    value: float
    within: float
    source: str
    form: str = ".2f"

    @property
    def published(self) -> str:
        """The expectation in words."""
        return f"{self._said(self.value)}, give or take {self._said(self.within)} ({self.source})"

    def row(self, found: float, beside: str = "", figures: Mapping[str, float] | None = None) -> Row:
        """What came out, with what else is worth saying beside it, and the figures in that."""
        said = self._said(found)
        off = abs(found - self.value)
        return Row(
            name=self.name,
            published=self.published,
            measured=f"{said}; {beside}" if beside else said,
            verdict=HOLDS if off <= self.within else f"{MISSED}: {said} is {self._said(off)} away",
            figures={"value": found, **(figures or {})},
        )

    def _said(self, value: float) -> str:
        return format(value, self.form)
