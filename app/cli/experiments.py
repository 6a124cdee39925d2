"""`reproduce`: the paper's experiments again."""

import io
import sys
from contextlib import nullcontext
from itertools import groupby
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Column, Table

from app.cli.options import AsJson, DataFolder, Slug, print_answer
from app.lab.reproduce.material import Step
from app.lab.reproduce.row import Row
from app.lab.reproduce.running import reproducing
from app.lab.top_words import COMMON
from app.microscope import Microscope
from app.microscope.reproduction import material
from app.progress import progress
from app.settings import Settings

PIPED_WIDTH = 160  # characters of a table that nobody's terminal limits


def reproduce(
    model: Slug,
    reference: Annotated[
        Path | None, typer.Option(help="Folder of the paper's published figures, to compare its models with.")
    ] = None,
    index: Annotated[str | None, typer.Option(help="Index to go by; the model's first one otherwise.")] = None,
    words: Annotated[int, typer.Option(min=2, help="Words to draw: published ones first, then common ones.")] = COMMON,
    units: Annotated[int | None, typer.Option(min=2, help="Units to search captions for; all otherwise.")] = None,
    data: DataFolder = None,
    as_json: AsJson = False,
) -> None:
    """Run the paper's experiments on a model and print what is measured beside what is expected.

    What is missing for an experiment, weights or labels or published figures, is said in its rows.
    """
    microscope = Microscope(Settings(data=data, models=(model,)))
    rows: list[Row] = []
    try:
        tested = material(microscope, index, reference=reference, words=words, units=units)
        for what, group in groupby(reproducing(tested), lambda each: each.what if isinstance(each, Step) else None):
            with progress(what) if what else nullcontext() as tell:
                for each in group:
                    if isinstance(each, Row):
                        rows.append(each)
                    elif tell:
                        tell(each.done, each.total)
    finally:
        microscope.close()
    print_answer(as_json, {"model": tested.slug, "rows": [row.model_dump(mode="json") for row in rows]}, [_table(rows)])


def _table(rows: list[Row]) -> str:
    """The rows side by side, as wide as the terminal."""
    texts = [Column(name, overflow="fold") for name in ("experiment", "expected", "measured", "verdict")]
    drawn = Table(*texts, Column("s", justify="right"), show_lines=True)
    for row in rows:
        drawn.add_row(row.name, row.published, row.measured or "-", row.verdict, f"{row.seconds:.0f}")
    console = Console(file=io.StringIO(), width=None if sys.stdout.isatty() else PIPED_WIDTH)
    with console.capture() as captured:
        console.print(drawn, markup=False)
    return captured.get().rstrip()
