"""Counts as answers."""

from app.answers.counted import Counted
from app.lab.proportion import share


def counted(count: int, of: int) -> Counted:
    """So many of so many with their share and its interval."""
    found = share(count, of)
    return Counted(count=count, of=of, share=found.share, low=found.low, high=found.high)
