"""The web application over a real microscope: the tiny model with its own corpus and facet."""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from fastapi.testclient import TestClient
from safetensors import safe_open
from safetensors.numpy import load_file, save_file
from starlette.types import Message, Receive, Scope, Send

from app.settings import Settings
from app.web.app import create_app
from app.web.browser_id import NAME
from tests.pictures import blobs, furnished_folder, png
from tests.web.markup import Markup

WAIT_S = 240.0
AT_ONCE = 2  # jobs that share the device thread
LAYER = "layer4.0"
Labelling = Callable[[str, str], None]
SPEC = {"model": "small", "layer": LAYER, "unit": "3", "size": "32", "steps": "6"}


def wait_for(condition: Callable[[], bool]) -> None:
    """Poll until the condition holds; fail after a while."""
    deadline = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def finish(client: TestClient, url: str) -> dict[str, Any]:
    """Wait until the render or facet at `url` is over and return its twin."""
    wait_for(lambda: client.get(f"{url}.json").json()["status"] not in ("queued", "running", "training"))
    return client.get(f"{url}.json").json()


@contextmanager
def occupied(client: TestClient) -> Iterator[None]:
    """As many long jobs run as may at once, so that another one waits."""
    search = {"kind": "attack_search", "model": "small", "corpus": "small-corpus", "index": "0", "others": "15"}
    long = {**search, "classes": "imagenet", "count": "1000", "longest": "40"}
    running = [client.post("/findings", data={**long, "seed": str(n)}).headers["location"] for n in range(AT_ONCE)]
    yield
    for url in running:
        client.post(f"{url}/cancel")
        assert finish(client, url)["status"] == "cancelled", "it was not long enough"


def indexed_anew(settings: Settings, table: str, id: str) -> None:
    """As if other pictures had been indexed under the same name since a quiz or survey was begun."""
    with closing(sqlite3.connect(settings.data / "facetscope.sqlite3")) as database, database:
        assert database.execute(f"UPDATE {table} SET key = 'other' WHERE id = ?", (id,)).rowcount == 1


def of_other_weights(settings: Settings, finding_id: str) -> None:
    """As if a finding's file had been made before the model's weights changed."""
    path = settings.data / "findings" / f"{finding_id}.safetensors"
    with safe_open(path, "numpy") as file:
        about = file.metadata()
    save_file(load_file(path), path, {**about, "weights_hash": "others"})


def offered(page: str) -> dict[str, list[str]]:
    """What the form that starts a finding again would send."""
    fields: dict[str, list[str]] = {}
    for each in Markup(page.partition('<form action="/findings"')[2].partition("</form>")[0]).all("input"):
        fields.setdefault(each["name"], []).append(each["value"])
    return fields


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = furnished_folder(tmp_path_factory.mktemp("models") / "small")
    return Settings(
        models=(f"small@{folder}",),
        data=tmp_path_factory.mktemp("data"),
        device="cpu",
        renders_at_once=AT_ONCE,
        queue_size=3,
        max_body_bytes=2_000_000,
        max_image_bytes=1_500_000,
        max_facet_images=40,
    )


@pytest.fixture(scope="session")
def client(settings: Settings) -> Iterator[TestClient]:
    """A client of a server whose model, index, facet, columns and labels are ready."""
    with TestClient(create_app(settings), follow_redirects=False, raise_server_exceptions=False) as client:
        wait_for(lambda: client.get("/readyz").status_code == 200)
        wait_for(lambda: [each["status"] for each in client.get("/facets.json").json()["facets"]] == ["ready"])
        wait_for(lambda: not client.get(f"/models/small/{LAYER}/5.json").json()["record"]["status"])
        layers = [each["name"] for each in client.get("/models/small.json").json()["layers"] if each["indexed"]]
        for layer in layers:
            wait_for(lambda layer=layer: not client.get(f"/models/small/{layer}/5.json").json()["labels"]["status"])
            families = f"/models/small/families.json?kind=found&layer={layer}"
            wait_for(lambda families=families: not client.get(families).json()["status"])
        yield client


@contextmanager
def serving(config: uvicorn.Config) -> Iterator[str]:
    """An application served in a thread of its own; the address (host:port) where it listens."""
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    wait_for(lambda: server.started or not thread.is_alive())
    assert server.started, "the server did not start"
    yield f"127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


@dataclass
class Listening:
    """A server at a real address, and what was asked of it: method, path, query and the status of the answer."""

    url: str = ""
    asked: list[tuple[str, str, str, int]] = field(default_factory=list)


@pytest.fixture(scope="module")
def listening(client: TestClient) -> Iterator[Listening]:
    """The same server as the client's, listening on a port, for programs that are not ours."""
    about = Listening()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start":
                query = scope["query_string"].decode()
                about.asked.append((scope["method"], scope["path"], query, message["status"]))
            await send(message)

        await client.app(scope, receive, noting)

    with serving(uvicorn.Config(app, port=0, lifespan="off", ws="none", log_level="warning")) as address:
        about.url = f"http://{address}"
        yield about


@pytest.fixture(scope="session")
def facet_url(client: TestClient) -> str:
    return client.get("/facets.json").json()["facets"][0]["url"]


@pytest.fixture(scope="session")
def render_url(client: TestClient) -> str:
    """A finished render with the facet."""
    answer = client.post("/renders", data={**SPEC, "facet": "stripes"})
    assert finish(client, answer.headers["location"])["status"] == "done"
    return answer.headers["location"]


@pytest.fixture(scope="session")
def look_url(client: TestClient) -> str:
    answer = client.post("/looks", files={"image": ("discs.png", png(blobs(7)[0]), "image/png")})
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


@pytest.fixture
def with_label(client: TestClient) -> Iterator[Labelling]:
    """Calls a unit something as whoever the client is; taken back after the test."""
    said: list[tuple[str, str]] = []

    def call(unit: str, text: str) -> None:
        assert client.post(f"{unit}/labels", data={"text": text}).status_code == 303
        said.append((unit, client.cookies[NAME]))

    yield call
    for unit, browser in said:
        client.cookies.clear()
        client.cookies.set(NAME, browser, domain="testserver.local")
        client.post(f"{unit}/labels/undo")
    client.cookies.clear()


@pytest.fixture
def unchanged(client: TestClient, settings: Settings) -> Iterator[None]:
    """Fails the test if anything stored is different after it."""
    before = stored(client, settings.data)
    yield
    assert stored(client, settings.data) == before


def stored(client: TestClient, data: Path) -> list[object]:
    """All that is kept: the lists of everything people made, and every file but the database's own and what is measured
    of facets in the background."""
    lists = [client.get(path).json() for path in ("/facets.json", "/renders.json", "/looks.json")]
    measured = (data / "facets" / "pictures", data / "indexes" / "small-corpus" / "facets")
    files = [path for path in data.rglob("*") if path.is_file() and "sqlite3" not in path.name]
    files = [path for path in files if path.parent not in measured]
    return [lists, sorted((str(path), path.stat().st_size) for path in files)]
