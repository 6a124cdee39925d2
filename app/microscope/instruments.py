"""What every instrument whose results are findings has: it checks a spec, works in steps, and makes a page of what it found."""

from collections.abc import Iterator
from typing import Any, NamedTuple, Protocol

from app.answers.findings import Finding, FindingView
from app.clip.clip import Clip
from app.store import FindingRow


class Step(NamedTuple):
    """What is being done, the step, how many there are, and what was found by now, for the database."""

    said: str
    step: int
    steps: int
    result: dict[str, Any]


class Instrument(Protocol):
    """One kind of finding; specs and rows are of that kind."""

    def check(self, clip: Clip, spec: Any, /) -> None:
        """Raise `NotFound` or `BadInput` for what cannot be done."""
        ...

    def steps(self, clip: Clip, spec: Any, /) -> Iterator[Step | None]:
        """Work on the device thread, which does other things in between; None where there is nothing new to say."""
        ...

    def page(self, row: FindingRow, ahead: int, view: FindingView, /) -> Finding:
        """What was found as an answer; `ahead` jobs wait before it."""
        ...

    def remains(self, row: FindingRow, /) -> bool:
        """Whether what a finished finding found is still there; if not, it is found anew when it is asked for again."""
        ...
