"""What people make is kept: through an outage of the database, a restart, and a backup that is restored elsewhere."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.settings import Settings
from app.store import database
from app.store.archive import Damaged
from app.store.backup import back_up, restore
from app.web.app import create_app
from tests.databases import PostgreSQL, locked, stopped
from tests.pictures import striped_files
from tests.web.conftest import LAYER, SPEC, finish, wait_for

UNIT = f"/models/small/{LAYER}/51"
JSON = {"Accept": "application/json"}
LONG = {**SPEC, "unit": "7", "steps": "160"}


@pytest.fixture
def away(
    database_url: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Callable[[], AbstractContextManager[None]]:
    """A context in which nothing can be written to the database."""
    monkeypatch.setattr(database, "WAIT_S", 0.3)
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
    """One of each thing that people make, finished, by what it is: addresses of their twins and pictures."""
    wait_for(lambda: client.get("/readyz").status_code == 200)
    render = client.post("/renders", data=SPEC).headers["location"]
    files = [("images", file) for file in striped_files(8)]
    facet = client.post("/facets", data={"name": "stripes of mine"}, files=files).headers["location"]
    finding = client.post("/findings", json={"kind": "captions", "model": "small", "layer": LAYER, "unit": 3}, headers=JSON)
    assert client.post(f"{UNIT}/notes", data={"note": "It *reads*", "name": "Ada"}).status_code == 303
    listed = client.post("/lists", json={"title": "Readers"}, headers=JSON).json()["url"]
    client.post(f"{listed}/units", json={"model": "small", "layer": LAYER, "unit": 51, "remark": "ä"}, headers=JSON)
    for url in (render, facet, finding.json()["url"]):
        assert finish(client, url)["status"] in ("done", "ready")
    blob = client.get(f"{facet}.json").json()["images"][0]["url"]
    return {
        "render": f"{render}.json",
        "picture": f"{render}/picture.png",
        "facet": f"{facet}.json",
        "blob": blob,
        "finding": f"{finding.json()['url']}.json",
        "list": f"{listed}.json",
        "said": "/export.json",
    }


def answers(client: TestClient, addresses: dict[str, str]) -> dict[str, bytes]:
    found = {what: client.get(address) for what, address in addresses.items()}
    assert {what: answer.status_code for what, answer in found.items()} == dict.fromkeys(addresses, 200)
    return {what: answer.content for what, answer in found.items()}


def test_nothing_is_lost(
    mine: Settings, away: Callable[[], AbstractContextManager[None]], postgres: PostgreSQL, tmp_path: Path
) -> None:
    with serving(mine) as client:
        addresses = made(client)
        long = client.post("/renders", data=LONG).headers["location"]
        wait_for(lambda: client.get(f"{long}.json").json()["step"] > 2)
        with away():
            refused = client.post("/lists", json={"title": "More"}, headers=JSON)
            page = client.post(f"{UNIT}/notes", data={"note": "again"})
            time.sleep(0.5)
        assert refused.status_code == page.status_code == 503 and refused.headers["retry-after"]
        assert "Try again" in refused.json()["detail"] and "Try again" in page.text
        back_up(mine, tmp_path / "backup.tar.gz")
        before = answers(client, addresses)
        assert client.get(f"{long}.json").json()["status"] == "running"
    with serving(mine) as client:
        wait_for(lambda: client.get("/readyz").status_code == 200)
        assert answers(client, addresses) == before
        assert finish(client, long)["status"] == "done"
        picture = client.get(f"{long}/picture.png").content
    url = postgres.new() if mine.database_url.startswith("postgresql") else ""
    other = mine.model_copy(update={"data": tmp_path / "restored", "database_url": url})
    restore(tmp_path / "backup.tar.gz", other)
    with serving(other) as client:
        wait_for(lambda: client.get("/readyz").status_code == 200)
        assert answers(client, addresses) == before
        assert finish(client, long)["status"] == "done" and client.get(f"{long}/picture.png").content == picture
