"""The disk of the data folder fills up: what cannot be kept is refused in a sentence, nothing is half-written, and all works
again when there is room. On a small disk of our own, which only root may mount."""

import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from fastapi.testclient import TestClient
from safetensors.torch import save_file

from app.clip.clip import Clip
from app.corpus.build import build
from app.corpus.sources import open_source
from app.settings import ROOT, Settings
from app.store import Store
from app.web.app import create_app
from app.whole import PART, is_full
from tests.corpus.test_resume import content
from tests.databases import PostgreSQL
from tests.faults.people import JSON, UNFINISHED, UNIT
from tests.pictures import blobs, furnished_folder, png
from tests.web.conftest import LAYER, wait_for

SIZE = "24m"
RENDER = {"model": "small", "layer": LAYER, "unit": "3", "size": "32", "steps": "4000"}
FULL = "disk is full"
FILES = ("/looks", "/facets")
"""What is refused where only the data folder is full."""


class Disk:
    """A small disk that can be filled to the last byte."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._filler = folder / "filler"

    def fill(self, but: int = 0) -> None:
        """Leave no room but so many bytes: by large pieces first, as the system hands out pages."""
        with self._filler.open("wb", buffering=0) as file:
            for piece in (2**16, 2**12):
                try:
                    while True:
                        file.write(bytes(piece))
                except OSError as error:
                    assert is_full(error)
            file.truncate(max(file.tell() - but, 0))

    def empty(self) -> None:
        """Make room again."""
        self._filler.unlink(missing_ok=True)


@pytest.fixture(scope="module")
def disk() -> Iterator[Disk]:
    folder = Path(tempfile.mkdtemp(prefix="facetscope-", dir="/tmp"))  # where PostgreSQL's own user may come too
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(folder)]
    if os.geteuid() or not shutil.which("mount") or subprocess.run(mount, capture_output=True).returncode:
        folder.rmdir()
        pytest.skip("only root may mount a small disk, and not everywhere")
    folder.chmod(0o755)
    yield Disk(folder)
    subprocess.run(["umount", "--lazy", str(folder)], check=True)
    folder.rmdir()


@pytest.fixture
def data(disk: Disk) -> Iterator[Path]:
    """A data folder on the small disk."""
    yield disk.folder / "data"
    shutil.rmtree(disk.folder / "data", ignore_errors=True)


@pytest.fixture
def model(tmp_path: Path) -> str:
    return f"small@{furnished_folder(tmp_path / 'small', pictures=24, facet=8)}"


@contextmanager
def served(model: str, data: Path, database_url: str = "") -> Iterator[TestClient]:
    settings = Settings(models=(model,), data=data, database_url=database_url, device="cpu")
    with TestClient(create_app(settings), follow_redirects=False) as client:
        wait_for(lambda: client.get("/readyz").status_code == 200)
        wait_for(lambda: [each["status"] for each in client.get("/facets.json").json()["facets"]] == ["ready"])
        yield client


def picture(seed: int) -> tuple[str, bytes]:
    return f"{seed}.png", png(blobs(seed)[0])


WRITES: dict[str, dict[str, Any]] = {
    "/looks": {"files": {"image": picture(500)}},
    "/facets": {"data": {"name": "discs"}, "files": [("images", picture(600 + i)) for i in range(9)]},
    "/renders": {"data": {**RENDER, "steps": "3"}},
    f"{UNIT}/notes": {"data": {"note": "what it shows " * 200}},
    f"{UNIT}/labels": {"data": {"text": "discs"}},
    "/lists": {"data": {"title": "discs", "description": "round things " * 100}},
    "/findings": {"data": {"kind": "captions", "model": "small", "layer": LAYER, "unit": "3", "restarts": "1"}},
}


def a_list(number: int) -> dict[str, str]:
    """A list with a description that no compression makes much smaller."""
    return {"title": f"list {number}", "description": random.Random(number).randbytes(1500).hex()}


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_what_has_no_room_is_refused_and_is_kept_later(
    disk: Disk, data: Path, model: str, kind: str, request: pytest.FixtureRequest
) -> None:
    """PostgreSQL lies on a disk of its own: rows are kept all the same, and what needs a file is refused or says so later."""
    url = "" if kind == "sqlite" else request.getfixturevalue("postgres").new()
    with served(model, data, url) as client:
        running = client.post("/renders", data=RENDER).headers["location"]
        wait_for(lambda: client.get(f"{running}.json").json()["status"] == "running")
        disk.fill()
        try:
            for path, sent in WRITES.items():
                page, problem = client.post(path, **sent), client.post(path, **sent, headers=JSON)
                if url and path not in FILES:
                    assert page.status_code == 303 and problem.is_success, (path, page.text)
                else:
                    assert page.status_code == problem.status_code == 507, (path, page.text)
                    assert FULL in page.text and FULL in problem.json()["detail"], path
            assert client.get("/").status_code == client.get(UNIT).status_code == 200
            time.sleep(0.5)  # for the render to meet it
        finally:
            disk.empty()
        wait_for(lambda: client.get(f"{running}.json").json()["status"] not in UNFINISHED)
        stopped = client.get(f"{running}.json").json()
        assert stopped["status"] == "failed" and FULL in stopped["error"]
        assert not list(disk.folder.rglob(f"{PART}*"))
        for path, sent in WRITES.items():
            assert client.post(path, **sent).status_code == 303, path
        assert client.post("/renders", data=RENDER).headers["location"] == running
        wait_for(lambda: client.get(f"{running}.json").json()["status"] in UNFINISHED)
        client.post(f"{running}/cancel")


def test_where_postgresql_has_no_room_what_is_sent_is_refused_and_is_kept_later(
    disk: Disk, tmp_path: Path, model: str, postgres: PostgreSQL
) -> None:
    """Its tables lie on the small disk, its log of what is written elsewhere: there it would end at once."""
    with postgres.on_disk(disk.folder / "tables") as url, served(model, tmp_path / "data", url) as client:
        kept = []
        disk.fill()
        try:
            while (answer := client.post("/lists", json=a_list(len(kept)))).is_success:  # a page has room for some
                kept.append(answer.json()["url"])
                assert len(kept) < 100
            assert answer.status_code == 507 and FULL in answer.json()["detail"]
            refused = client.post(f"{UNIT}/notes", json={"note": a_list(0)["description"]})
            assert refused.status_code == 507 and FULL in refused.json()["detail"]
            assert client.get("/lists").status_code == client.get(UNIT).status_code == 200
        finally:
            disk.empty()
        assert client.post("/lists", json=a_list(len(kept))).status_code == 201
        for number, url in enumerate(kept):
            assert client.get(f"{url}.json").json()["title"] == f"list {number}"
        for path, sent in WRITES.items():
            assert client.post(path, **sent).status_code == 303, path


def test_an_index_is_whole_or_not_there_wherever_its_build_ran_out_of_room(
    disk: Disk, data: Path, tiny_clip: Clip, tmp_path: Path
) -> None:
    """The room is less each time than it takes to end, and what a build has kept the next one goes on from."""
    (tmp_path / "pictures").mkdir()
    for number in range(96):
        blobs(number)[0].save(tmp_path / "pictures" / f"{number:02}.png")
    source = open_source(str(tmp_path / "pictures"))
    at_once = build(tiny_clip, source, "mine", None, tmp_path / "at once", partition=32)
    data.mkdir()
    refused, manifest = 0, None
    while manifest is None:
        disk.fill(refused * 2**17)
        try:
            manifest = build(tiny_clip, source, "mine", None, data / "mine", partition=32)
        except Exception as error:
            assert is_full(error), repr(error)
            assert not (data / "mine").exists() and not list(data.rglob("*.writing"))
            refused += 1
        finally:
            disk.empty()
    assert refused > 10
    assert manifest == at_once and content(data / "mine") == content(tmp_path / "at once")
    assert [path.name for path in data.iterdir()] == ["mine"]


def test_the_command_says_in_a_sentence_that_there_is_no_room(
    disk: Disk, data: Path, model: str, tmp_path: Path
) -> None:
    (tmp_path / "pictures").mkdir()
    for number in range(64):
        blobs(number)[0].save(tmp_path / "pictures" / f"{number:02}.png")
    words = ["index", "build", "--model", model, "--images", str(tmp_path / "pictures"), "--name", "mine", "--data"]
    command = [sys.executable, "-m", "app", *words, str(data), "--partition", "32"]
    Store(data, f"sqlite:///{data / 'facetscope.sqlite3'}").close()
    disk.fill(2**18)  # for what is written beside the index
    try:
        full = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=200)
    finally:
        disk.empty()
    assert full.returncode == 1 and FULL in full.stderr and "Traceback" not in full.stderr, full.stderr
    assert not (data / "indexes" / "mine").exists()


def test_a_full_disk_is_told_from_other_errors(disk: Disk) -> None:
    disk.fill()
    try:
        with pytest.raises(Exception) as by_numpy:
            np.save(disk.folder / "array.npy", np.zeros(10**5))
        with pytest.raises(Exception) as by_safetensors:
            save_file({"zeros": torch.zeros(10**5)}, disk.folder / "tensors")
    finally:
        disk.empty()
    assert is_full(by_numpy.value) and is_full(by_safetensors.value)
    assert not is_full(FileNotFoundError(2, "no such file"))
