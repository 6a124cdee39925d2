"""The server is killed at random moments while people use it: nothing that it said was kept is lost, what was under way
goes on, and nothing half-written stays. `make faults` kills it a hundred times on each database."""

import logging
import os
import random
import shutil
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from sqlalchemy import create_engine, inspect, make_url, text

from app.whole import PART
from tests.browser.server import Server
from tests.faults.people import JSON, UNFINISHED, People
from tests.pictures import furnished_folder

log = logging.getLogger(__name__)
KILLS = int(os.environ.get("KILLS", "2"))  # of each database's server
SEED = int(os.environ.get("KILLS_SEED", "0"))
# At most, to the kill:
START_S = 4.0  # from a start
SERVED_S = 3.0  # from its first answer
INDEXING_S = 0.15  # from the first file of an index, which takes little longer
WAIT_S = 240.0
MANY = 50  # kills, of which some fall into each kind of work
WORK = {"look", "facet", "render", "rendering", "training", "indexing"}
LEFT = (f"{PART}*", "*.writing", ".*partial-*", ".images-*")  # files and folders of what is not whole
UNDER_WAY = {
    "rendering": "SELECT count(*) FROM renders WHERE status = 'running'",
    "training": "SELECT count(*) FROM facets WHERE status = 'training'",
}


@pytest.fixture
def server(tmp_path: Path, database_url: str) -> Iterator[Server]:
    folder = furnished_folder(tmp_path / "small", pictures=400, facet=8)
    server = Server(f"small@{folder}", tmp_path / "data", FACETSCOPE_DATABASE_URL=database_url)
    yield server
    if server.process:
        server.process.kill()
        server.process.wait()


def test_what_was_kept_outlives_every_kill(server: Server, database_url: str, tmp_path: Path) -> None:
    drawn = random.Random(SEED)
    people = People(server.url, SEED)
    people.start()
    met: Counter[str] = Counter()
    remove = False
    for _ in range(KILLS):
        server.begin()
        if remove:
            wait_for_indexing(server)
            time.sleep(drawn.uniform(0.0, INDEXING_S))
        elif drawn.random() < 0.2:
            time.sleep(drawn.uniform(0.2, START_S))
        else:
            server.wait_until_it_answers()
            time.sleep(drawn.uniform(0.0, SERVED_S))
        met[people.does] += 1
        server.kill()
        met.update(under_way(server, database_url, tmp_path / "copy"))
        remove = drawn.random() < 0.3  # what can be computed again, whoever runs the server may remove
        if remove:
            shutil.rmtree(server.data / "indexes", ignore_errors=True)
    server.start()
    time.sleep(1.0)
    people.stop()
    log.warning("%d kills met %s; kept were %s", KILLS, dict(met), dict(Counter(people.kept.values())))
    assert KILLS < MANY or set(met) >= WORK
    assert people.kept, "nobody was served between two kills"
    with httpx.Client(base_url=server.url, headers=JSON, timeout=30) as client:
        for url, what in people.kept.items():
            check(client, url, what)
        assert people.notes <= {note["text"] for note in client.get("/export.json").json()["notes"]}
    until = time.monotonic() + WAIT_S
    while left := [path for name in LEFT for path in server.data.rglob(name)]:
        assert time.monotonic() < until, left
        time.sleep(0.1)
    if database_url.startswith("sqlite"):
        with closing(sqlite3.connect(make_url(database_url).database or "")) as database:
            assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def wait_for_indexing(server: Server) -> None:
    """Wait until a server has begun an index, or was quicker than we look."""
    indexes = server.data / "indexes"
    until = time.monotonic() + WAIT_S
    while not any(indexes.glob("*")):
        assert time.monotonic() < until, "nothing was indexed"
        time.sleep(0.01)


def under_way(server: Server, database_url: str, copy: Path) -> Iterator[str]:
    """What a server was doing when it was killed. SQLite's files are looked at in a copy: to open them is to mend them."""
    if any(server.data.glob("indexes/.*partial-*")):
        yield "indexing"
    if database_url.startswith("sqlite"):
        copy.mkdir(exist_ok=True)
        for path in Path(make_url(database_url).database or "").parent.glob("facetscope.sqlite3*"):
            shutil.copy(path, copy)
        database_url = f"sqlite:///{copy / 'facetscope.sqlite3'}"
    engine = create_engine(database_url)
    if inspect(engine).has_table("facets"):  # a migration is done as a whole or not at all
        with engine.connect() as connection:
            yield from (what for what, query in UNDER_WAY.items() if connection.scalar(text(query)))
    engine.dispose()


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
