"""An experiment: what it claims, and how it is run."""

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass

from app.lab.reproduce.material import Material, Step
from app.lab.reproduce.row import Expectation, Row

Running = Generator[Step, None, list[Row]]
"""Yields how far it is, and answers a row for each claim."""


@dataclass(frozen=True)
class Experiment:
    """`run` raises a `FacetscopeError` where something is missing that it needs; its claims then say so. One that
    `compares` is run only where there is a reference to compare with."""

    claims: Sequence[Expectation]
    run: Callable[[Material], Running]
    compares: bool = False
