"""What several commands share: their options, how they answer, and the application without its device thread."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from app.clip.clip import Clip
from app.errors import WeightsMissing
from app.microscope import Microscope
from app.settings import Settings

Slug = Annotated[str, typer.Option("--model", help="Slug of the model, or NAME@PATH of a local checkpoint.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")]
DataFolder = Annotated[Path | None, typer.Option("--data", help="Data folder; FACETSCOPE_DATA otherwise.")]
Engine = Annotated[Literal["local", "ray"], typer.Option(help="Work here, or on a Ray cluster (RAY_ADDRESS).")]
Workers = Annotated[int | None, typer.Option(help="How many of the cluster's workers are at work at once.")]


def print_answer(as_json: bool, answer: dict[str, Any], lines: list[str]) -> None:
    typer.echo(json.dumps(answer, indent=1) if as_json else "\n".join(lines))


@contextmanager
def opened(slug: str, data: Path | None) -> Iterator[tuple[Microscope, Clip]]:
    """The application without its device thread: here the command itself owns the device."""
    microscope = Microscope(Settings(data=data, models=(slug,)))
    try:
        default = microscope.residents.default
        microscope.residents.load(default)
        loaded, status = microscope.residents.state(default)
        if not loaded:
            raise WeightsMissing(status)
        yield microscope, microscope.residents.clip(default)
    finally:
        microscope.close()


def prepare(microscope: Microscope, clip: Clip) -> None:
    """Make sure that what the model brought along is indexed and trained, as a server does at its start."""
    microscope.indexes.build_own(clip.slug)
    microscope.indexes.need(clip.slug)
    for facet_id in microscope.facet_desk.shipped(clip.slug):
        microscope.facet_desk.train_now(facet_id)
