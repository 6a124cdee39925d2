"""An experiment: what it claims, and how it is run."""

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Protocol

from app.lab.reproduce.material import Material, Step
from app.lab.reproduce.row import Row

Running = Generator[Step, None, list[Row]]
"""Yields how far it is, and answers a row for each claim."""


class Expectation(Protocol):
    """Something that is claimed, and what is said of it where something is missing."""

    @property
    def name(self) -> str: ...

    def not_here(self, why: str, /) -> Row:
        """The row where it cannot be measured."""
        ...


@dataclass(frozen=True)
class Experiment:
    """`run` raises a `FacetscopeError` where something is missing that it needs; its claims then say so. One that
    `compares` is run only where there is a reference to compare with."""

    claims: Sequence[Expectation]
    run: Callable[[Material], Running]
    compares: bool = False
