"""The folder that a copy is written to: whole or not at all, with a list of all that is in it."""

import hashlib
import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from app.errors import BadInput, NotReady

MANIFEST = "manifest.json"
KIND = "facetscope copy"


class Folder:
    """A folder that grows; it remembers the size and the SHA-256 of each of its files."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.files: dict[str, dict[str, int | str]] = {}

    def write(self, file: str, data: bytes) -> None:
        """Write one file by its path in the folder."""
        path = self.root / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        self.files[file] = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}

    def write_manifest(self, about: dict[str, Any]) -> None:
        """Say what the folder is and list its files, all but the list itself."""
        manifest = {"kind": KIND, **about, "files": dict(sorted(self.files.items()))}
        (self.root / MANIFEST).write_text(json.dumps(manifest, indent=1, ensure_ascii=False), "utf-8")

    @property
    def bytes(self) -> int:
        """How large its files are together."""
        return sum(int(each["bytes"]) for each in self.files.values())


def check(place: Path, replace: bool) -> None:
    """Raise `BadInput` unless a copy may be put there: nothing is there, or with `replace` an earlier copy and no more."""
    if place.exists() and not place.is_dir():
        raise BadInput(f"{place} is a file. Name a folder that is not there yet.")
    if not place.is_dir() or not any(place.iterdir()):
        return
    if not replace:
        raise BadInput(f"{place} is not empty. Name another folder, or give --replace if an earlier copy is in it.")
    known = _known(place)
    if known is None:
        raise BadInput(f"{place} is no copy that publish made, so it is not replaced. Name another folder.")
    there = {path.relative_to(place).as_posix() for path in place.rglob("*") if not path.is_dir()}
    if foreign := sorted(there - known):
        raise BadInput(
            f"{place} holds what publish did not put there, {foreign[0]} for one, and replacing the copy would lose it. "
            "Move it away, or name another folder."
        )


@contextmanager
def whole(place: Path, replace: bool) -> Iterator[Folder]:
    """A folder beside `place` to write to, which takes its place at the end; on errors nothing has changed.

    Raises:
        BadInput: As `check` does.
        NotReady: The files cannot be written.
    """
    check(place, replace)
    place = place.resolve()
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=place.parent, prefix=".publish-") as beside:
            folder = Folder(Path(beside) / "new")
            folder.root.mkdir()
            yield folder
            check(place, replace)
            _put(folder.root, place, Path(beside) / "old")
    except OSError as error:
        raise NotReady(f"{place} cannot be written, and nothing is changed: {error}.") from error


def _put(new: Path, place: Path, old: Path) -> None:
    if not place.exists():
        new.rename(place)
        return
    place.rename(old)
    try:
        new.rename(place)
    except OSError:
        old.rename(place)
        raise


def _known(place: Path) -> set[str] | None:
    """The files that a copy's manifest names, itself one of them; None if the folder is no copy."""
    try:
        manifest = json.loads((place / MANIFEST).read_bytes())
        return {*manifest["files"], MANIFEST} if manifest["kind"] == KIND else None
    except (OSError, ValueError, KeyError, TypeError):
        return None
