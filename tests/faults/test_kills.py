"""The server is killed at random moments while people use it: nothing that it said was kept is lost, what was under way
goes on, and nothing half-written stays. `make faults` kills it a hundred times."""

import os
import random
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from app.whole import PART
from tests.browser.server import Server
from tests.faults.people import JSON, UNFINISHED, People
from tests.pictures import furnished_folder

KILLS = int(os.environ.get("KILLS", "3"))
SEED = int(os.environ.get("KILLS_SEED", "0"))
LONGEST_S = 6.0  # from a start to its kill: a start takes about four, so that many fall into it
WAIT_S = 120.0


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    folder = furnished_folder(tmp_path / "small", pictures=24, facet=8)
    server = Server(f"small@{folder}", tmp_path / "data")
    yield server
    if server.process:
        server.process.kill()
        server.process.wait()


def test_what_was_kept_outlives_every_kill(server: Server) -> None:
    drawn = random.Random(SEED)
    people = People(server.url, SEED)
    people.start()
    for _ in range(KILLS):
        server.begin()
        time.sleep(drawn.uniform(0.2, 1.0) if drawn.random() < 0.1 else drawn.uniform(2.0, LONGEST_S))
        server.kill()
    server.start()
    time.sleep(1.0)
    people.stop()
    assert people.kept, "nobody was served between two kills"
    with httpx.Client(base_url=server.url, headers=JSON, timeout=30) as client:
        for url, what in people.kept.items():
            check(client, url, what)
        assert people.notes <= {note["text"] for note in client.get("/export.json").json()["notes"]}
    assert not list(server.data.rglob(f"{PART}*")), "the sweep left something"
    with closing(sqlite3.connect(server.data / "facetscope.sqlite3")) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def check(client: httpx.Client, url: str, what: str) -> None:
    """What was kept is there, and is over sooner or later."""
    until = time.monotonic() + WAIT_S
    while (found := client.get(f"{url}.json").raise_for_status().json()).get("status") in UNFINISHED:
        assert time.monotonic() < until, f"{url} is still {found['status']}"
        time.sleep(0.1)
    assert found.get("status", "done") in ("done", "ready", "failed"), found
    assert found.get("status") != "failed" or found["error"], found
    if what == "look":
        assert client.get(found["image"]).is_success
    if what == "render" and found["status"] == "done":
        assert client.get(f"{url}/picture.png").is_success
