"""`backup` and `restore`: all that people made in one file, and back."""

from pathlib import Path
from typing import Annotated

import typer

from app.cli.options import AsJson, DataFolder, print_answer
from app.settings import Settings
from app.store.archive import Manifest
from app.store.backup import back_up
from app.store.backup import restore as put_back

KINDS = ("renders", "facets", "looks", "findings", "notes", "unit_lists")  # that a person wants to hear of


def backup(
    file: Annotated[Path, typer.Argument(help="File to write: .tar, or .tar.gz to have it compressed.")],
    data: DataFolder = None,
    as_json: AsJson = False,
) -> None:
    """Write all that people made to one file, while the server runs: the database, pictures, facets and findings.

    Indexes, galleries and weights are not in it: they are computed or fetched again.
    """
    manifest = back_up(Settings(data=data), file)
    size = file.stat().st_size
    _answer(as_json, manifest, {"file": str(file), "bytes": size}, f"{file}: {size / 1e6:.1f} MB")


def restore(
    file: Annotated[Path, typer.Argument(help="File that `backup` wrote.")],
    data: DataFolder = None,
    as_json: AsJson = False,
) -> None:
    """Put a backup into a new data folder, and bring it up to this version."""
    settings = Settings(data=data)
    manifest = put_back(file, settings)
    _answer(as_json, manifest, {"data": str(settings.data)}, str(settings.data))


def _answer(as_json: bool, manifest: Manifest, place: dict[str, str | int], said: str) -> None:
    about = {**place, **manifest.model_dump(mode="json", exclude={"files"}), "files": len(manifest.files)}
    counts = ", ".join(f"{manifest.counts.get(kind, 0)} {kind.replace('_', ' ')}" for kind in KINDS)
    lines = [
        f"{said}, {len(manifest.files)} files",
        f"{counts}; revision {manifest.revision}, {manifest.made:%F %T} UTC",
    ]
    print_answer(as_json, about, lines)
