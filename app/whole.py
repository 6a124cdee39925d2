"""Files and folders that are made in one go: a reader never sees half of one, and what a killed process left of one can be
swept."""

import errno
import fcntl
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import chain
from pathlib import Path
from typing import IO

from app.errors import DiskFull

PUBLIC, PRIVATE = 0o644, 0o600
PART = ".part-"  # what the name of a file or folder begins with that is not whole yet; it is locked while somebody writes it


def write_whole(path: Path, data: bytes | Iterable[bytes], mode: int = PUBLIC) -> None:
    """Write the bytes, or what they come in parts, so that the path holds either nothing, the old bytes, or all of the new ones.

    Args:
        mode: Who may read it: everybody on the machine, or with `PRIVATE` only who runs this.
    """
    with writing(path, mode) as file:
        file.writelines([data] if isinstance(data, bytes) else data)


@contextmanager
def writing(path: Path, mode: int = PUBLIC) -> Iterator[IO[bytes]]:
    """A new file that takes the place of `path` when the block is through; an error leaves nothing of it.

    Raises:
        DiskFull: There is no room for it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with _new(path.parent) as file:
        part = Path(file.name)
        try:
            yield file
            file.flush()
            part.chmod(mode)
            part.replace(path)
        except BaseException as error:  # a full disk must not be left fuller
            part.unlink(missing_ok=True)
            if is_full(error):
                raise DiskFull from error
            raise


def is_full(error: BaseException) -> bool:
    """Whether an error says that a disk, or somebody's share of it, is full: the system's, numpy's, safetensors' or SQLite's."""
    if isinstance(error, DiskFull) or getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
        return True
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return True
    return "No space left" in str(error) or (isinstance(error, OSError) and "requested and" in str(error))


def _new(folder: Path) -> IO[bytes]:
    """A locked file; another one where a sweep took it before it was locked."""
    while True:
        file = tempfile.NamedTemporaryFile(dir=folder, prefix=PART, delete=False)  # noqa: SIM115 - the caller closes it
        fcntl.flock(file, fcntl.LOCK_EX)
        with suppress(FileNotFoundError):
            if Path(file.name).stat().st_ino == os.fstat(file.fileno()).st_ino:
                return file
        file.close()


@contextmanager
def new_folder(parent: Path) -> Iterator[Path]:
    """A new folder to write files to, which the block may rename into its place; what is still there at its end is removed."""
    while True:
        folder = Path(tempfile.mkdtemp(dir=parent, prefix=PART))
        lock = hold(folder, make=False)
        if lock is not None:  # else a sweep took it before it was locked
            break
    try:
        folder.chmod(0o755)  # mkdtemp makes it private
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def hold(folder: Path, how: int = fcntl.LOCK_EX, *, make: bool = True) -> int | None:
    """A file descriptor that holds a folder for as long as it is open; None where somebody else holds it.

    Args:
        how: By `fcntl.LOCK_SH`, several may hold it.
        make: Make the folder where there is none; otherwise None is returned.
    """
    while True:
        if make:
            folder.mkdir(parents=True, exist_ok=True)
        try:
            lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        except FileNotFoundError:  # whoever held it has just removed it
            if make:
                continue
            return None
        try:
            fcntl.flock(lock, how | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            return None
        with suppress(FileNotFoundError):
            if folder.stat().st_ino == os.fstat(lock).st_ino:
                return lock
        os.close(lock)


def drop_folder(folder: Path) -> bool:
    """Remove a folder, unless somebody holds it; returns whether it is gone by this."""
    lock = hold(folder, make=False)
    if lock is None:
        return False
    shutil.rmtree(folder, ignore_errors=True)
    os.close(lock)
    return True


def sweep(folder: Path) -> int:
    """Remove what killed processes left of their files and folders below a folder; returns how many there were.

    The system lets go of a lock when its process ends, however it ends: what somebody still writes is left alone.
    """
    return sum(drop_folder(part) if part.is_dir() else _drop(part) for part in list(parts(folder)))


def parts(folder: Path) -> Iterator[Path]:
    """The files and folders below a folder that are not whole, whether somebody still writes them or not."""
    found = (Path(place, name) for place, *names in os.walk(folder) for name in chain(*names))
    return (path for path in found if path.name.startswith(PART))


def files_below(folder: Path) -> Iterator[Path]:
    """The files in a folder or below it; folders that go meanwhile are passed over."""
    return (Path(place, name) for place, _, names in os.walk(folder) for name in names)


def _drop(part: Path) -> bool:
    try:
        with part.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            part.unlink()
    except OSError:  # it is being written, or whole by now
        return False
    return True
