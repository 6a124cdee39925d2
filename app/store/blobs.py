"""Where pictures and word lists are kept: in a folder, or in a bucket that fsspec reaches. Nobody sees half of one."""

import logging
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol, TypeVar

import fsspec

from app.errors import Away, BadInput
from app.store.again import transactions
from app.whole import PRIVATE, files_below, write_whole

FRESH_S = 12 * 3600  # long before anything counts as old to the sweep
T = TypeVar("T")

log = logging.getLogger(__name__)
AWAY = "Where pictures are kept cannot be reached. What you may have sent just now is not kept, all else is. Try again in a moment."


class Blobs(Protocol):
    """Bytes by path, which is relative and divided by slashes."""

    def put(self, path: str, data: bytes) -> None:
        """Keep bytes, in the place of those that were there."""
        ...

    def get(self, path: str) -> bytes:
        """The bytes at a path. Raises `FileNotFoundError`."""
        ...

    def touch(self, path: str) -> bool:
        """Let what is at a path count as new; whether there is anything."""
        ...

    def modified(self, path: str) -> float:
        """When what is at a path was last written or touched, as Unix time. Raises `FileNotFoundError`."""
        ...

    def drop(self, path: str) -> None:
        """Forget what is at a path, if anything."""
        ...

    def drop_folder(self, folder: str) -> None:
        """Forget all that lies in a folder or below it."""
        ...

    def size(self, folder: str) -> int:
        """How many bytes what lies in a folder or below it takes up."""
        ...

    def names(self, folder: str) -> list[str]:
        """The names of what lies directly in a folder."""
        ...

    def every(self, folder: str) -> Iterator[str]:
        """The paths of all that lies in a folder or below it."""
        ...


def blobs_at(address: str, data: Path) -> Blobs:
    """What an address of the settings stands for; the data folder where it is empty.

    Raises:
        BadInput: No such kind of address is known, or its package is not installed.
    """
    if not address:
        return Folder(data)
    try:
        return Bucket(address)
    except (ValueError, ImportError) as error:
        raise BadInput(f"blobs: {address}: {error}. For s3:// it takes `uv sync --extra s3`.", field="blobs") from error


class Folder:
    """Files of a local folder, which only who runs the server may read."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, path: str, data: bytes) -> None:
        write_whole(self.root / path, data, PRIVATE)

    def get(self, path: str) -> bytes:
        return (self.root / path).read_bytes()

    def touch(self, path: str) -> bool:
        try:
            os.utime(self.root / path)
        except OSError:  # not there, or not ours to write
            return (self.root / path).exists()
        return True

    def modified(self, path: str) -> float:
        return (self.root / path).stat().st_mtime

    def drop(self, path: str) -> None:
        (self.root / path).unlink(missing_ok=True)

    def drop_folder(self, folder: str) -> None:
        shutil.rmtree(self.root / folder, ignore_errors=True)

    def size(self, folder: str) -> int:
        return sum(_size(path) for path in files_below(self.root / folder))

    def names(self, folder: str) -> list[str]:
        try:
            return [path.name for path in (self.root / folder).iterdir() if not path.name.startswith(".")]
        except FileNotFoundError:
            return []

    def every(self, folder: str) -> Iterator[str]:
        for path in sorted(files_below(self.root / folder)):
            if not path.name.startswith("."):
                yield path.relative_to(self.root).as_posix()


@transactions
class Bucket:
    """Objects below an address such as `s3://bucket/prefix`. Raises `Away` where it cannot be reached."""

    def __init__(self, address: str) -> None:
        # what another process has written is seen at once
        self.files, self.root = fsspec.core.url_to_fs(address.rstrip("/"), use_listings_cache=False)

    def put(self, path: str, data: bytes) -> None:
        with _reached():
            self.files.pipe_file(self._at(path), data)

    def get(self, path: str) -> bytes:
        with _reached():
            return self.files.cat_file(self._at(path))

    def touch(self, path: str) -> bool:
        """The time of an object is that of its writing: it is written again, unless it is fresh."""
        try:
            if time.time() - self.modified(path) > FRESH_S:
                self.put(path, self.get(path))
        except FileNotFoundError:
            return False
        return True

    def modified(self, path: str) -> float:
        with _reached():
            return self.files.modified(self._at(path)).timestamp()

    def drop(self, path: str) -> None:
        with _reached(), suppress(FileNotFoundError):
            self.files.rm_file(self._at(path))

    def drop_folder(self, folder: str) -> None:
        with _reached(), suppress(FileNotFoundError):
            self.files.rm(self._at(folder), recursive=True)

    def size(self, folder: str) -> int:
        with _reached(), suppress(FileNotFoundError):
            return sum(each["size"] for each in self.files.find(self._at(folder), detail=True).values())
        return 0

    def names(self, folder: str) -> list[str]:
        return [path.rpartition("/")[2] for path in self._listed(self.files.ls, folder, detail=False)]

    def every(self, folder: str) -> Iterator[str]:
        start = len(self._at(""))
        for path in sorted(self._listed(self.files.find, folder)):
            yield path[start:]

    def _at(self, path: str) -> str:
        return f"{self.root}/{path}"

    def _listed(self, list_: Callable[..., list[str]], folder: str, **options: bool) -> list[str]:
        with _reached():
            try:
                found = list_(self._at(folder), **options)
            except FileNotFoundError:
                return []
        return [path for path in found if not path.endswith("/")]  # without the mark of a folder that a console made


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:  # gone meanwhile
        return 0


@contextmanager
def _reached() -> Iterator[None]:
    """Every store has errors of its own: all but that of a missing file mean that it does not answer."""
    try:
        yield
    except FileNotFoundError:
        raise
    except Exception as error:
        log.warning("blobs are away: %s", error)
        raise Away(AWAY) from error
