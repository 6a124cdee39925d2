"""Whether a server has what it needs: each thing that can be wrong is looked at, and nothing is changed.

Runs beside a server. What cannot be looked at because of something else that is wrong is left out.
"""

import hashlib
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from app.clip import registry
from app.corpus.index import Index
from app.corpus.manifest import IndexManifest
from app.corpus.reduce import REDUCER_VERSION
from app.errors import Away, BadInput, FacetscopeError
from app.lab.fonts import AILERON, DEJAVU, FONTS, INTUITIVE, face
from app.settings import Settings
from app.store import Store
from app.store.database import connect
from app.store.migrate import revision_of, revisions
from app.whole import parts

LITTLE, TIGHT = 200_000_000, 2_000_000_000  # bytes of room on the disk
SHA256 = re.compile(r"[0-9a-f]{64}")
NAMED = 3  # missing files that are named

State = Literal["ok", "warning", "failed"]


@dataclass(frozen=True)
class Check:
    """What was looked at, how it stands, and where that is not well what to do."""

    name: str
    state: State
    said: str
    remedy: str = ""


def examine(settings: Settings) -> Iterator[Check]:
    """All checks, the quick ones first."""
    yield _folder(settings.data)
    yield _room(settings.data)
    yield _device(settings.device)
    yield from _fonts()
    database = _database(settings)
    yield database
    hashes: dict[str, str] = {}
    for slug in settings.models:
        yield _weights(settings, slug, hashes)
    yield from _indexes(settings, hashes)
    if database.state == "ok":
        yield from _files(settings)


def _folder(data: Path) -> Check:
    try:
        with tempfile.NamedTemporaryFile(dir=data, prefix=".doctor-"):
            return Check("data folder", "ok", f"{data} can be written.")
    except FileNotFoundError:
        return Check(
            "data folder", "warning", f"{data} is not there.", "The first start makes it; else set FACETSCOPE_DATA."
        )
    except OSError as error:
        said = f"{data} cannot be written: {error.strerror}."
        return Check("data folder", "failed", said, "Give it to the user that runs the server, or set FACETSCOPE_DATA.")


def _room(data: Path) -> Check:
    there = next(folder for folder in (data.absolute(), *data.absolute().parents) if folder.is_dir())
    free = shutil.disk_usage(there).free
    state: State = "failed" if free < LITTLE else "warning" if free < TIGHT else "ok"
    remedy = "" if state == "ok" else "Make room, or let the server do it: set FACETSCOPE_DISK_QUOTA_BYTES."
    return Check("disk", state, f"{free / 1e9:,.1f} GB are free.", remedy)


def _device(wish: str) -> Check:
    found = torch.cuda.is_available()
    name = torch.cuda.get_device_name() if found else "no GPU that torch can use"
    said = f"torch {torch.__version__}, {name}."
    if wish == "cuda" and not found:
        return Check("device", "failed", said, "Look at the driver with nvidia-smi, or set FACETSCOPE_DEVICE=auto.")
    return Check("device", "ok", said)


def _fonts() -> Iterator[Check]:
    lost = []
    for font in (*FONTS, DEJAVU, INTUITIVE, AILERON):
        try:
            face(font, 12)
        except (OSError, AssertionError):
            lost.append(font.name)
    if lost:
        yield Check("fonts", "failed", f"{', '.join(lost)} cannot be read.", "Install what is missing: uv sync.")
    else:
        yield Check("fonts", "ok", "All fonts that words are drawn in are there.")


def _database(settings: Settings) -> Check:
    try:
        engine = connect(settings.database)
    except BadInput as error:
        return Check("database", "failed", error.detail, "Set FACETSCOPE_DATABASE_URL.")
    try:
        path = Path(engine.url.database or "")
        if engine.dialect.name == "sqlite" and not path.exists():
            return Check("database", "warning", f"{path} is not there.", "The first start makes it.")
        with engine.connect() as connection:
            return _revision(connection)
    except (Away, SQLAlchemyError) as error:
        said = f"It cannot be asked: {str(error.__cause__ or error).splitlines()[0]}."
        return Check("database", "failed", said, "See that it runs and that FACETSCOPE_DATABASE_URL is right.")
    finally:
        engine.dispose()


def _revision(connection: Connection) -> Check:
    found, known, name = revision_of(connection), revisions(), connection.dialect.name
    if found != known[-1]:
        newer = found is not None and found not in known
        remedy = (
            "Run the newer program."
            if newer
            else "The next start of the server brings it up to date: back it up first."
        )
        said = f"{name} is at revision {found}, and this program's is {known[-1]}."
        return Check("database", "failed" if newer else "warning", said, remedy)
    if name == "sqlite" and (sick := connection.scalar(text("PRAGMA quick_check(1)"))) != "ok":
        return Check("database", "failed", f"It is damaged: {sick}.", "Restore the last backup.")
    return Check("database", "ok", f"{name} answers and is at revision {found}, as this program is.")


def _weights(settings: Settings, slug: str, hashes: dict[str, str]) -> Check:
    """Load a model on the CPU; keeps the hash of its weights."""
    name, remedy = f"model {slug}", f"Fetch it again: python -m app model fetch {slug}."
    try:
        entry = registry.entry(slug)
        path = registry.cached(entry, settings.model_cache)
        if path is not None and not _is_whole(path):
            return Check(name, "failed", f"{path} is not what was published: its hash differs.", remedy)
        hashes[entry.slug] = registry.load(entry, settings.model_cache, "cpu", offline=True).weights_hash
    except FacetscopeError as error:
        return Check(name, "failed", error.detail, remedy)
    return Check(name, "ok", f"Its weights load; their hash is {hashes[entry.slug]}.")


def _is_whole(path: Path) -> bool:
    """Whether a file in the cache of the hub has the hash that it is named by there; files elsewhere have none to compare."""
    wanted = path.resolve().name
    if not SHA256.fullmatch(wanted):
        return True
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == wanted


def _indexes(settings: Settings, hashes: dict[str, str]) -> Iterator[Check]:
    own = (each.parent for each in sorted((settings.data / "indexes").glob("[!.]*/manifest.json")))
    for folder in (*own, *settings.indexes):
        yield _index(folder, hashes)


def _index(folder: Path, hashes: dict[str, str]) -> Check:
    name, again = f"index {folder.name}", "Build it again: python -m app index build."
    try:
        manifest = IndexManifest.read(folder)
        index = Index.open(folder)
        for layer in manifest.layers:
            index.unit(layer, 0)
    except (FacetscopeError, OSError, ValueError, KeyError) as error:
        return Check(name, "failed", f"It cannot be read: {getattr(error, 'detail', error)}", again)
    weights = hashes.get(manifest.model)
    if weights and weights != manifest.weights_hash:
        said = f"It is of weights {manifest.weights_hash}, and {manifest.model} has {weights} here: it is passed over."
        return Check(name, "warning", said, again)
    if manifest.reducer_version != REDUCER_VERSION:
        return Check(name, "warning", "Another version of the program measured it.", again)
    return Check(name, "ok", f"{manifest.images:,} pictures, {len(manifest.layers)} layers of {manifest.model}.")


def _files(settings: Settings) -> Iterator[Check]:
    try:
        store = Store(settings.data, settings.database, settings.blobs)
    except FacetscopeError as error:
        yield Check("blobs", "failed", error.detail, "Set FACETSCOPE_BLOBS.")
        return
    try:
        yield _lost("uploads", store.keeping.lost_uploads, "Restore the last backup, or delete what used them.")
        yield _lost("renders", store.keeping.lost_pictures, "Restore the last backup, or delete these renders.")
        left = list(parts(settings.data))
        said = f"{len(left)} files were begun and not finished." if left else "No write was left unfinished."
        yield Check(
            "unfinished files", "warning" if left else "ok", said, "The next start removes them." if left else ""
        )
    except Away as error:
        said = f"Where pictures are kept does not answer: {error.__cause__}."
        yield Check("blobs", "failed", said, "See that FACETSCOPE_BLOBS and the storage's credentials are right.")
    finally:
        store.close()


def _lost(name: str, ask: Callable[[], list[str]], remedy: str) -> Check:
    lost = ask()
    if not lost:
        return Check(name, "ok", "Every file that the database names is there.")
    return Check(name, "failed", f"{len(lost)} files are lost: {', '.join(lost[:NAMED])}.", remedy)
