"""Where pictures and word lists are kept: in a folder, or in a bucket that fsspec reaches. Nobody sees half of one."""

import asyncio
import logging
import os
import shutil
import time
from collections.abc import Callable, Coroutine, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol, TypeVar

from fsspec.asyn import sync
from fsspec.config import conf
from fsspec.core import url_to_fs

from app.errors import Away, BadInput, NotReady
from app.store.again import transactions
from app.whole import PRIVATE, files_below, write_whole

FRESH_S = 12 * 3600  # long before anything counts as old to the sweep
T = TypeVar("T")
# for a connection, and then for each answer; what fails is asked once more
S3 = {"connect_timeout": 2, "read_timeout": 5, "retries": {"mode": "standard", "total_max_attempts": 2}}
PUT_S = 20  # for one object: aiohttp waits for ever for a server to say that it may have the bytes

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

    def check(self) -> None:
        """Ask whether it can be used. Raises `NotReady` with what is wrong."""
        ...

    def close(self) -> None:
        """Let go of the connections."""
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
        kind = address.partition("://")[0]  # what follows may have a password in it
        said = f"blobs: {kind}:// cannot be used: {error}. For s3:// it takes `uv sync --extra s3`."
        raise BadInput(said, field="blobs") from error


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

    def check(self) -> None:
        """It is made at the first write."""

    def close(self) -> None:
        """There are none."""


@transactions
class Bucket:
    """Objects below an address such as `s3://bucket/prefix`. Raises `Away` where it cannot be reached."""

    def __init__(self, address: str) -> None:
        # what another process has written is seen at once, and the connections are nobody else's
        options = {"use_listings_cache": False, "skip_instance_cache": True}
        self.files, self.root = url_to_fs(address.rstrip("/"), **options, **_bounded(address))
        if hasattr(self.files, "retries"):  # of s3fs, over those of the library below it
            self.files.retries = 1

    def put(self, path: str, data: bytes) -> None:
        with _reached():
            if self.files.async_impl:
                sync(self.files.loop, _soon, self.files._pipe_file(self._at(path), data))
            else:
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
        with suppress(FileNotFoundError), _reached():
            self.files.rm_file(self._at(path))

    def drop_folder(self, folder: str) -> None:
        place = self._at(folder)
        with suppress(FileNotFoundError), _reached():
            there = _unmarked(self.files.find(place))
            self.files.rm(place, recursive=True)
            left = set(_unmarked(self.files.find(place))).intersection(there)
            if left:  # of what may not be deleted S3 says nothing
                raise PermissionError(f"{min(left)} cannot be deleted")

    def size(self, folder: str) -> int:
        with suppress(FileNotFoundError), _reached():
            return sum(each["size"] for each in self.files.find(self._at(folder), detail=True).values())
        return 0

    def names(self, folder: str) -> list[str]:
        return [path.rpartition("/")[2] for path in self._listed(self.files.ls, folder, detail=False)]

    def every(self, folder: str) -> Iterator[str]:
        start = len(self._at(""))
        for path in sorted(self._listed(self.files.find, folder)):
            yield path[start:]

    def check(self) -> None:
        try:
            self.names("")
        except Away as away:
            place = self.files.unstrip_protocol(self.root)  # without a password
            raise NotReady(f"blobs: {place} cannot be used: {away.__cause__}", field="blobs") from away

    def close(self) -> None:
        session = getattr(self.files, "_s3", None)
        if session is not None:  # s3fs would close it when it is collected, with a warning from the loop
            sync(self.files.loop, session.close)

    def _at(self, path: str) -> str:
        return f"{self.root}/{path}"

    def _listed(self, list_: Callable[..., list[str]], folder: str, **options: bool) -> list[str]:
        found: list[str] = []
        with suppress(FileNotFoundError), _reached():
            found = list_(self._at(folder), **options)
        return _unmarked(found)


def _unmarked(paths: Iterable[str]) -> list[str]:
    """Without the marks of folders that a console made."""
    return [path for path in paths if not path.endswith("/")]


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:  # gone meanwhile
        return 0


def _bounded(address: str) -> dict[str, Any]:
    """How S3 is asked, so that nobody waits for long where it is away; what fsspec's configuration says goes before."""
    if not address.startswith("s3://"):
        return {}
    return {"config_kwargs": {**S3, **conf.get("s3", {}).get("config_kwargs", {})}}


async def _soon(write: Coroutine[Any, Any, object]) -> None:
    try:
        async with asyncio.timeout(PUT_S):
            await write
    except TimeoutError as error:
        raise ConnectionError(f"no answer within {PUT_S} s") from error


@contextmanager
def _reached() -> Iterator[None]:
    """Every store has errors of its own: all but that of a missing file mean that it does not answer."""
    try:
        yield
    except Exception as error:
        if isinstance(error, FileNotFoundError) and not _lacks_bucket(error):
            raise
        log.warning("blobs are away: %s", error)
        raise Away(AWAY) from error


def _lacks_bucket(error: FileNotFoundError) -> bool:
    """Whether S3 has no such bucket, which is not the same as one without such a file."""
    response = getattr(error.__cause__, "response", {})
    return response.get("Error", {}).get("Code") == "NoSuchBucket"
