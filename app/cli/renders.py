"""`render` of one unit, `gallery render` of a layer."""

from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from app import images
from app.cli.options import AsJson, DataFolder, Engine, Slug, Workers, opened, prepare, print_answer
from app.clip.cluster import check_workers
from app.errors import BadInput
from app.progress import progress
from app.render.gallery import drawing_here, is_rendered, render_layer
from app.render.presets import recipe
from app.render.run import measure, render
from app.render.spread import drawing_on_cluster
from app.spec import Aim, Form, RenderSpec

gallery_commands = typer.Typer(no_args_is_help=True, help="Galleries: prebuilt renders of whole layers.")


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
    with opened(spec.model, data) as (microscope, clip):
        spec = spec.but(model=clip.slug)
        if spec.pulls or recipe(spec.preset).phases:
            prepare(microscope, clip)
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
    print_answer(as_json, answer, [f"{out}: activation {scores.activation:.3f}"])


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
    with opened(model, data) as (microscope, clip):
        clip.layer(layer)
        if facet or recipe(preset).phases:
            prepare(microscope, clip)
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
    print_answer(as_json, {"written": written}, written)


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
