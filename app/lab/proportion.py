"""A share of things counted, and how sure it is."""

from dataclasses import dataclass

from scipy.stats import binomtest

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Share:
    """How many of the things are so, and their share with its 95% interval (Wilson's score interval, "Probable inference",
    1927), 0 to 1. All None where there is nothing."""

    count: int
    share: float | None
    low: float | None
    high: float | None


def share(count: int, of: int) -> Share:
    """The share of `count` in `of` things."""
    if not of:
        return Share(0, None, None, None)
    interval = binomtest(count, of).proportion_ci(CONFIDENCE, method="wilson")
    return Share(count, count / of, float(interval.low), float(interval.high))
