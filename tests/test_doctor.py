"""`doctor` on real folders and databases: what is well, what is wrong, and what it says to do."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from fsspec.implementations.memory import MemoryFileSystem
from typer.testing import CliRunner

from app.cli import cli
from app.microscope.doctor import Check, examine
from app.settings import Settings
from app.spec import RenderSpec
from app.store import FacetRow, Store
from app.store.blobs import Folder, blobs_at
from tests.buckets import MEMORY, S3, place_of
from tests.databases import PostgreSQL


@pytest.fixture
def settings(tiny_folder: Path, tmp_path: Path) -> Settings:
    """Of a server with one facet and one finished render."""
    settings = Settings(models=(f"tiny@{tiny_folder}",), data=tmp_path / "data", device="cpu")
    store = Store(settings.data, settings.database)
    store.files.put_blob("0" * 16, b"webp")
    store.add_facet(FacetRow(id="f", name="maps", model="tiny"), [("0" * 16, "a.png")])
    spec = RenderSpec.model_validate({"model": "tiny", "layer": "layer4.0", "unit": 3})
    store.add_render(spec)
    store.change_render(spec.id, status="done")
    store.files.put_picture(spec.id, b"png")
    store.close()
    return settings


def found(settings: Settings, name: str) -> Check:
    return next(check for check in examine(settings) if check.name == name)


def ask(settings: Settings, statement: str) -> None:
    with closing(sqlite3.connect(settings.data / "facetscope.sqlite3")) as database, database:
        database.execute(statement)


def test_all_is_well_beside_a_server(settings: Settings) -> None:
    server = Store(settings.data, settings.database)
    server.renders()
    checks = {check.name: check for check in examine(settings)}
    server.close()
    assert {check.state for check in checks.values() if check.name != "disk"} == {"ok"}
    assert {"data folder", "disk", "device", "fonts", "database", "model tiny", "uploads", "renders"} <= {
        name.partition("@")[0] for name in checks
    }


def test_lost_files_are_named(settings: Settings) -> None:
    (settings.data / "blobs" / "00" / f"{'0' * 16}.webp").unlink()
    lost = found(settings, "uploads")
    assert lost.state == "failed" and "0" * 16 in lost.said and "backup" in lost.remedy
    (settings.data / "renders").rename(settings.data / "elsewhere")
    assert found(settings, "renders").state == "failed"


@pytest.mark.parametrize("kind", ["memory", "s3"])
def test_pictures_in_a_bucket_are_looked_for_there(
    settings: Settings, kind: str, request: pytest.FixtureRequest
) -> None:
    elsewhere = settings.model_copy(update={"blobs": place_of(kind, request)})
    assert found(elsewhere, "uploads").state == found(elsewhere, "renders").state == "failed"
    with closing(blobs_at(elsewhere.blobs, settings.data)) as bucket:
        for folder in ("blobs", "renders"):
            for path in Folder(settings.data).every(folder):
                bucket.put(path, b"webp")
    assert found(elsewhere, "uploads").state == found(elsewhere, "renders").state == "ok"


def test_a_bucket_that_does_not_answer_is_told_without_its_password(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ConnectionError("no route to host")

    monkeypatch.setattr(MemoryFileSystem, "find", fail)
    address = MEMORY.replace("://", "://anna:hidden@")
    away = found(settings.model_copy(update={"blobs": address}), "blobs")
    assert away.state == "failed" and "hidden" not in away.said
    assert "no route to host" in away.said and "FACETSCOPE_BLOBS" in away.remedy


def test_a_missing_bucket_and_wrong_keys_are_told_and_no_file_is_lost(settings: Settings, s3: S3) -> None:
    missing = list(examine(settings.model_copy(update={"blobs": "s3://nowhere/prefix"})))
    with s3.locked():
        locked = list(examine(settings.model_copy(update={"blobs": s3.new()})))
    for checks, said in ((missing, "bucket does not exist"), (locked, "Access Key Id")):
        blobs = next(check for check in checks if check.name == "blobs")
        assert blobs.state == "failed" and said in blobs.said and "FACETSCOPE_BLOBS" in blobs.remedy
        assert not [check for check in checks if check.name in ("uploads", "renders")]


@pytest.mark.parametrize("url", ["postgresql+psycopg://anna:hidden@127.0.0.1:1/none", "nonsense"])
def test_a_database_that_cannot_be_reached_is_told_without_its_password(settings: Settings, url: str) -> None:
    check = found(settings.model_copy(update={"database_url": url}), "database")
    assert check.state == "failed" and "FACETSCOPE_DATABASE_URL" in check.remedy and "hidden" not in check.said


def test_a_database_of_another_kind_is_well(settings: Settings, postgres: PostgreSQL) -> None:
    other = settings.model_copy(update={"database_url": postgres.new()})
    assert found(other, "database").state == "warning", "the first start fills it"
    Store(other.data, other.database).close()
    assert found(other, "database").state == "ok" and found(other, "uploads").state == "ok"


def test_unfinished_files_are_counted(settings: Settings) -> None:
    (settings.data / "blobs" / "00" / ".part-abc").write_bytes(b"half")
    assert found(settings, "unfinished files").state == "warning"


@pytest.mark.parametrize(("revision", "state"), [("0006", "warning"), ("9999", "failed")])
def test_another_revision_of_the_database_is_told_and_left_alone(settings: Settings, revision: str, state: str) -> None:
    ask(settings, f"UPDATE alembic_version SET version_num = '{revision}'")
    for _ in range(2):
        check = found(settings, "database")
        assert check.state == state and revision in check.said and check.remedy
    assert not [check for check in examine(settings) if check.name == "uploads"]


def test_a_damaged_database_is_told(settings: Settings) -> None:
    path = settings.data / "facetscope.sqlite3"
    path.write_bytes(b"SQLite format 3\0" + bytes(8000))
    assert found(settings, "database").state == "failed"


def test_a_damaged_index_and_missing_weights_are_told(settings: Settings, tmp_path: Path) -> None:
    folder = settings.data / "indexes" / "mine"
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text("{}")
    empty = tmp_path / "empty"
    empty.mkdir()
    checks = list(examine(settings.model_copy(update={"models": (f"gone@{empty}",)})))
    failed = {check.name: check.remedy for check in checks if check.state == "failed"}
    assert set(failed) == {"index mine", f"model gone@{empty}"} and all(failed.values())


def test_the_command_says_it_in_json_and_by_its_exit_code(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACETSCOPE_MODELS", settings.models[0])
    well = CliRunner().invoke(cli, ["doctor", "--data", str(settings.data), "--json"])
    states = {check["name"]: check["state"] for check in json.loads(well.stdout)["checks"]}
    assert states["database"] == "ok" and well.exit_code == ("failed" in states.values())
    (settings.data / "blobs" / "00" / f"{'0' * 16}.webp").unlink()
    ill = CliRunner().invoke(cli, ["doctor", "--data", str(settings.data)])
    assert ill.exit_code == 1 and "failed   uploads: 1 files are lost" in ill.stdout
