"""Progress for people at a terminal, and plain lines for everything else."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

Tell = Callable[[int, int | None], None]
LINES = 10  # plain lines per run of known length


@contextmanager
def progress(what: str) -> Iterator[Tell]:
    """Give a function `tell(done, total)`: a bar on a terminal's standard error, a line each tenth elsewhere."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _lines(console, what)
        return
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=console) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _lines(console: Console, what: str) -> Tell:
    said = 0

    def tell(done: int, total: int | None) -> None:
        nonlocal said
        every = max((total or 10_000) // LINES, 1)
        if done - said >= every or done == total:
            said = done
            console.print(f"{what}: {done}" + (f" of {total}" if total else ""), highlight=False)

    return tell
