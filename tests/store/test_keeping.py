"""Keeping what people made within its bounds: on SQLite with a folder and with S3, on PostgreSQL with a bucket in memory."""

import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from fsspec.implementations.memory import MemoryFileSystem
from sqlalchemy import text

from app.microscope import sweeping
from app.microscope.sweeping import DAY_S, Sweeper
from app.settings import Settings
from app.spec import CaptionsSpec, RenderSpec
from app.store import FacetRow, ListEntryRow, LookRow, NoteRow, Store, UnitListRow
from app.store.files import BLOBS
from app.store.tables import now
from app.whole import PART, writing
from tests.buckets import place_of, set_back
from tests.microscope.conftest import wait_for

PLACE = {"model": "iconclip", "layer": "layer4.1", "unit": 3}
FRAME = b"w" * 1000
STRAY = "0123456789abcdef"


@pytest.fixture(params=[("sqlite", "folder"), ("sqlite", "s3"), ("postgresql", "memory")], ids="-".join)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    database, place = request.param
    sqlite = database == "sqlite"
    url = f"sqlite:///{tmp_path / 'facetscope.sqlite3'}" if sqlite else request.getfixturevalue("postgres").new()
    store = Store(tmp_path, url, place_of(place, request))
    yield store
    store.close()


def sweeper(store: Store, **settings: int) -> Sweeper:
    return Sweeper(Settings(data=store.files.data, **settings), store)


def a_render(store: Store, seed: int, status: str = "done", **changes: object) -> str:
    """A render of 2,000 bytes, the newer the higher its seed."""
    spec = RenderSpec.model_validate({**PLACE, "seed": seed, **changes})
    store.add_render(spec)
    store.change_render(spec.id, status=status, created=now() + timedelta(seconds=seed))
    store.files.put_frame(spec.id, 1, FRAME)
    store.files.put_picture(spec.id, FRAME)
    return spec.id


def an_upload(store: Store, number: int, days: float = 0) -> str:
    upload = f"{number:016x}"
    store.files.put_blob(upload, FRAME)
    set_back(store.files.blobs, f"blobs/{upload[:2]}/{upload}.webp", time.time() - days * DAY_S)
    return upload


def a_look(store: Store, upload: str, days: float = 0) -> str:
    made = now() - timedelta(days=days)
    store.add_look(LookRow(id=f"l{upload[1:]}", name="a.png", model="iconclip", blob=upload, created=made))
    return f"l{upload[1:]}"


def kept(store: Store) -> list[str]:
    return [path for folder in BLOBS for path in store.files.blobs.every(folder)]


def statuses(store: Store) -> dict[str, str]:
    return {row.id: row.status for row in store.renders()}


def test_the_oldest_pictures_go_until_there_is_room(store: Store) -> None:
    first, second, third = (a_render(store, seed) for seed in (1, 2, 3))
    sweep = sweeper(store, disk_quota_bytes=4500)
    sweep.sweep()
    assert statuses(store) == {first: "cleared", second: "done", third: "done"}
    assert store.files.frames(first) == [] and store.files.frames(second) == [1]
    assert sweep.made_bytes == store.files.made_bytes() == 4000


def test_nothing_goes_without_a_quota(store: Store) -> None:
    a_render(store, 1)
    an_upload(store, 1, days=1000)
    a_look(store, an_upload(store, 2, days=1000), days=1000)
    before = kept(store)
    sweeper(store).sweep()
    assert kept(store) == before and len(before) == 4


def test_what_somebody_keeps_shares_or_waits_for_never_goes(store: Store) -> None:
    pinned, noted, listed, remarked, running, free = (a_render(store, seed) for seed in range(6))
    store.keeping.pin(pinned, pinned=True)
    store.notes.put(NoteRow(id="n", **PLACE, browser="b", text=f"See [it](/renders/{noted})."))
    row = UnitListRow(id="u", browser="b", title="t", description=f"https://example.org/renders/{listed}")
    row.entries = [ListEntryRow(**PLACE, position=0, remark=f"/renders/{remarked}?embed=1")]
    store.lists.add(row)
    store.change_render(running, status="running")
    sweeper(store, disk_quota_bytes=1).sweep()
    assert statuses(store) == {
        **dict.fromkeys((pinned, noted, listed, remarked), "done"),
        running: "running",
        free: "cleared",
    }


def test_a_cleared_render_is_queued_again_by_the_same_spec(store: Store) -> None:
    render = a_render(store, 1)
    assert store.keeping.clear(render) == 2000
    assert store.keeping.clear(render) == 0
    assert store.add_render(RenderSpec.parse(store.render(render).spec)) is False
    assert store.render(render).status == "queued"


def test_a_failed_render_stays_failed(store: Store) -> None:
    render = a_render(store, 1, "failed")
    sweeper(store, disk_quota_bytes=1).sweep()
    assert statuses(store) == {render: "failed"} and store.files.frames(render) == []


def test_uploads_that_nothing_uses_go_before_any_render(store: Store) -> None:
    unused, fresh, used = an_upload(store, 1, days=2), an_upload(store, 2), an_upload(store, 3, days=2)
    render = a_render(store, 1, of="picture", picture=used)
    sweeper(store, disk_quota_bytes=4000).sweep()
    assert [store.files.has_blob(each) for each in (unused, fresh, used)] == [False, True, True]
    assert statuses(store) == {render: "done"}


def test_looks_and_unused_uploads_go_when_their_days_are_over(store: Store) -> None:
    old, young = a_look(store, an_upload(store, 1, days=40), days=31), a_look(store, an_upload(store, 2), days=29)
    shared, unused, new = an_upload(store, 3, days=40), an_upload(store, 4, days=40), an_upload(store, 5)
    a_look(store, shared, days=40)
    store.add_facet(FacetRow(id="f", name="maps", model="iconclip"), [(shared, "a.png")])
    sweeper(store, keep_uploads_days=30).sweep()
    assert [row.id for row in store.looks()] == [young] != [old]
    left = store.files.uploads()
    assert shared in left and new in left and unused not in left and f"{1:016x}" not in left


def test_what_a_finding_was_made_of_or_made_stays(store: Store) -> None:
    made, sent = an_upload(store, 1, days=40), an_upload(store, 2, days=40)
    spec = CaptionsSpec.model_validate({"model": "iconclip", "layer": "layer4.1", "unit": 3})
    store.findings.add(spec)
    store.findings.change(spec.id, result={"pictures": {"before": made}, "word": f"list:{sent}"})
    sweeper(store, keep_uploads_days=30).sweep()
    assert store.files.has_blob(made) and store.files.has_blob(sent)
    store.keeping.forget_finding(spec.id)
    assert not store.files.has_blob(made) and not store.files.has_blob(sent)


def test_a_clock_moved_back_deletes_nothing(store: Store) -> None:
    """Everything there is seems to be made in the future."""
    look = a_look(store, an_upload(store, 1, days=-400), days=-400)
    unused = an_upload(store, 2, days=-400)
    sweep = sweeper(store, keep_uploads_days=1, disk_quota_bytes=1)
    sweep.sweep()
    assert [row.id for row in store.looks()] == [look]
    assert store.files.uploads() == {f"{1:016x}", unused}


def test_what_a_killed_process_left_is_swept_at_the_start(store: Store) -> None:
    render = a_render(store, 1)
    left = store.files.data / "findings" / f"{PART}abc"
    left.parent.mkdir(exist_ok=True)
    left.write_bytes(FRAME)
    store.files.put_frame(STRAY, 1, FRAME)
    sweep = sweeper(store)
    with writing(store.files.data / "findings" / "new.safetensors") as being_written:
        sweep.start()
        sweep.close()
        assert not left.exists() and Path(being_written.name).exists() and store.files.drawn() == {render}
    assert store.files.frames(render) == [1]


def test_of_builds_that_were_stopped_only_what_the_next_goes_on_from_stays(store: Store) -> None:
    indexes = store.files.data / "indexes"
    for file in (
        "mine/manifest.json",
        ".a.partial-0/images.sqlite3",
        ".b.partial-0/unfinished/part-00000000.safetensors",
        ".c.partial-0/manifest.json",
        ".d.partial-0.old/manifest.json",
        f"mine/{PART}columns/layer4.1.npy",
    ):
        (indexes / file).parent.mkdir(parents=True, exist_ok=True)
        (indexes / file).touch()
    sweep = sweeper(store)
    sweep.start()
    sweep.close()
    assert {path.name for path in indexes.iterdir()} == {"mine", ".b.partial-0", ".c.partial-0"}
    assert [path.name for path in (indexes / "mine").iterdir()] == ["manifest.json"]


def test_a_sweep_that_fails_is_tried_again(
    store: Store, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeping, "EVERY_S", 0.01)
    with store._engine.begin() as connection:
        connection.execute(text("ALTER TABLE renders RENAME TO gone"))
    sweep = sweeper(store)
    sweep.start()
    wait_for(lambda: "the sweep of the data folder failed" in caplog.text)
    with store._engine.begin() as connection:
        connection.execute(text("ALTER TABLE gone RENAME TO renders"))
    wait_for(lambda: sweep.made_bytes is not None)
    sweep.close()


def test_a_picture_asked_for_again_counts_as_new(store: Store) -> None:
    upload = an_upload(store, 1, days=40)
    assert store.files.has_blob(upload)
    sweeper(store, keep_uploads_days=30).sweep()
    assert store.files.has_blob(upload)


@pytest.mark.parametrize("store", [("postgresql", "memory")], indirect=True)
def test_what_is_out_of_reach_when_it_is_deleted_goes_at_the_next_sweep(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    look, render = a_look(store, an_upload(store, 1)), a_render(store, 1)

    def fail(*_: object, **__: object) -> None:
        raise ConnectionError("no route to host")

    with monkeypatch.context() as patch:
        for name in ("rm", "rm_file", "find"):
            patch.setattr(MemoryFileSystem, name, fail)
        store.keeping.forget_look(look)
        store.keeping.forget_render(render)
    assert store.looks() == [] and store.renders() == [] and len(kept(store)) == 3
    sweeper(store).sweep()
    assert kept(store) == []
