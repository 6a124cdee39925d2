"""`model`: which there are, whether they load, fetching weights."""

import typer

from app.cli.options import AsJson, print_answer
from app.clip import registry
from app.settings import Settings

model_commands = typer.Typer(no_args_is_help=True, help="Models: which there are, whether they load, fetching weights.")


@model_commands.command("list")
def model_list(as_json: AsJson = False) -> None:
    """List the models there are, and whether their weights are here."""
    cache = Settings().model_cache
    rows = [
        {"slug": entry.slug, "name": entry.name, "cached": registry.cached(entry, cache) is not None}
        for entry in registry.known()
    ]
    print_answer(
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
    print_answer(
        as_json, {"slug": clip.slug, "weights_hash": clip.weights_hash, "layers": rows}, [*lines, f"{clip.slug} loads."]
    )


@model_commands.command("fetch")
def model_fetch(slug: str, as_json: AsJson = False) -> None:
    """Download a model's weights into the model cache."""
    path = registry.fetch(registry.entry(slug), Settings().model_cache)
    print_answer(as_json, {"slug": slug, "path": str(path)}, [f"{slug} is in {path}"])
