"""A build that is stopped, by a signal or by the caller, goes on where it was, and nobody gets in its way."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from app.clip import registry
from app.clip.clip import Clip
from app.corpus.build import Cancelled, build, building
from app.corpus.index import Index
from app.corpus.sources import open_source
from app.errors import BadInput, NotReady
from app.settings import ROOT
from tests.pictures import blobs
from tests.tiny import tiny_hub_folder

IMAGES, PARTITION = 400, 32
DEADLINE_S = 60


@pytest.fixture(scope="module")
def blob_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """400 pictures, of which every 83rd cannot be read."""
    folder = tmp_path_factory.mktemp("blobs")
    for number in range(IMAGES):
        path = folder / f"{number:03d}.png"
        if number % 83 == 5:
            path.write_bytes(b"no picture")
        else:
            blobs(number)[0].save(path)
    return folder


def content(folder: Path) -> dict[str, bytes]:
    """All that a build writes but the manifest, which says where it was built; columns are recorded later."""
    written = (path for path in sorted(folder.rglob("*")) if path.is_file() and path.parent.name != "columns")
    files = [path for path in written if path.name != "manifest.json"]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def partitions(indexes: Path) -> dict[str, int]:
    """The partitions that a build which is not finished has measured, and when."""
    paths = indexes.glob(".mine.partial-*/unfinished/part-*.safetensors")
    return {path.name: path.stat().st_mtime_ns for path in paths}


def test_a_build_that_was_killed_goes_on_and_ends_with_the_same_bytes(tmp_path: Path, blob_folder: Path) -> None:
    model = f"small@{tiny_hub_folder(tmp_path / 'model')}"
    indexes = tmp_path / "data" / "indexes"
    words = ["index", "build", "--model", model, "--images", str(blob_folder), "--name", "mine", "--partition", "32"]
    environment = os.environ | {
        "FACETSCOPE_DATA": str(tmp_path / "data"),
        "FACETSCOPE_DEVICE": "cpu",
        "OMP_NUM_THREADS": "1",
    }

    def start() -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "app", *words],
            env=environment,
            cwd=ROOT,
            stderr=subprocess.PIPE,
            text=True,
            # tests that a shell runs in the background hand down that an interrupt is to be ignored
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )

    def stopped(after: int, how: signal.Signals) -> tuple[int, str]:
        with start() as process:
            end = time.monotonic() + DEADLINE_S
            while len(partitions(indexes)) < after:
                assert process.poll() is None and time.monotonic() < end, process.communicate()[1]
                time.sleep(0.001)
            process.send_signal(how)
            _, said = process.communicate(timeout=DEADLINE_S)
        return process.returncode, said

    before: dict[str, int] = {}
    for after in (1, 3, 5):  # early enough that there is something left to interrupt
        code, said = stopped(after, signal.SIGKILL)
        assert code == -signal.SIGKILL
        there = partitions(indexes)
        assert before.items() <= there.items()  # not one was measured again
        assert (f"Going on: {len(before) * PARTITION} of {IMAGES}" in said) == bool(before)
        assert after <= len(there) < IMAGES // PARTITION
        before = there
    assert not (indexes / "mine").exists()
    code, said = stopped(len(before) + 1, signal.SIGINT)
    assert (code, "The same command goes on" in said) == (130, True)
    before = partitions(indexes)
    with start() as process:
        _, said = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 0
    assert f"Going on: {len(before) * PARTITION} of {IMAGES}" in said
    assert [path.name for path in indexes.iterdir()] == ["mine"]

    clip = registry.load(registry.entry(model), tmp_path, "cpu", offline=True)
    at_once = build(clip, open_source(str(blob_folder)), "mine", None, tmp_path / "at once")
    index = Index.open(indexes / "mine", clip=clip)
    assert content(index.folder) == content(tmp_path / "at once")
    assert index.manifest == at_once
    assert (index.manifest.images, index.manifest.skipped) == (395, 5)


def stop(clip: Clip, folder: Path, out: Path, layers: list[str], partition: int = PARTITION, after: int = 4) -> None:
    """Begin to build an index, and stop after so many steps."""
    steps: list[int] = []
    with pytest.raises(Cancelled):
        build(
            clip,
            open_source(str(folder)),
            out.name,
            layers,
            out,
            batch_size=32,
            partition=partition,
            progress=lambda done, _total: steps.append(done),
            cancelled=lambda: len(steps) == after,
        )


@pytest.mark.parametrize("partition", [32, 64, 512])
def test_neither_the_partition_nor_a_stop_changes_a_byte(
    tiny_clip: Clip, photos: Path, index: Index, tmp_path: Path, partition: int
) -> None:
    stop(tiny_clip, photos, tmp_path / "again", list(index.manifest.layers), partition)
    counted: list[tuple[int, int | None]] = []
    told: list[tuple[int, int]] = []
    build(
        tiny_clip,
        open_source(str(photos)),
        "again",
        None,
        tmp_path / "again",
        partition=partition,
        progress=lambda *step: counted.append(step),
        resumed=lambda *step: told.append(step),
    )
    kept = {32: 96, 64: 64, 512: 0}[partition]
    assert told == ([(kept, 152)] if kept else [])
    assert counted[0][0] >= kept and counted[-1] == (152, 152)
    assert [done for done, _ in counted] == sorted(done for done, _ in counted)
    assert content(tmp_path / "again") == content(index.folder)


def test_what_a_build_of_something_else_left_is_removed(tiny_clip: Clip, photos: Path, tmp_path: Path) -> None:
    out = tmp_path / "indexes" / "i"
    stop(tiny_clip, photos, out, ["layer1.0"])
    stop(tiny_clip, photos, out.with_name("i.2"), ["layer1.0"])
    (left,) = out.parent.glob(".i.partial-*")
    (out.parent / ".i.partial-0123456789abcdef.old").mkdir()
    build(tiny_clip, open_source(str(photos)), "i", ["layer4.0"], out)
    assert not left.exists()
    (other,) = out.parent.glob(".i.2.partial-*")  # of an index with a longer name, and nobody's business
    assert {path.name for path in out.parent.iterdir()} == {"i", other.name}


def test_two_builds_of_one_name_at_a_time_are_refused(tiny_clip: Clip, photos: Path, tmp_path: Path) -> None:
    source, out = open_source(str(photos)), tmp_path / "indexes" / "mine"
    steps = building(tiny_clip, source, "mine", ["layer1.0"], out)
    next(steps)
    for layer in ("layer1.0", "layer4.0"):
        with pytest.raises(NotReady, match="Another process is building the index mine"):
            build(tiny_clip, source, "mine", [layer], out)
    assert build(tiny_clip, source, "yours", ["layer4.0"], out.with_name("yours")).images == 150
    for _ in steps:
        pass
    assert Index.open(out).manifest.layers == ("layer1.0",)


def test_a_build_that_was_whole_but_for_its_place_is_taken_as_it_is(
    tiny_clip: Clip, photos: Path, tmp_path: Path
) -> None:
    out = tmp_path / "indexes" / "mine"
    stop(tiny_clip, photos, out, ["layer1.0"])
    (folder,) = out.parent.iterdir()
    build(tiny_clip, open_source(str(photos)), "mine", ["layer1.0"], tmp_path / "other")
    (tmp_path / "other" / "unfinished").mkdir()
    for path in folder.iterdir():
        path.rename(tmp_path / path.name) if path.is_file() else path.rename(tmp_path / "other" / "unfinished" / "x")
    folder.rmdir()
    (tmp_path / "other").rename(folder)
    seen: list[int] = []
    build(
        tiny_clip,
        open_source(str(photos)),
        "mine",
        ["layer1.0"],
        out,
        partition=PARTITION,
        progress=lambda done, _total: seen.append(done),
    )
    assert not seen
    assert [path.name for path in out.parent.iterdir()] == ["mine"]
    assert not (out / "unfinished").exists()


@pytest.mark.parametrize("partition", [0, 31, 33, -32, 16384])
def test_a_partition_that_no_pass_fits_is_refused(
    tiny_clip: Clip, photos: Path, tmp_path: Path, partition: int
) -> None:
    with pytest.raises(BadInput, match="multiple of 32 images"):
        build(tiny_clip, open_source(str(photos)), "i", None, tmp_path / "i", partition=partition)
