"""The folder that an index grows in, until it takes the place of the one before.

It lies hidden beside that place and is locked while somebody works in it. The system lets go of the lock when the
process ends, however it ends, so a folder that nobody holds is what a build left that was stopped.
"""

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.corpus.manifest import FILE
from app.errors import BadInput, NotReady
from app.whole import drop_folder, hold

KEPT = "unfinished"  # the part of the folder that is worth keeping when a build stops, and no part of an index


@contextmanager
def replacing(out_dir: Path, key: str | None = None) -> Iterator[Path]:
    """A folder that takes the place of `out_dir` when the block is through.

    An error leaves nothing of it, unless there is something in `folder / KEPT`: then the next call with the same key
    gets that very folder. What was left under other keys is removed.

    Whoever has the old `out_dir` open keeps reading it until it is closed.

    Raises:
        BadInput: `out_dir` holds something that is no index, which must not be replaced.
        NotReady: somebody else is at work on the same `out_dir`.
    """
    if out_dir.exists() and not (out_dir / FILE).is_file() and (out_dir.is_file() or any(out_dir.iterdir())):
        raise BadInput(f"{out_dir} exists and is no index: choose another folder or name.", field="name")
    out_dir.parent.mkdir(parents=True, exist_ok=True)
    start = f".{out_dir.name}.partial-"
    folder = Path(tempfile.mkdtemp(prefix=start, dir=out_dir.parent)) if key is None else out_dir.parent / (start + key)
    with _held(folder):
        try:
            _clear(out_dir, but=folder)
            yield folder
            _swap(folder, out_dir)
        finally:
            if not (folder / KEPT).is_dir() or not any((folder / KEPT).iterdir()):
                shutil.rmtree(folder, ignore_errors=True)


def _swap(folder: Path, out_dir: Path) -> None:
    shutil.rmtree(folder / KEPT, ignore_errors=True)
    folder.chmod(0o755)  # mkdtemp makes it private
    old = folder.with_name(f"{folder.name}.old")
    if out_dir.exists():
        out_dir.rename(old)
    folder.rename(out_dir)
    shutil.rmtree(old, ignore_errors=True)


def _clear(out_dir: Path, but: Path) -> None:
    """Remove what others left that were stopped."""
    name = re.compile(re.escape(f".{out_dir.name}.partial-") + r"\w+(\.old)?")
    for folder in out_dir.parent.iterdir():
        if folder != but and name.fullmatch(folder.name):
            with _held(folder):
                shutil.rmtree(folder, ignore_errors=True)


def sweep_stopped(folder: Path) -> None:
    """Remove what builds that were stopped left in a folder of indexes, unless the next one would go on from it."""
    for left in folder.glob(".*.partial-*"):
        worth_keeping = (left / FILE).is_file() or any((left / KEPT).glob("*"))
        if left.suffix == ".old" or not worth_keeping:
            drop_folder(left)


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    """Make the folder, if there is none, and be the only one who holds it."""
    lock = hold(folder)
    if lock is None:
        name = folder.name.partition(".partial-")[0][1:]
        raise NotReady(f"Another process is building the index {name}: wait until it is done, or stop it.")
    try:
        yield
    finally:
        os.close(lock)
