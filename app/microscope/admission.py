"""Leave to begin new work: asked for before anything is kept or queued, with how many there are of it."""

from collections.abc import Callable

Admit = Callable[[int], None]
"""Raises whatever says why not."""


def freely(_count: int) -> None:
    """Leave for everything."""
