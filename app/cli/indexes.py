"""`index`, `label`, `family`: what a corpus does to every unit, and what is worked out from it."""

from pathlib import Path
from typing import Annotated, Any

import typer

from app.cli.options import AsJson, DataFolder, Engine, Slug, Workers, opened, print_answer
from app.clip.cluster import check_workers
from app.corpus import column_writer
from app.corpus.alike import recording
from app.corpus.manifest import IndexManifest
from app.corpus.partition import IMAGES
from app.corpus.portable import export
from app.errors import NotReady
from app.lab import grouped
from app.lab.labels import LayerLabels, stale
from app.lab.making import making
from app.lab.words import Words
from app.microscope import Microscope
from app.progress import progress
from app.settings import Settings

INTERRUPTED = 130  # as a shell has it for Ctrl-C
index_commands = typer.Typer(no_args_is_help=True, help="Indexes: what a corpus of pictures does to every unit.")
family_commands = typer.Typer(no_args_is_help=True, help="Families of units that clustering finds.")
label_commands = typer.Typer(no_args_is_help=True, help="Labels: what units may be called, worked out offline.")


@index_commands.command("build")
def index_build(
    model: Slug,
    pictures: Annotated[
        str, typer.Option("--images", help="A folder of pictures, a glob of .tar or .parquet files, or hf:NAME.")
    ],
    name: Annotated[str, typer.Option(help="Name of the index.")],
    layer: Annotated[list[str] | None, typer.Option(help="Layer to index; repeat for several.")] = None,
    partition: Annotated[
        int, typer.Option(help="Pictures whose results are kept together; stopping costs no more than these.")
    ] = IMAGES,
    data: DataFolder = None,
    engine: Engine = "local",
    workers: Workers = None,
    as_json: AsJson = False,
) -> None:
    """Index a corpus: the strongest and weakest pictures of every unit, histograms and bands.

    Stop it whenever you like: the same command goes on from there.
    """
    check_workers(engine, workers)
    with opened(model, data) as (microscope, clip), progress("pictures") as tell:
        try:
            index = microscope.indexes.build(
                clip,
                pictures,
                name,
                layer,
                partition=partition,
                spread=engine == "ray",
                workers=workers,
                progress=tell,
                resumed=_resumed,
            )
        except KeyboardInterrupt:
            typer.echo("Stopped. The same command goes on from the last whole partition.", err=True)
            raise typer.Exit(INTERRUPTED) from None
    _show(index.manifest, as_json)


@index_commands.command("columns")
def index_columns(name: str, model: Slug, data: DataFolder = None, as_json: AsJson = False) -> None:
    """Record every unit's activation on every picture of an index, in one pass over the pictures; and in another what the
    model's facets make of each."""
    with opened(model, data) as (microscope, clip):
        index = microscope.indexes.need_own(clip.slug, name)
        with progress("pictures") as tell:
            for done, total in column_writer.making(clip, index):
                tell(done, total)
        with progress("units compared") as tell:
            for done, total in recording(microscope.column_desk.need(index)):
                tell(done, total)
        with progress("pictures for the facets") as tell:
            for done, total in microscope.facet_columns.steps(clip, index):
                if total:
                    tell(done, total)
        facets = len(microscope.facet_columns.every(index))
    size = column_writer.size(index)
    about = {"name": name, "images": len(index), "layers": index.manifest.layers, "bytes": size, "facets": facets}
    print_answer(as_json, about, [f"{name}: columns of {len(index)} pictures, {size / 1e6:.1f} MB, {facets} facets"])


@index_commands.command("export")
def index_export(
    name: str,
    out: Annotated[Path, typer.Option(help="Folder to write, which must not be there yet.")],
    data: DataFolder = None,
    as_json: AsJson = False,
) -> None:
    """Write an index with its pictures to a folder that `serve --index` shows on any machine."""
    microscope = Microscope(Settings(data=data))
    index = microscope.indexes.open(name)
    try:
        with progress("pictures") as tell:
            export(index, out, tell)
    finally:
        microscope.close()
    written = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
    about = {"name": name, "out": str(out), "images": len(index), "bytes": written}
    print_answer(as_json, about, [f"{out}: {len(index)} pictures, {written / 1e6:.1f} MB"])


@index_commands.command("show")
def index_show(name: str, data: DataFolder = None, as_json: AsJson = False) -> None:
    """Print what an index holds."""
    microscope = Microscope(Settings(data=data))
    _show(microscope.indexes.open(name).manifest, as_json)
    microscope.close()


@label_commands.command("build")
def label_build(
    model: Slug,
    index: Annotated[str | None, typer.Option(help="Index to go by; the model's first one otherwise.")] = None,
    layer: Annotated[list[str] | None, typer.Option(help="Layer to label; repeat for several. None: all.")] = None,
    words: Annotated[
        Path | None, typer.Option(help="Text file of words, one a line; else the corpus' own and common English ones.")
    ] = None,
    data: DataFolder = None,
    as_json: AsJson = False,
) -> None:
    """Work out what every unit may be called, by the model's own two towers, with a score and rivals.

    Stop it whenever you like: the same command goes on from there.
    """
    given = Words.read(words) if words else None
    with opened(model, data) as (microscope, clip), progress("steps") as tell:
        if index is None and microscope.indexes.find(clip.slug) is None:
            microscope.indexes.build_own(clip.slug)
        found = microscope.indexes.need_own(clip.slug, index)
        chosen = layer or list(found.manifest.layers)
        for reason in stale(found, chosen, given.hash if given else None):
            typer.echo(reason, err=True)
        for done, total in making(clip, found, chosen, given):
            tell(done, total)
        rows = [_labels_of(LayerLabels.open(found, name)) for name in chosen]
    lines = [f"{r['layer']}: {r['sure']} of {r['units']} units have a sure label, from {r['words']}" for r in rows]
    print_answer(as_json, {"index": found.manifest.name, "layers": rows}, lines)


@family_commands.command("build")
def family_build(
    model: Slug,
    index: Annotated[str | None, typer.Option(help="Index to go by; the model's first one otherwise.")] = None,
    layer: Annotated[
        list[str] | None, typer.Option(help="Layer; repeat for several. None: all that lack them.")
    ] = None,
    data: DataFolder = None,
    as_json: AsJson = False,
) -> None:
    """Find families of units, by what they do on an index's pictures and by their automatic labels.

    `serve` does it by itself. It needs `index columns` and `label build` first.
    """
    with opened(model, data) as (microscope, clip), progress("steps") as tell:
        found = microscope.indexes.need_own(clip.slug, index)
        for done, total in grouped.making(clip, found, microscope.column_desk.need(found), layer):
            tell(done, total)
        each_of = [(name, microscope.family_desk.find(found, name)) for name in layer or found.manifest.layers]
        rows = [
            {"layer": name, "families": len(each.families), "units": each.units, "loose": each.loose}
            for name, each in each_of
            if each
        ]
        if not rows:
            raise NotReady(microscope.family_desk.status(found, found.manifest.layers[0]))
    lines = [f"{r['layer']}: {r['families']} families; {r['loose']} of {r['units']} units are in none" for r in rows]
    print_answer(as_json, {"index": found.manifest.name, "layers": rows}, lines)


def _labels_of(found: LayerLabels) -> dict[str, Any]:
    about = found.model_dump(mode="json", exclude={"units", "layouts"})
    sure = sum(found.sure(unit) for unit in range(len(found.units)))
    return {**about, "units": len(found.units), "sure": sure}


def _resumed(kept: int, total: int) -> None:
    typer.echo(f"Going on: {kept} of {total} pictures were looked at before.", err=True)


def _show(manifest: IndexManifest, as_json: bool) -> None:
    refused = [f"left out {each.name}: {each.reason}" for each in manifest.refused]
    about = [
        f"{manifest.name}: {manifest.images} pictures of {manifest.source}, seen by {manifest.model}",
        f"{manifest.skipped} left out",
        f"layers: {', '.join(manifest.layers)}",
    ]
    answer = {**manifest.model_dump(mode="json"), "warnings": manifest.warnings}
    print_answer(as_json, answer, [*about, *refused, *(f"Warning: {warning}" for warning in manifest.warnings)])
