"""One line of the bench's table."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """A measured value; `goal` is what it must reach, or with `most` not exceed; None where nothing is promised."""

    name: str
    value: float
    unit: str
    goal: float | None
    note: str
    most: bool = False

    @property
    def ok(self) -> bool:
        """Whether the goal is met."""
        if self.goal is None:
            return True
        return self.value <= self.goal if self.most else self.value >= self.goal


Tell = Callable[[str], None]
Bench = Callable[[Tell], list[Row]]
"""Measures something, telling the callback in words what it is at."""
