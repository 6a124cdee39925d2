"""A count with its share, as answers give it."""

from pydantic import BaseModel


class Counted(BaseModel):
    """So many of so many; their share and its 95% interval (Wilson), 0 to 1, None where there is nothing to count."""

    count: int
    of: int
    share: float | None
    low: float | None
    high: float | None


class Guess(BaseModel):
    """A class with its probability, 0 to 1; `named` says that it is what is written there."""

    name: str
    share: float
    named: bool
