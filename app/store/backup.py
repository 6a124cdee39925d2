"""Backup and restore: the database, the pictures, and the files of facets and findings. What can be computed again is left
out: indexes and what is derived from them, galleries, downloaded weights."""

import io
import shutil
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine

from app.errors import BadInput, NotReady
from app.settings import VERSION, Settings
from app.store.archive import Manifest, Writer, mode_of, unpack
from app.store.blobs import Blobs, Folder, blobs_at
from app.store.database import connect
from app.store.dump import NAMES, check_empty, dump, load, sqlite_path
from app.store.files import BLOBS, FILES
from app.store.migrate import migrate, revisions
from app.whole import PRIVATE

DERIVED = "facets/pictures/"
FOUND = "lost+found"  # what a new file system has in it

Tell = Callable[[int], object]


def back_up(settings: Settings, out: Path, tell: Tell = lambda done: None) -> Manifest:
    """Write a backup; a server may be at work meanwhile. Returns its manifest.

    The database comes first: files are written before a row speaks of them, so that what it says is there.

    Args:
        tell: Told the number of files so far.

    Raises:
        BadInput: `out` exists, or its name has another ending than .tar, .tar.gz or .tgz.
        NotFound: There is no database.
        NotReady: The backup cannot be written, the database cannot be dumped, or the bucket cannot be used.
    """
    mode = mode_of(out)
    if out.exists():
        raise BadInput(f"{out} exists already: give the backup a name of its own.")
    with _engine(settings) as engine, _blobs(settings) as blobs, _room(out.parent, ".backup-") as room:
        revision, counts = dump(engine, room)
        kind, made = engine.dialect.name, datetime.now(UTC)
        manifest = Manifest(version=VERSION, revision=revision, database=kind, made=made, counts=counts)
        part = room / out.name
        with tarfile.open(part, mode, **({"compresslevel": 1} if mode == "w:gz" else {})) as tar:  # pyright: ignore
            writer = Writer(tar)
            with (room / NAMES[kind]).open("rb") as file:
                writer.add(NAMES[kind], file)
            _add_files(writer, blobs, Folder(settings.data), tell)
            manifest = writer.end(manifest)
        part.chmod(PRIVATE)
        part.rename(out)
    return manifest


def _add_files(writer: Writer, blobs: Blobs, local: Folder, tell: Tell) -> None:
    paths = [(blobs, path) for folder in BLOBS for path in blobs.every(folder)]
    paths += [(local, path) for folder in FILES for path in local.every(folder) if not path.startswith(DERIVED)]
    for done, (place, path) in enumerate(paths, 1):
        with suppress(FileNotFoundError):  # a frame of a render that has begun again
            if isinstance(place, Folder):
                with (place.root / path).open("rb") as file:
                    writer.add(path, file)
            else:
                writer.add(path, io.BytesIO(place.get(path)))
        tell(done)


def restore(path: Path, settings: Settings) -> Manifest:
    """Put back what a backup holds, as this version keeps it. Either all of it is there in the end, or nothing.

    Raises:
        BadInput: The data folder, the database or the bucket is not empty, or the database of another kind.
        Damaged: The file is no backup, cut off, or was changed.
        NotReady: It is of a newer version, the database cannot be filled, the bucket cannot be used, or the data folder
            cannot be written to.
    """
    data = settings.data
    new = not data.exists()
    with _engine(settings) as engine, _blobs(settings) as blobs:
        _check_empty(data, engine, blobs)
        try:
            with _room(data, ".restore-") as room:
                manifest = unpack(path, room, frozenset((*BLOBS, *FILES, *NAMES.values())))
                _check_fits(manifest, engine)
                _put_back(room, data, blobs, engine)
        except BaseException:
            if new:
                shutil.rmtree(data, ignore_errors=True)
            raise
    return manifest


def _check_empty(data: Path, engine: Engine, blobs: Blobs) -> None:
    if data.exists() and any(each.name != FOUND for each in data.iterdir()):
        raise BadInput(f"data: {data} is in use or not empty. Restore into a new folder.", field="data")
    if any(next(blobs.every(folder), None) for folder in BLOBS):
        raise BadInput("blobs: there are pictures already. Restore to a new place.", field="blobs")
    check_empty(engine)


def _check_fits(manifest: Manifest, engine: Engine) -> None:
    if manifest.database != engine.dialect.name:
        raise BadInput(
            f"The backup is of a {manifest.database} database, but {engine.url} is none: set FACETSCOPE_DATABASE_URL.",
            field="database_url",
        )
    if manifest.revision not in revisions():
        raise NotReady(f"The backup is of a newer version, {manifest.version}: install that one, or a later one.")


def _put_back(room: Path, data: Path, blobs: Blobs, engine: Engine) -> None:
    """The database last: with it there, all is there."""
    moved: list[Path] = []
    put: list[str] = []
    try:
        if not isinstance(blobs, Folder):
            for path in (path for folder in BLOBS for path in Folder(room).every(folder)):
                put.append(path)
                blobs.put(path, (room / path).read_bytes())
        for folder in (*FILES, *(BLOBS if isinstance(blobs, Folder) else ())):
            if (room / folder).exists():
                moved.append((room / folder).rename(data / folder))
        _put_database_back(room, engine)
    except BaseException:
        for folder in moved:
            shutil.rmtree(folder, ignore_errors=True)
        for path in put:
            blobs.drop(path)
        raise


def _put_database_back(room: Path, engine: Engine) -> None:
    dumped = room / NAMES[engine.dialect.name]
    if engine.dialect.name != "sqlite":
        load(engine, dumped)
        migrate(engine)
        return
    copy = connect(f"sqlite:///{dumped}")
    try:
        migrate(copy)
    finally:
        copy.dispose()
    check_empty(engine)  # still
    shutil.move(dumped, sqlite_path(engine))


@contextmanager
def _engine(settings: Settings) -> Iterator[Engine]:
    engine = connect(settings.database)
    try:
        yield engine
    finally:
        engine.dispose()


@contextmanager
def _blobs(settings: Settings) -> Iterator[Blobs]:
    with closing(blobs_at(settings.blobs, settings.data)) as blobs:
        blobs.check()
        yield blobs


@contextmanager
def _room(folder: Path, prefix: str) -> Iterator[Path]:
    """A folder to work in that is gone in the end."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        room = Path(tempfile.mkdtemp(prefix=prefix, dir=folder))
        try:
            yield room
        finally:
            shutil.rmtree(room, ignore_errors=True)
    except OSError as error:
        raise NotReady(f"{folder} cannot be written to: {error.strerror}.") from error
