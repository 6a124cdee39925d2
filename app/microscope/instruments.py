"""What every instrument whose results are findings has: it checks a spec, works in steps, and makes a page of what it found."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from app import urls
from app.answers.findings import Finding, FindingView
from app.answers.layer import UnitCard
from app.clip.clip import Clip
from app.store import FindingRow

Files = Mapping[str, Sequence[tuple[str, bytes]]]
"""What was uploaded with a form, by field: names and bytes."""

Found = Mapping[str, Any]

Cards = Callable[[str, str, Sequence[int]], list[UnitCard]]
"""What units of a model's layer look like and are called."""


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

    def steps(self, clip: Clip, spec: Any, before: Found, /) -> Iterator[Step | None]:
        """Work on the device thread, which does other things in between; None where there is nothing new to say. `before`
        is the result of the last step that an earlier run of the same spec announced before a restart cut it off, somebody
        cancelled it, or it failed; empty if there was none. An instrument may go on from there, but has to see for itself
        that it was found with the weights, and of the pictures, that are there now."""
        ...

    def page(self, row: FindingRow, ahead: int, view: FindingView, /) -> Finding:
        """What was found as an answer; `ahead` jobs wait before it."""
        ...

    def remains(self, row: FindingRow, /) -> bool:
        """Whether what a finished finding found is still there; if not, it is found anew when it is asked for again."""
        ...


class Bench(Instrument, Protocol):
    """An instrument of the laboratory: it has a form of its own at `/models/{slug}/lab/{kind}`."""

    title: str
    lede: str

    def said(self, spec: Any, /) -> str:
        """What a finding is about, in a few words, for lists."""
        ...

    def choices(self, slug: str, /) -> dict[str, Any]:
        """What its form offers, as JSON: defaults, label columns, lists."""
        ...

    def take_in(self, values: dict[str, Any], files: Files, /) -> dict[str, Any]:
        """A form's fields as those of a spec: what was uploaded or pasted is kept, and its ids take its place. In `values` it
        goes by its ids from then on, so that the form that is shown again after a refusal need not ask for it again.

        Raises:
            BadInput: it cannot be used; `NotAnImage` and `TooLarge` for pictures.
        """
        ...


def so_far(row: FindingRow, ahead: int) -> dict[str, Any]:
    """The fields of `FindingPage` from a row, and `kind`."""
    return {
        "id": row.id,
        "url": urls.finding(row.id),
        "kind": row.kind,
        "status": row.status,
        "step": row.step,
        "steps": row.steps,
        "progress": row.progress,
        "elapsed_s": row.elapsed_s,
        "error": row.error,
        "ahead": ahead,
    }
