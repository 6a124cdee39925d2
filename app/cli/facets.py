"""`facet`: themes, each a set of pictures and its probes."""

from pathlib import Path
from typing import Annotated

import typer

from app.cli.options import AsJson, DataFolder, Slug, opened, prepare, print_answer
from app.corpus.sources import open_source

facet_commands = typer.Typer(no_args_is_help=True, help="Facets: themes, each a set of pictures and its probes.")


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
    with opened(model, data) as (microscope, clip):
        prepare(microscope, clip)
        files = [(Path(item.key).name, item.read()) for item in open_source(pictures)]
        facet_id, _ = microscope.facet_desk.take_in(name, clip.slug, files, corpus=corpus, spatial=spatial)
        microscope.facet_desk.train_now(facet_id)
        page = microscope.facet(facet_id)
    lines = [f"{r.layer}  AUC {r.auc:.3f} ({r.auc_low:.3f} to {r.auc_high:.3f})" for r in page.layers]
    print_answer(
        as_json, page.model_dump(mode="json"), [*lines, *page.warnings, page.error or f"{page.name} is {page.id}"]
    )
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
    with opened(slug, data) as (microscope, clip):
        ids = microscope.facet_desk.take_published(clip.slug, source)
        facets = [{"id": each, "name": microscope.facet(each).name} for each in ids]
    print_answer(as_json, {"facets": facets}, [f"{each['name']} is {each['id']}" for each in facets])
