"""Progress for people at a terminal, and plain lines for everything else."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

Tell = Callable[[int, int | None], None]
LINES = 10  # plain lines per run of known length
SPEED_OVER_S = 600  # a large model on a CPU takes minutes from one number to the next


@contextmanager
def progress(what: str) -> Iterator[Tell]:
    """Give a function `tell(done, total)`: a bar on a terminal's standard error, a line each tenth elsewhere."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _lines(console, what)
        return
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        _Speed(),
        TimeRemainingColumn(),
        console=console,
        speed_estimate_period=SPEED_OVER_S,
    ) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


class _Speed(ProgressColumn):
    """How many a second of late. The first number told is where the count begins, so what was done before it, in a
    run that was stopped, makes this run no faster."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text(f"{speed:.3g}/s" if speed else "", style="progress.data.speed")


def _lines(console: Console, what: str) -> Tell:
    said = 0

    def tell(done: int, total: int | None) -> None:
        nonlocal said
        every = max((total or 10_000) // LINES, 1)
        if done - said >= every or done == total:
            said = done
            console.print(f"{what}: {done}" + (f" of {total}" if total else ""), highlight=False)

    return tell
