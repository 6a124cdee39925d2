"""One line of the bench's table."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """A measured value; `goal` is what it must reach, None where nothing is promised."""

    name: str
    value: float
    unit: str
    goal: float | None
    note: str

    @property
    def ok(self) -> bool:
        """Whether the goal is met."""
        return self.goal is None or self.value >= self.goal


Bench = Callable[[Callable[[str], None]], list[Row]]
"""Measures something, telling the callback in words what it is at."""
