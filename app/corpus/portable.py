"""An index with its pictures in one folder, to be served elsewhere: everything that the index's folder holds, and the
pictures as they are shown, in tar shards.

Key and provenance are those of the index that it was made of. The manifest's root is the folder itself, so it may lie
anywhere.
"""

import io
import shutil
import tarfile
import tempfile
from collections.abc import Callable
from pathlib import Path

from app.corpus.index import Index
from app.corpus.manifest import FILE as MANIFEST
from app.corpus.rows import FILE as ROWS
from app.corpus.rows import RowWriter
from app.corpus.sources import Item, Locator
from app.errors import BadInput, NotReady
from app.images import encode_webp

SHARD = 10_000  # pictures in a tar file
QUALITY = 90  # WebP, as pages show them
BLOCK = 512  # bytes of a member's header


def export(index: Index, out: Path, progress: Callable[[int, int | None], None] = lambda _done, _total: None) -> None:
    """Write an index and its pictures to a new folder, whole or not at all.

    Raises:
        BadInput: `out` is there already.
        NotFound: the file of a picture is gone.
        NotReady: the index was built anew meanwhile.
    """
    if out.exists():
        raise BadInput(f"{out} is there already: choose another folder, or remove it.", field="out")
    out.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{out.name}.partial-", dir=out.parent))
    try:
        shutil.copytree(index.folder, partial, ignore=_passing, dirs_exist_ok=True)
        _write_pictures(index, partial, progress)
        if index.manifest.key != Index.open(index.folder).manifest.key:
            raise NotReady(f"The index {index.manifest.name} was built anew meanwhile: export it again.")
        index.manifest.model_copy(update={"root": Path()}).write(partial)
        partial.chmod(0o755)  # mkdtemp makes it private
        partial.rename(out)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _passing(_folder: str, names: list[str]) -> set[str]:
    """What is not copied: what is written anew, and what somebody is still writing."""
    return {name for name in names if name in (MANIFEST, ROWS) or name.startswith(".") or name.endswith(".partial")}


def _write_pictures(index: Index, folder: Path, progress: Callable[[int, int | None], None]) -> None:
    with RowWriter(folder) as rows:
        for start in range(0, len(index), SHARD):
            name = f"pictures-{start // SHARD:06d}.tar"
            with tarfile.open(folder / name, "w", format=tarfile.USTAR_FORMAT) as archive:
                for number in range(start, min(start + SHARD, len(index))):
                    item, data = index.item(number), encode_webp(index.image(number), quality=QUALITY)
                    member = tarfile.TarInfo(f"{number:09d}.webp")
                    member.size = len(data)
                    place = Locator(name, archive.offset + BLOCK, len(data))
                    archive.addfile(member, io.BytesIO(data))
                    rows.add([Item(item.key, place, folder, item.record)])
                    progress(number + 1, len(index))
