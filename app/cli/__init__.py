"""The command line: `python -m app COMMAND`. Exit code 0 done, 1 failed with one sentence, 2 wrong usage.

`serve` ends with 70 when the device failed, or the database stayed away, and a new process is needed.
"""

import logging
import sys

import typer
from pydantic import ValidationError

from app.cli.backups import backup, restore
from app.cli.doctor import doctor
from app.cli.experiments import reproduce
from app.cli.facets import facet_commands
from app.cli.indexes import family_commands, index_commands, label_commands
from app.cli.keys import key_commands
from app.cli.models import model_commands
from app.cli.publish import publish_copy
from app.cli.renders import gallery_commands, render_one
from app.cli.serving import export_people, serve
from app.demo.commands import app as demo
from app.errors import BadInput, DiskFull, FacetscopeError
from app.whole import is_full

FULL = (
    "The disk is full, so this could not be kept; all else is as it was. Make room, then give the same command again."
)

cli = typer.Typer(no_args_is_help=True, add_completion=False, help="A microscope for the multimodal neurons of CLIP.")
cli.command()(serve)
cli.command()(doctor)
cli.command("export")(export_people)
cli.command()(backup)
cli.command()(restore)
cli.command("publish")(publish_copy)
cli.command("render")(render_one)
cli.command()(reproduce)
cli.add_typer(model_commands, name="model")
cli.add_typer(index_commands, name="index")
cli.add_typer(facet_commands, name="facet")
cli.add_typer(label_commands, name="label")
cli.add_typer(family_commands, name="family")
cli.add_typer(key_commands, name="key")
cli.add_typer(gallery_commands, name="gallery")
cli.add_typer(demo, name="demo")


def main() -> None:
    """Run the command line, turning our errors into one sentence and an exit code."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    try:
        cli()
    except BadInput as error:
        sys.exit(_say(error.detail, 2))
    except FacetscopeError as error:
        sys.exit(_say(FULL if isinstance(error, DiskFull) else error.detail, 1))
    except ValidationError as error:
        sys.exit(
            _say(
                "; ".join(
                    f"{_place(each['loc'])}{each['msg'].removeprefix('Value error, ')}" for each in error.errors()
                ),
                2,
            )
        )
    except Exception as error:
        if not is_full(error):
            raise
        sys.exit(_say(FULL, 1))


def _say(sentence: str, code: int) -> int:
    typer.echo(sentence, err=True)
    return code


def _place(location: tuple[int | str, ...]) -> str:
    return ".".join(map(str, location)) + ": " if location else ""
