"""The command line: `python -m app COMMAND`. Exit code 0 done, 1 failed with one sentence, 2 wrong usage.

`serve` ends with 70 when the device failed and a new process is needed.
"""

import io
import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from itertools import groupby
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
import uvicorn
from fastapi import FastAPI
from pydantic import ValidationError
from rich.console import Console
from rich.table import Column, Table

from app import images
from app.clip import registry
from app.clip.clip import Clip
from app.clip.cluster import check_workers
from app.corpus import columns
from app.corpus.alike import recording
from app.corpus.manifest import IndexManifest
from app.corpus.partition import IMAGES
from app.corpus.portable import export
from app.corpus.sources import open_source
from app.demo.commands import app as demo
from app.errors import BadInput, FacetscopeError, NotReady, WeightsMissing
from app.lab import grouped
from app.lab.labels import LayerLabels, stale
from app.lab.making import making
from app.lab.reproduce.material import Step
from app.lab.reproduce.row import Row
from app.lab.reproduce.running import reproducing
from app.lab.top_words import COMMON
from app.lab.words import Words
from app.microscope import Microscope
from app.microscope.export import as_json as people_as_json
from app.microscope.mounts import check_served
from app.microscope.reproduction import material
from app.progress import progress
from app.render.gallery import drawing_here, is_rendered, render_layer
from app.render.presets import recipe
from app.render.run import measure, render
from app.render.spread import drawing_on_cluster
from app.settings import Settings
from app.spec import Aim, Form, RenderSpec
from app.web.access_log import without_keys
from app.web.app import create_app
from app.whole import write_whole

GRACE_S = 2  # open streams get so long at SIGTERM; without a limit they would hold the server for ever
INTERRUPTED = 130  # as a shell has it for Ctrl-C
UNSTARTED = 3  # as uvicorn has it
PIPED_WIDTH = 160  # characters of a table that nobody's terminal limits
BROKEN = 70  # EX_SOFTWARE of sysexits.h: the device failed, start again

cli = typer.Typer(no_args_is_help=True, add_completion=False, help="A microscope for the multimodal neurons of CLIP.")
model_commands = typer.Typer(no_args_is_help=True, help="Models: which there are, whether they load, fetching weights.")
index_commands = typer.Typer(no_args_is_help=True, help="Indexes: what a corpus of pictures does to every unit.")
facet_commands = typer.Typer(no_args_is_help=True, help="Facets: themes, each a set of pictures and its probes.")
family_commands = typer.Typer(no_args_is_help=True, help="Families of units that clustering finds.")
label_commands = typer.Typer(no_args_is_help=True, help="Labels: what units may be called, worked out offline.")
gallery_commands = typer.Typer(no_args_is_help=True, help="Galleries: prebuilt renders of whole layers.")
cli.add_typer(model_commands, name="model")
cli.add_typer(index_commands, name="index")
cli.add_typer(facet_commands, name="facet")
cli.add_typer(label_commands, name="label")
cli.add_typer(family_commands, name="family")
cli.add_typer(gallery_commands, name="gallery")
cli.add_typer(demo, name="demo")

Slug = Annotated[str, typer.Option("--model", help="Slug of the model, or NAME@PATH of a local checkpoint.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")]
DataFolder = Annotated[Path | None, typer.Option("--data", help="Data folder; FACETSCOPE_DATA otherwise.")]
Engine = Annotated[Literal["local", "ray"], typer.Option(help="Work here, or on a Ray cluster (RAY_ADDRESS).")]
Workers = Annotated[int | None, typer.Option(help="How many of the cluster's workers are at work at once.")]


def main() -> None:
    """Run the command line, turning our errors into one sentence and an exit code."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    try:
        cli()
    except BadInput as error:
        sys.exit(_say(error.detail, 2))
    except FacetscopeError as error:
        sys.exit(_say(error.detail, 1))
    except ValidationError as error:
        sys.exit(_say("; ".join(f"{_place(each['loc'])}{each['msg']}" for each in error.errors()), 2))


@cli.command()
def serve(
    host: str | None = None,
    port: int | None = None,
    model: Annotated[
        list[str] | None, typer.Option(help="Model to serve; repeat for several, the first is shown.")
    ] = None,
    data: DataFolder = None,
    device: Literal["auto", "cpu", "cuda"] | None = None,
    index: Annotated[
        list[Path] | None, typer.Option(help="Folder of `index export` to serve where it lies; repeat for several.")
    ] = None,
) -> None:
    """Open the microscope as a web page."""
    models, indexes = tuple(model) if model else None, tuple(index) if index else None
    settings = Settings(host=host, port=port, models=models, data=data, device=device, indexes=indexes)
    slugs = [registry.entry(slug).slug for slug in settings.models]
    check_served(settings.indexes, settings.data / "indexes", slugs)
    sys.exit(run(create_app(settings), settings))


@cli.command("export")
def export_people(
    out: Annotated[Path, typer.Option(help="JSON file to write.")], data: DataFolder = None, as_json: AsJson = False
) -> None:
    """Write all that people said on a server to a file: labels, votes, notes and the lists that anybody may find."""
    microscope = Microscope(Settings(data=data))
    try:
        write_whole(out, b"".join(people_as_json(microscope.store)))
    except OSError as error:
        sys.exit(_say(f"{out} cannot be written ({error.strerror}): give --out another place.", 1))
    finally:
        microscope.close()
    _print(as_json, {"out": str(out), "bytes": out.stat().st_size}, [f"{out}: {out.stat().st_size / 1e3:.1f} kB"])


def run(app: FastAPI, settings: Settings) -> int:
    """Serve until a signal, or until the device fails; the exit code. The last is for a supervisor: a new process gets
    the device anew, and resumes what ran."""
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        timeout_graceful_shutdown=GRACE_S,
        log_level="info",
        server_header=False,
    )
    logging.getLogger("uvicorn.access").addFilter(without_keys)  # after Config, which sets up the logging
    server = _Server(config, app)
    with suppress(KeyboardInterrupt):  # raised again by uvicorn once it has shut down
        server.run()
    if not server.started:
        return UNSTARTED
    return BROKEN if server.broken else 0


class _Server(uvicorn.Server):
    """Shuts down as at a signal when the microscope's device has failed."""

    def __init__(self, config: uvicorn.Config, app: FastAPI) -> None:
        super().__init__(config)
        self.app = app

    @property
    def broken(self) -> bool:
        return self.app.state.microscope.worker.broken is not None

    async def on_tick(self, counter: int) -> bool:
        return await super().on_tick(counter) or self.broken


@model_commands.command("list")
def model_list(as_json: AsJson = False) -> None:
    """List the models there are, and whether their weights are here."""
    cache = Settings().model_cache
    rows = [
        {"slug": entry.slug, "name": entry.name, "cached": registry.cached(entry, cache) is not None}
        for entry in registry.known()
    ]
    _print(
        as_json,
        {"models": rows},
        [f"{r['slug']:<20} {'cached' if r['cached'] else 'not here':<10} {r['name']}" for r in rows],
    )


@model_commands.command("check")
def model_check(slug: str, as_json: AsJson = False) -> None:
    """Load a model from what is on this machine and print its layers."""
    clip = registry.load(registry.entry(slug), Settings().model_cache, "cpu", offline=True)
    rows = [
        {"name": each.name, "channels": each.channels, "stride": each.stride, "map": each.map}
        for each in clip.layers.values()
    ]
    lines = [
        f"{r['name']:<14} {r['channels']:>5} units  stride {r['stride']:>2}  map {r['map'][0]}x{r['map'][1]}"
        for r in rows
    ]
    _print(
        as_json, {"slug": clip.slug, "weights_hash": clip.weights_hash, "layers": rows}, [*lines, f"{clip.slug} loads."]
    )


@model_commands.command("fetch")
def model_fetch(slug: str, as_json: AsJson = False) -> None:
    """Download a model's weights into the model cache."""
    path = registry.fetch(registry.entry(slug), Settings().model_cache)
    _print(as_json, {"slug": slug, "path": str(path)}, [f"{slug} is in {path}"])


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
    with _microscope(model, data) as (microscope, clip), progress("pictures") as tell:
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
    with _microscope(model, data) as (microscope, clip):
        index = microscope.indexes.need_own(clip.slug, name)
        with progress("pictures") as tell:
            for done, total in columns.making(clip, index):
                tell(done, total)
        with progress("units compared") as tell:
            for done, total in recording(microscope.column_desk.need(index)):
                tell(done, total)
        with progress("pictures for the facets") as tell:
            for done, total in microscope.facet_columns.steps(clip, index):
                if total:
                    tell(done, total)
        facets = len(microscope.facet_columns.every(index))
    size = columns.size(index)
    about = {"name": name, "images": len(index), "layers": index.manifest.layers, "bytes": size, "facets": facets}
    _print(as_json, about, [f"{name}: columns of {len(index)} pictures, {size / 1e6:.1f} MB, {facets} facets"])


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
    _print(as_json, about, [f"{out}: {len(index)} pictures, {written / 1e6:.1f} MB"])


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
    with _microscope(model, data) as (microscope, clip), progress("steps") as tell:
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
    _print(as_json, {"index": found.manifest.name, "layers": rows}, lines)


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
    with _microscope(model, data) as (microscope, clip), progress("steps") as tell:
        found = microscope.indexes.need_own(clip.slug, index)
        for done, total in grouped.making(clip, found, microscope.column_desk.need(found), layer):
            tell(done, total)
        opened = [(name, microscope.family_desk.find(found, name)) for name in layer or found.manifest.layers]
        rows = [
            {"layer": name, "families": len(each.families), "units": each.units, "loose": each.loose}
            for name, each in opened
            if each
        ]
        if not rows:
            raise NotReady(microscope.family_desk.status(found, found.manifest.layers[0]))
    lines = [f"{r['layer']}: {r['families']} families; {r['loose']} of {r['units']} units are in none" for r in rows]
    _print(as_json, {"index": found.manifest.name, "layers": rows}, lines)


def _labels_of(found: LayerLabels) -> dict[str, Any]:
    about = found.model_dump(mode="json", exclude={"units", "layouts"})
    sure = sum(found.sure(unit) for unit in range(len(found.units)))
    return {**about, "units": len(found.units), "sure": sure}


@facet_commands.command("train")
def facet_train(
    model: Slug,
    name: Annotated[str, typer.Option(help="Name of the facet.")],
    pictures: Annotated[
        str, typer.Option("--images", help="A folder of pictures, a glob of .tar or .parquet files, or hf:NAME.")
    ],
    corpus: Annotated[str | None, typer.Option(help="Index to tell it from; the model's first one otherwise.")] = None,
    spatial: Annotated[bool, typer.Option("--spatial", help="Weigh every place by itself.")] = False,
    data: DataFolder = None,
    as_json: AsJson = False,
) -> None:
    """Train a facet from pictures of a theme, against a corpus."""
    with _microscope(model, data) as (microscope, clip):
        _prepare(microscope, clip)
        files = [(Path(item.key).name, item.read()) for item in open_source(pictures)]
        facet_id, _ = microscope.facet_desk.take_in(name, clip.slug, files, corpus=corpus, spatial=spatial)
        microscope.facet_desk.train_now(facet_id)
        page = microscope.facet(facet_id)
    lines = [f"{r.layer}  AUC {r.auc:.3f} ({r.auc_low:.3f} to {r.auc_high:.3f})" for r in page.layers]
    _print(as_json, page.model_dump(mode="json"), [*lines, *page.warnings, page.error or f"{page.name} is {page.id}"])
    if page.status != "ready":
        raise typer.Exit(1)


@facet_commands.command("import")
def facet_import(
    slug: str,
    source: Annotated[
        str, typer.Option("--from", help="Folder or address of LAYER/FACET_spatial.npy, or captum's .pt file.")
    ],
    data: DataFolder = None,
    as_json: AsJson = False,
) -> None:
    """Import facet weights that others published for this model: OpenAI's layout or captum's."""
    with _microscope(slug, data) as (microscope, clip):
        ids = microscope.facet_desk.take_published(clip.slug, source)
        facets = [{"id": each, "name": microscope.facet(each).name} for each in ids]
    _print(as_json, {"facets": facets}, [f"{each['name']} is {each['id']}" for each in facets])


@cli.command("render")
def render_one(
    address: Annotated[str, typer.Argument(metavar="MODEL/LAYER[/UNIT]")],
    out: Annotated[Path, typer.Option(help="PNG file to write.")],
    of: Annotated[
        Literal["unit", "direction", "layer", "prompt", "picture"] | None,
        typer.Option(help="What is made large; guessed from what is given. layer: DeepDream, picture: caricature."),
    ] = None,
    direction: Annotated[str | None, typer.Option(help="Units with weights, such as '381 + 0.5*17'.")] = None,
    prompt: Annotated[str | None, typer.Option(help="A text, at the last layer.")] = None,
    picture: Annotated[Path | None, typer.Option(help="Picture for a caricature or the preset accentuate.")] = None,
    facet: Annotated[
        list[str] | None, typer.Option(help="Id or name of a facet, or NAME=STRENGTH; repeat to mix several.")
    ] = None,
    strength: float | None = None,
    diversity: Annotated[float | None, typer.Option(help="How hard several pictures are driven apart.")] = None,
    ramp: Annotated[int | None, typer.Option(help="Pictures to grow together.")] = None,
    form: Annotated[Form | None, typer.Option(help="Which faceted formula.")] = None,
    aim: Annotated[Aim | None, typer.Option(help="The mean over the map, its centre, or the opposite.")] = None,
    preset: str | None = None,
    size: int | None = None,
    steps: int | None = None,
    seed: int | None = None,
    data: DataFolder = None,
    as_json: AsJson = False,
) -> None:
    """Grow one feature visualization and write it as PNG, several pictures side by side."""
    data_of_picture = _file(picture) if picture else None
    named = {"of": of, "direction": direction, "prompt": prompt, "picture": picture and "to come"}
    how = {"diversity": diversity, "ramp": ramp, "form": form, "aim": aim, "preset": preset}
    amount = {"size": size, "steps": steps, "seed": seed}
    spec = RenderSpec.model_validate({**_address(address), **named, **_pulls(facet or [], strength), **how, **amount})
    with _microscope(spec.model, data) as (microscope, clip):
        spec = spec.but(model=clip.slug)
        if spec.pulls or recipe(spec.preset).phases:
            _prepare(microscope, clip)
        if picture and data_of_picture:
            spec = spec.but(picture=microscope.render_desk.take_in(picture.name, data_of_picture))
        spec = microscope.render_desk.check(spec)
        themes = [microscope.facet_desk.load(pull.facet) for pull in spec.pulls]
        source = microscope.render_desk.source(spec)
        pictures = None
        with progress("steps") as tell:
            for frame in render(clip, spec, themes, source, microscope.render_desk.spectrum(clip.slug, spec.preset)):
                tell(frame.step, spec.steps)
                pictures = frame.image if frame.image is not None else pictures
        if pictures is None:
            raise BadInput("steps: at least one step is needed for a picture.", field="steps")
        out.write_bytes(images.encode_png(images.side_by_side(pictures if spec.diversity else pictures[-1:])))
        scores = measure(clip, spec, themes, pictures[-1], source)
    answer = {
        "out": str(out),
        "spec": spec.model_dump(mode="json"),
        "activation": scores.activation,
        "facet_score": scores.facet_score,
    }
    _print(as_json, answer, [f"{out}: activation {scores.activation:.3f}"])


@gallery_commands.command("render")
def gallery_render(
    model: Slug,
    layer: Annotated[str, typer.Option(help="Layer whose units are rendered.")],
    facet: Annotated[list[str] | None, typer.Option(help="Facet; repeat for several. None: plain renders.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder to write to instead of the data folder.")] = None,
    preset: str = "preview",
    data: DataFolder = None,
    engine: Engine = "local",
    workers: Workers = None,
    as_json: AsJson = False,
) -> None:
    """Render every unit of a layer for the gallery.

    What is whole already is left as it is, so the same command goes on with the facet that it was stopped at.
    """
    check_workers(engine, workers)
    written = []
    with _microscope(model, data) as (microscope, clip):
        clip.layer(layer)
        if facet or recipe(preset).phases:
            _prepare(microscope, clip)
        spectrum = microscope.render_desk.spectrum(clip.slug, preset)
        cache = microscope.settings.model_cache
        with drawing_on_cluster(clip, cache, workers) if engine == "ray" else nullcontext(drawing_here(clip)) as draw:
            for name in facet or [None]:
                facet_id = microscope.facet_desk.resolve(clip.slug, name) if name else None
                theme = microscope.facet_desk.load(facet_id) if facet_id else None
                label = facet_id or "any"
                path = out / layer / f"{label}.zip" if out else microscope.gallery.path(clip.slug, layer, label)
                if not is_rendered(clip, layer, theme, path, preset):
                    with progress(f"units, {name or 'no facet'}") as tell:
                        render_layer(
                            clip, layer, theme, path, preset=preset, spectrum=spectrum, progress=tell, draw=draw
                        )
                written.append(str(path))
    _print(as_json, {"written": written}, written)


@cli.command()
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
    _print(as_json, {"model": tested.slug, "rows": [row.model_dump(mode="json") for row in rows]}, [_table(rows)])


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


@contextmanager
def _microscope(slug: str, data: Path | None) -> Iterator[tuple[Microscope, Clip]]:
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


def _prepare(microscope: Microscope, clip: Clip) -> None:
    """Make sure that what the model brought along is indexed and trained, as a server does at its start."""
    microscope.indexes.build_own(clip.slug)
    microscope.indexes.need(clip.slug)
    for facet_id in microscope.facet_desk.shipped(clip.slug):
        microscope.facet_desk.train_now(facet_id)


def _address(text: str) -> dict[str, Any]:
    """MODEL/LAYER/UNIT or MODEL/LAYER; the model may itself hold slashes (NAME@/path)."""
    head, _, last = text.rpartition("/")
    if last.isdecimal():
        model, _, layer = head.rpartition("/")
        place = {"model": model, "layer": layer, "unit": int(last)}
    else:
        model, layer = head, last
        place = {"model": model, "layer": layer}
    if not (model and layer):
        raise BadInput(f"{text!r} is no MODEL/LAYER/UNIT, for example iconclip/layer4.1/89.")
    return place


def _pulls(facets: list[str], strength: float | None) -> dict[str, Any]:
    """Facets as NAME or NAME=STRENGTH; `strength` is for those that do not say."""
    if len(facets) == 1 and "=" not in facets[0]:
        return {"facet": facets[0], "strength": strength}
    named = [facet.rpartition("=") if "=" in facet else (facet, "", "") for facet in facets]
    default = RenderSpec.model_fields["strength"].default if strength is None else strength
    return {"mix": [{"facet": name, "strength": own or default} for name, _, own in named]}


def _file(path: Path) -> bytes:
    if not path.is_file():
        raise BadInput(f"picture: there is no file {path}.", field="picture")
    return path.read_bytes()


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
    _print(as_json, answer, [*about, *refused, *(f"Warning: {warning}" for warning in manifest.warnings)])


def _print(as_json: bool, answer: dict[str, Any], lines: list[str]) -> None:
    typer.echo(json.dumps(answer, indent=1) if as_json else "\n".join(lines))


def _say(sentence: str, code: int) -> int:
    typer.echo(sentence, err=True)
    return code


def _place(location: tuple[int | str, ...]) -> str:
    return ".".join(map(str, location)) + ": " if location else ""
