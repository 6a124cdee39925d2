"""`publish`: a copy of a model's pages that any web host serves."""

from pathlib import Path
from typing import Annotated

import typer

from app.cli.options import AsJson, DataFolder, Slug, opened, prepare, print_answer
from app.publish.contents import choose, parse_units
from app.publish.copying import publish
from app.publish.folder import check


def publish_copy(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder to write, which is not there or empty.")],
    model: Slug,
    layer: Annotated[
        list[str] | None, typer.Option(help="Layer whose gallery and units are published; repeat for several.")
    ] = None,
    units: Annotated[str | None, typer.Option(help="Only these units, such as 0-99,200.")] = None,
    render: Annotated[list[str] | None, typer.Option(help="Id of a finished render; repeat for several.")] = None,
    facet: Annotated[
        list[str] | None, typer.Option(help="Id or name of a facet, with its pictures; repeat for several.")
    ] = None,
    author: Annotated[list[str] | None, typer.Option(help="Whom to cite; repeat for several.")] = None,
    licence: Annotated[str, typer.Option(help="What to say of the rights to the pictures.")] = "",
    replace: Annotated[bool, typer.Option("--replace", help="Replace an earlier copy in the folder.")] = False,
    data: DataFolder = None,
    as_json: AsJson = False,
) -> None:
    """Write a read-only copy of a model's gallery and unit pages, to be cited for years: it needs no server."""
    check(folder, replace)
    numbers = None if units is None else parse_units(units)
    with opened(model, data) as (microscope, clip):
        prepare(microscope, clip)
        contents = choose(microscope, clip.slug, layer or [], numbers, render or [], facet or [])
        copy = publish(microscope, contents, folder, replace=replace, authors=author, licence=licence)
    counts = {name: len(chosen) for name, chosen in contents.units.items()}
    answer = {"out": str(folder), "units": counts, "files": len(copy.files), "bytes": copy.bytes}
    said = ", ".join(f"{count} units of {name}" for name, count in counts.items())
    print_answer(as_json, answer, [f"{folder}: {said}; {len(copy.files)} files, {copy.bytes / 1e6:.1f} MB"])
