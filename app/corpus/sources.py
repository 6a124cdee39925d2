"""Where the images of a corpus come from: a folder, tar shards in webdataset's layout (`key.webp` + `key.json`), or
Parquet files with a column of pictures.

The first two may have a table of labels beside them: see `labels`.
"""

import hashlib
import json
import os
import re
import tarfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby
from pathlib import Path, PurePosixPath

from app.corpus import hub, parquet
from app.corpus.labels import Record, labels
from app.errors import BadInput, NotFound
from app.images import SUFFIXES
from app.spec import ID_LENGTH, canonical_json

SAMPLE = 4096  # bytes at either end of a file that go into the corpus' hash
LONGEST_RECORD = 65_536  # bytes of a `.json` or `.txt` member; longer ones are not captions


@dataclass(frozen=True)
class Locator:
    """Where the bytes of an image lie: a file relative to the source's root, and the span within it.

    In a `.parquet` file, `start` is the row.
    """

    file: str
    start: int
    size: int

    def read(self, root: Path) -> bytes:
        """The bytes of the image.

        Raises:
            NotFound: the file is gone or was cut short since the locator was made.
        """
        return self._span(root, 0, self.size)

    def sample(self, root: Path) -> bytes:
        """The first and the last bytes, enough to tell two image files of the same size apart."""
        ends = self._span(root, 0, min(self.size, SAMPLE))
        return ends + self._span(root, max(0, self.size - SAMPLE), min(self.size, SAMPLE))

    def _span(self, root: Path, start: int, size: int) -> bytes:
        path = root / self.file
        try:
            if path.suffix == parquet.SUFFIX:
                data = self._cell(path)[start : start + size]
            else:
                with path.open("rb") as file:
                    file.seek(self.start + start)
                    data = file.read(size)
        except OSError as error:
            raise NotFound(f"The image file {path} cannot be read: put the images back or index them again.") from error
        if len(data) < size:
            raise NotFound(f"The image file {path} has changed since it was indexed: index the images again.")
        return data

    def _cell(self, path: Path) -> bytes:
        """The picture of a row; none where the row has another one than it had."""
        data = parquet.picture(path, self.start)
        return data if len(data) == self.size else b""


@dataclass(frozen=True)
class Item:
    """One image of a source. `key` is unique in it; `record` is what is known of the image, `caption` at least."""

    key: str
    locator: Locator
    root: Path
    record: Record = field(default_factory=dict)

    def read(self) -> bytes:
        """The bytes of the image file; raises NotFound if it is gone."""
        return self.locator.read(self.root)


class Source:
    """An ordered set of images. Iterating yields an Item for every file that looks like a picture by its name.

    Args:
        spec: What the source was opened with.
        root: Where its files lie, absolute.
    """

    def __init__(self, spec: str, root: Path) -> None:
        self.spec = spec
        self.root = root.absolute()

    def __iter__(self) -> Iterator[Item]:
        raise NotImplementedError

    @property
    def manifest_hash(self) -> str:
        """A hash of every image's key, record, size, first and last 4 KB, in order: the identity of the corpus. It
        does not depend on where the files lie or when they were written."""
        return self._scan[0]

    @property
    def count(self) -> int:
        """How many files look like pictures; some of them may turn out not to be readable."""
        return self._scan[1]

    @cached_property
    def _scan(self) -> tuple[str, int]:
        digest, count = hashlib.sha256(), 0
        for item in self:
            count += 1
            digest.update(f"{canonical_json([item.key, item.record])}\0{item.locator.size}\0".encode())
            with suppress(NotFound):  # the build refuses it by name
                digest.update(item.locator.sample(self.root))
        return digest.hexdigest()[:ID_LENGTH], count


class Folder(Source):
    """The pictures below a folder, folder by folder in the order of their names; captions from the file names.

    A `metadata.parquet` in the folder itself, not in one below it, says more of them and wins over the file names. Without one
    a picture in a sub-folder is of the `class` that this is called by.
    """

    def __iter__(self) -> Iterator[Item]:
        known = labels(self.root)
        for place, folders, files in os.walk(self.root):
            folders[:] = sorted(name for name in folders if not name.startswith(".") and name != "__MACOSX")
            for name in sorted(files):
                if not name.startswith(".") and _is_picture(name):
                    yield self._item(Path(place) / name, known)

    def _item(self, path: Path, known: dict[str, Record]) -> Item:
        key = path.relative_to(self.root).as_posix()
        caption = " ".join(path.stem.replace("_", " ").replace("-", " ").split())
        try:
            size = path.stat().st_size
        except OSError:  # a dangling link: reading it gives the reason
            size = 0
        record = {"caption": caption, **known.get(key, {})}
        if not known and path.parent != self.root:
            record["class"] = path.parent.name
        return Item(key, Locator(key, 0, size), self.root, record)


class Shards(Source):
    """The pictures in uncompressed tar files, read where they lie; captions from the `.json` or `.txt` beside them,
    and over those from the `metadata.parquet` beside the tar file."""

    def __init__(self, spec: str, root: Path, shards: list[Path]) -> None:
        super().__init__(spec, root)
        self.shards = shards

    def __iter__(self) -> Iterator[Item]:
        for shard in self.shards:
            known = labels(shard.parent, shard.name)
            try:
                with tarfile.open(shard, "r:") as tar:
                    yield from self._items(shard.absolute().relative_to(self.root).as_posix(), tar, known)
            except (tarfile.TarError, EOFError) as error:
                raise BadInput(f"{shard} is not a whole, uncompressed .tar file: write it again.") from error

    def _items(self, shard: str, tar: tarfile.TarFile, known: dict[str, Record]) -> Iterator[Item]:
        base = PurePosixPath(shard).name
        for key, members in groupby(_files(tar), key=lambda member: _split(member.name)[0]):
            locator, record, better = None, {}, {}
            for member in members:
                suffix = _split(member.name)[1]
                if suffix in SUFFIXES:
                    locator = Locator(shard, member.offset_data, member.size)
                    better = known.get(f"{base}/{member.name}", {})
                elif suffix in (".json", ".txt") and member.size <= LONGEST_RECORD:
                    record |= _record(suffix, tar.extractfile(member).read())  # pyright: ignore[reportOptionalMemberAccess]
            if locator is not None:
                yield Item(f"{shard}/{key}", locator, self.root, {"caption": "", **record, **better})


class Tables(Source):
    """The pictures in Parquet files, one a row, with the other columns as labels: see `parquet`."""

    def __init__(self, spec: str, root: Path, files: list[Path]) -> None:
        super().__init__(spec, root)
        self.files = files

    def __iter__(self) -> Iterator[Item]:
        for path in self.files:
            file = path.absolute().relative_to(self.root).as_posix()
            for row, (size, record) in enumerate(parquet.pictures(path)):
                yield Item(f"{file}/{row:06d}", Locator(file, row, size), self.root, record)


def _files(tar: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    while (member := tar.next()) is not None:
        tar.members = []  # pyright: ignore[reportAttributeAccessIssue]  # it would remember every member
        if member.isfile() and not PurePosixPath(_split(member.name)[0]).name.startswith("."):
            yield member


def open_source(spec: str) -> Source:
    """Open a folder of images, one `.tar` or `.parquet` file, or a glob of such files: `data/train-*.tar`.

    `hf:NAME[:SPLIT]` opens a data set of the Hugging Face hub, and `hf:FOLDER[:SPLIT]` a copy of one.

    Raises:
        NotFound: there is no such data set.
        BadInput: the words do not name any images; the sentence says which kinds there are.
    """
    source = _data_set(spec) if spec.startswith("hf:") else _open(spec)
    if next(iter(source), None) is None:
        raise BadInput(f"There are no pictures in {spec}: it needs files like photo.jpg or photo.png.", field="images")
    return source


def _data_set(spec: str) -> Source:
    name, _, split = spec.removeprefix("hf:").partition(":")
    folder = Path(name).expanduser().absolute()
    if not folder.is_dir():
        files = hub.fetch(name, split or "train")
        return Tables(spec, files[0].parents[2], files)
    pictures = Folder(spec, folder / split)
    if next(iter(pictures), None) is not None:
        return pictures
    files = [path for path in sorted(folder.rglob("*.parquet")) if _is_of_split(path.relative_to(folder), split)]
    return Tables(spec, folder, files)


def _is_of_split(path: Path, split: str) -> bool:
    """As the datasets library has it: the split's name is a word of the path, `data/train-00000-of-00002.parquet`."""
    return not split or split in re.split("[^A-Za-z0-9]+", path.as_posix())


def _open(spec: str) -> Source:
    path = Path(spec).expanduser().absolute()  # the process may change its folder
    if path.is_dir():
        return Folder(spec, path)
    root = path
    while root.parent != root and not root.is_dir():
        root = root.parent
    pattern = path.relative_to(root).as_posix()
    files = sorted(path for path in root.glob(pattern) if path.is_file())
    shards, tables = ([path for path in files if path.suffix == suffix] for suffix in (".tar", parquet.SUFFIX))
    if bool(shards) == bool(tables):
        raise BadInput(
            f"{spec} names {'two kinds of files' if shards else 'no images'}: give a folder of images, or .tar shards "
            "or .parquet files such as 'data/train-*.tar' in quotes.",
            field="images",
        )
    return Shards(spec, root, shards) if shards else Tables(spec, root, tables)


def _is_picture(name: str) -> bool:
    return PurePosixPath(name).suffix.lower() in SUFFIXES


def _split(name: str) -> tuple[str, str]:
    """Split at the first dot of the base name, as webdataset does, but take only the last suffix's kind."""
    folder, slash, base = name.rpartition("/")
    return folder + slash + base[:1] + base[1:].partition(".")[0], PurePosixPath(base).suffix.lower()


def _record(suffix: str, data: bytes) -> Record:
    text = data.decode(errors="replace")
    if suffix == ".txt":
        return {"caption": text.strip()}
    try:
        values = json.loads(text)
    except ValueError:
        return {}
    pairs = values.items() if isinstance(values, dict) else ()
    return {name: value if isinstance(value, str) else canonical_json(value) for name, value in pairs}
