"""`key`: who may come in to a server that asks for one."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from app.cli.options import AsJson, DataFolder, print_answer
from app.microscope import Microscope
from app.microscope.keys import KeyDesk
from app.settings import Settings
from app.spec import KeyScope

key_commands = typer.Typer(no_args_is_help=True, help="Keys of people and programs, where access is not private.")

Scope = Annotated[KeyScope, typer.Option(help="read: browse; make: also change things; admin: everything.")]


@key_commands.command("add")
def key_add(name: str, scope: Scope, data: DataFolder = None, as_json: AsJson = False) -> None:
    """Make a key and print it, this once: only a hash of it is kept."""
    with _desk(data) as desk:
        key = desk.add(name, scope)
    print_answer(as_json, {"name": name, "scope": scope, "key": key}, [key])


@key_commands.command("list")
def key_list(data: DataFolder = None, as_json: AsJson = False) -> None:
    """List the keys there are, and what each is good for."""
    with _desk(data) as desk:
        rows = [line.model_dump(mode="json") for line in desk.all()]
    lines = [f"{row['name']:<40} {row['scope']:<6} since {row['created'][:10]}" for row in rows]
    print_answer(as_json, {"keys": rows}, lines or ["There are no keys. `key add NAME --scope make` makes one."])


@key_commands.command("revoke")
def key_revoke(name: str, data: DataFolder = None, as_json: AsJson = False) -> None:
    """Let nobody in with a key any more, at once; who is in with it is out."""
    with _desk(data) as desk:
        desk.revoke(name)
    print_answer(as_json, {"revoked": name}, [f"{name} is revoked."])


@contextmanager
def _desk(data: Path | None) -> Iterator[KeyDesk]:
    microscope = Microscope(Settings(data=data))
    try:
        yield microscope.key_desk
    finally:
        microscope.close()
