"""`demo build`, `demo train`, `demo evaluate`: the embedded model and its pictures, made again from their sources."""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Annotated, TypeVar

import numpy as np
import torch
import typer

from app.clip import registry
from app.clip.entry import Entry
from app.demo import steering
from app.demo.batches import Batch, batches_ahead
from app.demo.concepts import Concept, concepts
from app.demo.config import CONFIG_FILE, RELEASE, WITNESS, TrainConfig, load_config
from app.demo.evaluate import evaluate
from app.demo.fetch import fetch_icons
from app.demo.lettering import letterings
from app.demo.model import load
from app.demo.pack import Pack, TextLabel, load_pack
from app.demo.prebuilt import check_release, write_release
from app.demo.release import write_pictures, write_release_config
from app.demo.sheets import facets as draw_facets
from app.demo.sheets import renders as draw_renders
from app.demo.sprites import sprites
from app.demo.train import MakeBatches, export, train
from app.demo.transfer import load_witness, save_witness, transfer
from app.demo.world import World
from app.errors import BadInput, NotReady
from app.progress import Tell, progress
from app.settings import ROOT, Settings

T = TypeVar("T")

app = typer.Typer(no_args_is_help=True, help="The embedded model: build its picture world, train it, evaluate it.")

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")]
ConfigFile = Annotated[Path, typer.Option("--config", help="Training configuration.")]
SOURCES = "app/demo/release/SOURCES.md"
FONTS = Path("/usr/share/fonts")
SHEETS = ROOT / "docs" / "demo-model"


def _build_folder() -> Path:
    return Settings().model_cache / "build"


def _world_file() -> Path:
    path = _build_folder() / "world.npz"
    if not path.exists():
        raise NotReady(f"{path} is missing: make it with `python -m app demo build`.")
    return path


@app.command()
def build(
    fonts: Annotated[Path, typer.Option(help="The system's font folder.")] = FONTS,
    config: ConfigFile = CONFIG_FILE,
    out: Annotated[Path, typer.Option(help="Where the corpus and the facets' pictures go.")] = RELEASE,
    as_json: AsJson = False,
) -> None:
    """Fetch the artwork, pack it, and draw the shipped corpus and facets from it."""
    chosen = concepts(load_config(config).stage)
    folder = _build_folder()
    fetch_icons(folder / "npm")
    with progress("sprites") as tell:
        drawn = list(_counted(sprites(folder / "npm", chosen), tell))
    with progress("words") as tell:
        written = list(_counted(_letterings(fonts, chosen), tell))
    pack = Pack(
        np.stack([rgba for rgba, _ in drawn]),
        [label for _, label in drawn],
        [mask for mask, _ in written],
        [label for _, label in written],
    )
    pack.save(folder / "world.npz")
    lines: list[str] = []
    write_pictures(pack, chosen, out, lines.append)
    _print(as_json, {"sprites": len(drawn), "words": len(written), "out": str(out)}, lines)


@app.command("train")
def train_command(
    config: ConfigFile = CONFIG_FILE,
    seed: Annotated[int | None, typer.Option(help="Another seed than the configuration's.")] = None,
    images: Annotated[int | None, typer.Option(min=1, help="Another length than the configuration's.")] = None,
    run: Annotated[Path | None, typer.Option(help="Folder of the run; an interrupted run goes on.")] = None,
    begin: Annotated[Path | None, typer.Option(help="The state.pt of another run to start from.")] = None,
    ship: Annotated[bool, typer.Option(help="Put the weights among the shipped files as well.")] = False,
    witness: Annotated[
        bool, typer.Option(help="Make them the second model, which judges the first one's renders.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Train the embedded model; Ctrl-C loses at most a few minutes."""
    settings = load_config(config)
    settings = settings if seed is None else replace(settings, seed=seed)
    if images is not None:
        settings = replace(settings, schedule=replace(settings.schedule, images=images, minutes=0.0))
    folder = run or _build_folder() / f"run-{settings.seed}"
    torch.set_num_threads(settings.run.threads)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    with progress("training, percent") as tell:
        trainer = train(
            settings,
            folder,
            _batches(settings, _world_file()),
            device,
            lambda line: tell(round(100 * line["progress"]), 100),
            begin=begin,
        )
    for place in (folder, RELEASE) if ship else (folder,):
        export(trainer.clip, place / "model.safetensors")
        write_release_config(settings.model, place)
    if witness:
        save_witness(trainer.clip, settings.model, concepts(settings.stage), WITNESS)
    answer = {"steps": trainer.clock.step, "weights": str(folder / "model.safetensors")}
    _print(as_json, answer, [f"{answer['steps']} steps, weights in {answer['weights']}"])


@app.command("evaluate")
def evaluate_command(
    weights: Annotated[Path, typer.Option(help="Weights to evaluate.")] = RELEASE / "model.safetensors",
    each: Annotated[int, typer.Option(min=1, help="Pictures of each concept, style and world.")] = 24,
    pairs: Annotated[int, typer.Option(min=1, help="Pictures of the typographic attack.")] = 1000,
    config: ConfigFile = CONFIG_FILE,
    as_json: AsJson = False,
) -> None:
    """Measure zero-shot accuracy, multimodal units, typographic attack, renders and facets, with their controls."""
    if not weights.exists():
        raise BadInput(f"weights: {weights} does not exist; train first, or name another file.", field="weights")
    settings = load_config(config)
    pack, chosen = load_pack(_world_file()), concepts(settings.stage)
    worlds = {"fresh": World(pack, chosen), "held_out": World(pack, chosen, held_out=True)}
    with progress("measurements") as bar:
        steps = count(1)

        def tell(_: str) -> None:
            bar(next(steps), None)

        report = evaluate(load(settings.model, weights), settings.model, worlds, each=each, pairs=pairs, progress=tell)
        report |= _of_renders(settings, weights.parent, report["multimodal"]["list"], tell)
    _print(as_json, report, _summary(report))


def _of_renders(settings: TrainConfig, folder: Path, found: list, tell: Callable[[str], None]) -> dict:
    """What needs renders of the multimodal units: the facets, and what the second model says of them."""
    if not found:
        return {"facets": None, "transfer": None}
    numbers = {concept.name: number for number, concept in enumerate(concepts(settings.stage))}
    clip = registry.load(Entry("iconclip", "IconCLIP", "iconclip", folder), folder, offline=True)
    tell("renders")
    drawn = steering.draw(clip, [unit for unit, *_ in found])
    units = [(unit, numbers[name]) for unit, name, _ in found]
    return {
        "facets": steering.facets(clip, RELEASE, [unit for unit, *_ in found[: steering.UNITS]], tell),
        "transfer": transfer(drawn, units, load_witness(settings.model, WITNESS), clip.image_size),
    }


@app.command()
def sheets(
    out: Annotated[Path, typer.Option(help="Folder for the two pictures.")] = SHEETS,
) -> None:
    """Draw the contact sheets of the model card: 24 renders beside their strongest pictures, and units x facets."""
    clip = registry.load(registry.entry("iconclip"), RELEASE, offline=True)
    units = _one_each(json.loads((RELEASE / "evaluation.json").read_text("utf-8"))["multimodal"]["list"])
    out.mkdir(parents=True, exist_ok=True)
    with progress("sheets") as bar:
        steps = count(1)
        bar(next(steps), None)
        draw_renders(clip, RELEASE, units[:24]).save(out / "renders.webp", quality=85, method=6)
        trained = list(steering.themes(clip, RELEASE, lambda _: bar(next(steps), None)))
        draw_facets(clip, units[:12], trained).save(out / "facets.webp", quality=85, method=6)
    typer.echo(f"{out / 'renders.webp'} and {out / 'facets.webp'}")


def _one_each(found: list) -> list[tuple[int, str]]:
    """The strongest unit of each concept, strongest first."""
    best: dict[str, int] = {}
    for unit, name, _ in found:
        best.setdefault(name, unit)
    return [(unit, name) for name, unit in best.items()]


def _batches(config: TrainConfig, world: Path) -> MakeBatches:
    def make(first: int, pace: Callable[[int], float]) -> Iterator[Batch]:
        return batches_ahead(world, config.stage, config.seed, config.schedule.batch, first, pace)

    return make


def _counted(things: Iterable[T], tell: Tell) -> Iterator[T]:
    for number, thing in enumerate(things, 1):
        tell(number, None)
        yield thing


def _letterings(fonts: Path, chosen: tuple[Concept, ...]) -> Iterator[tuple[np.ndarray, TextLabel]]:
    try:
        yield from letterings(fonts, chosen)
    except OSError as error:
        raise NotReady(f"fonts: {error} below {fonts}; install the packages that {SOURCES} names.") from error


def _summary(report: dict) -> list[str]:
    units = report["multimodal"]
    lines = [f"{report['concepts']} concepts"]
    for name, scores in report["zero_shot"].items():
        lines.append(f"zero-shot, {name}: " + ", ".join(f"{style} {score:.3f}" for style, score in scores.items()))
    lines.append(
        f"multimodal units: {units['strict']} of {units['units']}, {units['concepts']} concepts; by chance {units['null']}"
    )
    for plate, says in report["attack"].items():
        lines.append(f"plate {plate}: says the word {says['says_word']:.3f}, the picture {says['says_picture']:.3f}")
    for name, facet in (report["facets"] or {}).items():
        shares = f"score up {facet['score_up']:.2f}, activation kept {facet['activation_kept']:.2f}"
        lines.append(f"facet {name}: AUC {facet['auc']:.3f}, {shares}")
    if report["transfer"]:
        named = report["transfer"]
        lines.append(
            f"renders: the second model has the concept among its first five in {named['top5']:.2f} of {named['units']}; "
            f"by chance {named['chance']:.3f}, with the units exchanged {named['permuted']:.3f}"
        )
    return lines


def _print(as_json: bool, answer: dict, lines: list[str]) -> None:
    typer.echo(json.dumps(answer) if as_json else "\n".join(lines))


@app.command()
def release(
    check: Annotated[bool, typer.Option("--check", help="Change nothing; say what is not what it would make.")] = False,
    units: Annotated[int | None, typer.Option(min=1, help="Check only so many units of each gallery.")] = None,
    model: Annotated[str, typer.Option(help="Model whose folder is furnished.")] = "iconclip",
    as_json: AsJson = False,
) -> None:
    """Make what ships ready-made, from the shipped weights and pictures: index, spectrum, trained facets and galleries."""
    if units is not None and not check:
        raise BadInput("units: only a check may stop early; leave --units out, or add --check.", field="units")
    entry = registry.entry(model)
    if not isinstance(entry.pretrained, Path) or not entry.pretrained.is_dir():
        raise BadInput(f"model: {model} came in no folder; name iconclip or NAME@FOLDER.", field="model")
    folder = entry.pretrained
    clip = registry.load(entry, folder, offline=True)
    found = check_release(clip, folder, units) if check else []
    if not check:
        write_release(clip, folder, folder)
    said = "is what the shipped weights and pictures give" if check else "is written"
    _print(as_json, {"release": str(folder), "differences": found}, found or [f"{folder} {said}."])
    if found:
        raise typer.Exit(1)
