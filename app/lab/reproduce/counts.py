"""A claim about a count that was published of one model: `25 of 34`."""

from dataclasses import dataclass

from app.lab.proportion import share
from app.lab.reproduce.reference import papers_architecture
from app.lab.reproduce.row import HOLDS, MISSED, NOT_HERE, Expectation, Row

OF = "RN50x4.openai"


@dataclass(frozen=True)
class CountClaim(Expectation):
    """So many of so many things that the article, or what was published beside it, says are so. What is measured on other
    things is the same if the published share lies in its 95% interval."""

    count: int
    of: int
    source: str

    @property
    def published(self) -> str:
        """The expectation in words."""
        return f"{self.count} of {self.of} ({self.source})"

    def row(self, slug: str, count: int, of: int, beside: str = "") -> Row:
        """What came out for a model; of another than the published one it is said, and judged by nothing."""
        if not of:
            return self.not_here("; ".join(filter(None, ("there is nothing to count", beside))))
        found = share(count, of)
        assert found.low is not None and found.high is not None
        measured = f"{count} of {of} (95% interval {found.low:.1%} to {found.high:.1%})"
        return Row(
            name=self.name,
            published=self.published,
            measured=f"{measured}; {beside}" if beside else measured,
            verdict=self._verdict(slug, found.low, found.high),
            figures={"share": count / of, "count": count, "of": of},
        )

    def _verdict(self, slug: str, low: float, high: float) -> str:
        if papers_architecture(slug) != papers_architecture(OF):
            return f"{NOT_HERE}: published of {OF}, so that {slug} cannot be judged by it"
        published = self.count / self.of
        if low - 1e-9 <= published <= high + 1e-9:
            return HOLDS
        return f"{MISSED}: the published {published:.1%} is outside the interval"
