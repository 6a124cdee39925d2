"""Backups: what is in one, what is put back, and what is refused so that nothing is left of it."""

from pathlib import Path

import pytest
from fsspec.implementations.memory import MemoryFileSystem
from sqlalchemy import text

from app.errors import BadInput, FacetscopeError, NotFound, NotReady
from app.settings import Settings
from app.store import Store
from app.store.archive import Damaged
from app.store.backup import back_up, restore
from app.store.database import connect
from app.store.migrate import revisions
from tests.buckets import MEMORY, empty_memory, place_of
from tests.pictures import write_tar
from tests.store.schemas import ROWS, SPEC, fill

FILES = {
    "blobs/b1/b1.webp": b"picture",
    f"renders/{SPEC.id}/picture.png": b"png" * 50_000,
    f"renders/{SPEC.id}/4.webp": b"frame",
    "words/w1.txt": "größer".encode(),
    "facets/f1.safetensors": b"probes",
    "findings/n1.safetensors": b"found",
}
LEFT_OUT = ("facets/pictures/p.safetensors", "indexes/mine/manifest.json", "galleries/any.zip", "blobs/b1/.part-x")


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    """A data folder with a row in every table and files of every kind."""
    settings = Settings(data=tmp_path / "data", database_url=database_url)
    Store(settings.data, settings.database).close()
    engine = connect(settings.database)
    fill(engine)
    engine.dispose()
    for name in (*FILES, *LEFT_OUT):
        path = settings.data / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(FILES.get(name, b"computed"))
    return settings


@pytest.fixture
def other(settings: Settings, request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """An empty database of the same kind, and a data folder that there is not yet."""
    postgresql = settings.database_url.startswith("postgresql")
    url = request.getfixturevalue("postgres").new() if postgresql else ""
    return settings.model_copy(update={"data": tmp_path / "other", "database_url": url})


@pytest.fixture
def backup(settings: Settings, tmp_path: Path) -> Path:
    out = tmp_path / "backup.tar"
    back_up(settings, out)
    return out


def tables(settings: Settings) -> dict[str, int]:
    engine = connect(settings.database)
    with engine.connect() as connection:
        found = {name: connection.scalar(text(f'SELECT count(*) FROM "{name}"')) or 0 for name in ROWS}
    engine.dispose()
    return found


def untouched(settings: Settings) -> bool:
    """Whether there is neither a data folder nor a table."""
    if settings.data.exists():
        return False
    if settings.database_url:
        engine = connect(settings.database)
        with engine.connect() as connection:
            count = connection.scalar(text("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"))
        engine.dispose()
        return count == 0
    return True


@pytest.mark.parametrize("name", ["b.tar", "b.tar.gz"])
def test_what_people_made_is_put_back_and_what_can_be_computed_is_not(
    settings: Settings, other: Settings, tmp_path: Path, name: str
) -> None:
    made = back_up(settings, tmp_path / name)
    assert (made.revision, made.counts) == (revisions()[-1], dict.fromkeys(ROWS, 1))
    assert (tmp_path / name).stat().st_mode & 0o777 == 0o600
    put_back = restore(tmp_path / name, other)
    assert put_back == made and tables(other) == made.counts
    found = {path.relative_to(other.data).as_posix() for path in other.data.rglob("*") if path.is_file()}
    assert found - {"facetscope.sqlite3"} == set(FILES)
    assert {name: (other.data / name).read_bytes() for name in FILES} == FILES
    assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith(".")) == []


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9, 0.999])
def test_a_file_that_is_cut_off_is_refused_and_leaves_nothing(
    other: Settings, backup: Path, tmp_path: Path, share: float
) -> None:
    data, cut = backup.read_bytes().rstrip(b"\0"), tmp_path / "cut.tar"
    cut.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(Damaged, match="cut off|no backup"):
        restore(cut, other)
    assert untouched(other)


def test_a_file_that_was_changed_is_refused_and_leaves_nothing(other: Settings, backup: Path) -> None:
    backup.write_bytes(backup.read_bytes().replace(b"probes", b"PROBES"))
    with pytest.raises(Damaged, match="facets/f1.safetensors is not what its manifest says"):
        restore(backup, other)
    assert untouched(other)


@pytest.mark.parametrize("name", ["../escaped", "blobs/../../escaped", "/tmp/escaped", "app/settings.py"])
def test_a_tar_of_something_else_writes_nowhere(other: Settings, tmp_path: Path, name: str) -> None:
    write_tar(tmp_path / "bad.tar", [(name, b"x")])
    with pytest.raises(Damaged, match="nothing that a backup holds"):
        restore(tmp_path / "bad.tar", other)
    assert untouched(other) and not list(tmp_path.rglob("*escaped*"))


def test_what_is_in_use_is_never_written_over(settings: Settings, other: Settings, backup: Path) -> None:
    with pytest.raises(BadInput, match="in use or not empty"):
        restore(backup, settings)
    with pytest.raises(BadInput, match="exists already"):
        back_up(settings, backup)
    if settings.database_url.startswith("postgresql"):
        with pytest.raises(BadInput, match="is not empty"):
            restore(backup, settings.model_copy(update={"data": other.data}))
    restore(backup, other)
    with pytest.raises(BadInput, match="in use or not empty"):
        restore(backup, other)


def test_a_backup_of_a_newer_version_is_refused(settings: Settings, other: Settings, tmp_path: Path) -> None:
    engine = connect(settings.database)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    back_up(settings, tmp_path / "newer.tar")
    with pytest.raises(NotReady, match="newer version"):
        restore(tmp_path / "newer.tar", other)
    assert untouched(other)


def test_a_backup_of_another_kind_of_database_says_what_to_set(
    settings: Settings, postgres: object, backup: Path, tmp_path: Path
) -> None:
    url = "" if settings.database_url.startswith("postgresql") else postgres.new()  # pyright: ignore
    with pytest.raises(BadInput, match="FACETSCOPE_DATABASE_URL"):
        restore(backup, settings.model_copy(update={"data": tmp_path / "other", "database_url": url}))


def test_where_nothing_was_made_there_is_nothing_to_back_up(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="nothing to back up"):
        back_up(Settings(data=tmp_path / "none"), tmp_path / "b.tar")
    with pytest.raises(BadInput, match=r"\.tar\.gz"):
        back_up(Settings(data=tmp_path / "none"), tmp_path / "b.zip")
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(params=["memory", "s3"])
def bucket(request: pytest.FixtureRequest) -> str:
    return place_of(request.param, request)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_pictures_move_to_a_bucket_and_back(settings: Settings, bucket: str, backup: Path, tmp_path: Path) -> None:
    there = settings.model_copy(update={"data": tmp_path / "there", "database_url": "", "blobs": bucket})
    restore(backup, there)
    assert sorted(path.name for path in there.data.iterdir()) == ["facets", "facetscope.sqlite3", "findings"]
    with pytest.raises(BadInput, match="pictures already"):
        restore(backup, there.model_copy(update={"data": tmp_path / "again"}))
    back_up(there, tmp_path / "again.tar")
    here = settings.model_copy(update={"data": tmp_path / "here", "database_url": ""})
    restore(tmp_path / "again.tar", here)
    assert {name: (here.data / name).read_bytes() for name in FILES} == FILES


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.usefixtures("s3")
def test_no_backup_is_made_without_its_pictures(settings: Settings, backup: Path, tmp_path: Path) -> None:
    """A bucket that is missing looks like an empty one to whoever only lists it."""
    gone = settings.model_copy(update={"blobs": "s3://nowhere/prefix"})
    with pytest.raises(NotReady, match="s3://nowhere/prefix cannot be used"):
        back_up(gone, tmp_path / "without.tar")
    there = gone.model_copy(update={"data": tmp_path / "there", "database_url": ""})
    with pytest.raises(NotReady, match="s3://nowhere/prefix cannot be used"):
        restore(backup, there)
    assert not (tmp_path / "without.tar").exists() and not there.data.exists()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_bucket_that_fails_midway_is_left_empty(
    settings: Settings, backup: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty_memory()
    there = settings.model_copy(update={"data": tmp_path / "there", "blobs": MEMORY, "database_url": ""})
    before, seen = MemoryFileSystem.pipe_file, []

    def fail(*words: object, **options: object) -> None:
        seen.append(words)
        if len(seen) == 3:
            raise ConnectionError("gone")
        before(*words, **options)  # pyright: ignore

    monkeypatch.setattr(MemoryFileSystem, "pipe_file", fail)
    with pytest.raises(FacetscopeError, match="cannot be reached"):
        restore(backup, there)
    assert not there.data.exists() and not MemoryFileSystem.store
