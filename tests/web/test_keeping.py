"""What people make is kept: through an outage of the database, a restart, and a backup that is restored elsewhere."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from app.settings import Settings
from app.store import database
from app.store.backup import back_up, restore
from app.web.app import create_app
from tests.databases import PostgreSQL, locked, stopped
from tests.pictures import striped_files
from tests.web.conftest import LAYER, SPEC, finish, wait_for

UNIT = f"/models/small/{LAYER}/51"
JSON = {"Accept": "application/json"}
WORDS = {"kind": "words", "model": "small", "layer": LAYER, "language": "en", "count": 40}
SAID = {
    "render": ("spec", "status", "step", "activation"),
    "facet": ("name", "status", "layers", "images"),
    "finding": ("status", "elapsed_s"),
    "list": ("title", "changed"),
}
LONG = {**SPEC, "unit": "7", "steps": "80"}


@pytest.fixture
def away(
    database_url: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Callable[[], AbstractContextManager[None]]:
    """A context in which nothing can be written to the database."""
    monkeypatch.setattr(database, "WAIT_S", 0.3)
    monkeypatch.setattr(
        "app.microscope.labels.UNASKED", 0
    )  # as for a large corpus: no labels, which nothing here is about
    if database_url.startswith("sqlite"):
        return lambda: locked(database_url)
    server: PostgreSQL = request.getfixturevalue("postgres")
    return lambda: stopped(server)


@pytest.fixture
def mine(settings: Settings, away: object, database_url: str, tmp_path: Path) -> Settings:  # noqa: ARG001 - waits are set
    """A server's settings over an empty data folder and an empty database."""
    return settings.model_copy(update={"data": tmp_path / "data", "database_url": database_url})


def serving(settings: Settings) -> TestClient:
    return TestClient(create_app(settings), follow_redirects=False, raise_server_exceptions=False)


def made(client: TestClient) -> dict[str, str]:
    """One of each thing that people make, finished: their addresses."""
    wait_for(lambda: client.get("/readyz").status_code == 200)
    render = client.post("/renders", data=SPEC).headers["location"]
    files = [("images", file) for file in striped_files(8)]
    facet = client.post("/facets", data={"name": "stripes of mine"}, files=files).headers["location"]
    finding = client.post("/findings", json=WORDS, headers=JSON).json()["url"]
    assert client.post(f"{UNIT}/notes", data={"note": "It *reads*", "name": "Ada"}).status_code == 303
    listed = client.post("/lists", json={"title": "Readers"}, headers=JSON).json()["url"]
    client.post(f"{listed}/units", json={"model": "small", "layer": LAYER, "unit": 51, "remark": "ä"}, headers=JSON)
    for url in (render, facet, finding):
        assert finish(client, url)["status"] in ("done", "ready")
    return {"render": render, "facet": facet, "finding": finding, "list": listed}


def answers(client: TestClient, urls: dict[str, str]) -> list[object]:
    """What the addresses say of what was made; what the program works out beside it comes later."""
    twins = {what: client.get(f"{url}.json").json() for what, url in urls.items()}
    parts = [{name: twins[what][name] for name in names} for what, names in SAID.items()]
    entries = [(each["unit"], each["remark"]) for each in twins["list"]["entries"]]
    files = [f"{urls['render']}/picture.png", *(frame["url"] for frame in twins["render"]["frames"])]
    pictures = [client.get(url) for url in (*files, *twins["facet"]["images"])]
    assert {each.status_code for each in pictures} == {200}
    said = client.get("/export.json").json()
    return [*parts, entries, [each.content for each in pictures], said["notes"], said["lists"]]


def test_nothing_is_lost(
    mine: Settings,
    away: Callable[[], AbstractContextManager[None]],
    request: pytest.FixtureRequest,
    tmp_path: Path,
) -> None:
    with serving(mine) as client:
        urls = made(client)
        long = client.post("/renders", data=LONG).headers["location"]
        wait_for(lambda: client.get(f"{long}.json").json()["step"] > 2)
        with away():
            refused = client.post("/lists", json={"title": "More"}, headers=JSON)
            page = client.post(f"{UNIT}/notes", data={"note": "again"})
            time.sleep(0.5)
        assert refused.status_code == page.status_code == 503 and refused.headers["retry-after"]
        assert "Try again" in refused.json()["detail"] and "Try again" in page.text
        back_up(mine, tmp_path / "backup.tar.gz")
        before = answers(client, urls)
        assert client.get(f"{long}.json").json()["status"] == "running"
    url = request.getfixturevalue("postgres").new() if mine.database_url.startswith("postgresql") else ""
    other = mine.model_copy(update={"data": tmp_path / "restored", "database_url": url})
    restore(tmp_path / "backup.tar.gz", other)
    with serving(other) as client:
        assert answers(client, urls) == before
        assert finish(client, long)["status"] == "done"
