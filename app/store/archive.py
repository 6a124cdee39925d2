"""The file of a backup: a tar of files with a manifest at its end, so that one that is cut off has none."""

import hashlib
import io
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Literal

from pydantic import BaseModel, ValidationError

from app.errors import BadInput, FacetscopeError

MANIFEST = "manifest.json"
CHUNK = 1 << 20
MODES: dict[str, Literal["w", "w:gz"]] = {".tar": "w", ".gz": "w:gz", ".tgz": "w:gz"}


class Damaged(FacetscopeError):
    """A file that is no backup, or not a whole one."""

    title = "That backup cannot be used"


class Manifest(BaseModel):
    """What a backup holds: `files` are the SHA-256 of each by its path, `counts` the rows of each table."""

    format: Literal[1] = 1
    version: str
    revision: str
    database: str
    made: datetime
    counts: dict[str, int]
    files: dict[str, str] = {}


def mode_of(path: Path) -> Literal["w", "w:gz"]:
    """How a file of that name is written. Raises `BadInput` for another ending than .tar, .tar.gz or .tgz."""
    if path.suffix not in MODES:
        raise BadInput(f"{path.name}: name the file .tar, or .tar.gz to have it compressed.")
    return MODES[path.suffix]


class Writer:
    """Adds files to a backup and remembers their hashes."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar
        self.files: dict[str, str] = {}

    def add(self, name: str, file: BinaryIO) -> None:
        """Add a file, from where it stands to its end as it is now."""
        info = tarfile.TarInfo(name)
        start = file.tell()
        info.size = file.seek(0, io.SEEK_END) - start
        file.seek(start)
        hashing = _Hashing(file)
        self._tar.addfile(info, hashing)  # pyright: ignore[reportArgumentType]  # it only reads
        self.files[name] = hashing.sha256.hexdigest()

    def end(self, manifest: Manifest) -> Manifest:
        """Add the manifest of what was added; returns it."""
        whole = manifest.model_copy(update={"files": dict(self.files)})
        self.add(MANIFEST, io.BytesIO(whole.model_dump_json(indent=1).encode()))
        return whole


class _Hashing:
    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.sha256 = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self.sha256.update(data)
        return data


def unpack(path: Path, out: Path, allowed: frozenset[str]) -> Manifest:
    """Unpack a backup into a folder and check it against its manifest.

    Args:
        allowed: What the first parts of paths may be.

    Raises:
        Damaged: It is no backup, is cut off, or was changed; what is in the folder by then is of no use.
    """
    with _readable(path), tarfile.open(path) as tar:
        hashes = {member.name: _extract(tar, member, out, allowed | {MANIFEST}) for member in tar}
    if hashes.pop(MANIFEST, None) is None:
        raise Damaged(f"{path} is cut off, or is no backup: it has no manifest at its end.")
    try:
        manifest = Manifest.model_validate_json((out / MANIFEST).read_bytes())
    except ValidationError as error:
        raise Damaged(f"{path} has a manifest that this version cannot read: it is of a newer one.") from error
    changed = sorted(name for name, _ in hashes.items() ^ manifest.files.items())
    if changed:
        raise Damaged(f"{path} is damaged: {changed[0]} is not what its manifest says.")
    return manifest


def _extract(tar: tarfile.TarFile, member: tarfile.TarInfo, out: Path, allowed: frozenset[str]) -> str:
    parts = PurePosixPath(member.name).parts
    source = tar.extractfile(member) if member.isreg() else None
    if source is None or parts[0] not in allowed or ".." in parts:
        raise Damaged(f"{member.name} is nothing that a backup holds.")
    place, sha256 = out.joinpath(*parts), hashlib.sha256()
    place.parent.mkdir(parents=True, exist_ok=True)
    with place.open("xb") as file:
        place.chmod(0o600)
        while data := source.read(CHUNK):
            sha256.update(data)
            file.write(data)
    return sha256.hexdigest()


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except (tarfile.TarError, EOFError, zlib.error, FileExistsError) as error:
        raise Damaged(f"{path} is cut off, or is no backup: {error}.") from error
    except OSError as error:
        raise Damaged(f"{path} cannot be unpacked: {error.strerror or error}.") from error
