"""Data sets by name, from a real HTTP server that speaks as much of the hub's protocol as a download needs."""

import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

import huggingface_hub.constants
import pytest

from app.corpus.sources import open_source
from app.errors import BadInput, NotFound
from tests.corpus.conftest import picture
from tests.corpus.test_parquet import cell, write
from tests.pictures import png

COMMIT = "0123456789abcdef0123456789abcdef01234567"
SETS = {
    "ann/cats": ["default/train/0000.parquet", "default/train/0001.parquet", "default/test/0000.parquet"],
    "ann/dogs": ["large/train/0000.parquet", "small/train/0000.parquet"],
}


class Hub(BaseHTTPRequestHandler):
    """Has two data sets in their conversion to Parquet."""

    files: dict[str, bytes] = {}
    asked: list[str] = []

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path)
        self.asked.append(path)
        for name, files in SETS.items():
            if path == f"/api/datasets/{name}/revision/refs/convert/parquet":
                return self.answer(json.dumps({"id": name, "sha": COMMIT, "siblings": []}).encode())
            if path == f"/api/datasets/{name}/tree/{COMMIT}":
                sizes = {file: len(self.files[f"{name}/{file}"]) for file in files}
                entries = [
                    {"type": "file", "path": file, "size": size, "oid": "0" * 40} for file, size in sizes.items()
                ]
                return self.answer(json.dumps(entries).encode())
            for file in files:
                if path == f"/datasets/{name}/resolve/{COMMIT}/{file}":
                    return self.answer(self.files[f"{name}/{file}"])
        return self.answer(b"{}", 404)

    def answer(self, content: bytes, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()}"')
        self.send_header("Content-Length", str(len(content)))
        if status == 404:
            self.send_header("X-Error-Code", "RepoNotFound")
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[type[Hub]]:
    files: dict[str, bytes] = {}
    seed = 0
    for name, paths in SETS.items():
        for path in paths:
            columns = {"image": [cell(seed), cell(seed + 1)], "label": [0, 1]}
            files[f"{name}/{path}"] = write(tmp_path / "made.parquet", columns).read_bytes()
            seed += 2
    served = ThreadingHTTPServer(("127.0.0.1", 0), type("ThisHub", (Hub,), {"asked": [], "files": files}))
    thread = threading.Thread(target=served.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    address = f"http://127.0.0.1:{served.server_port}"
    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", address)
    template = address + "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr(huggingface_hub.constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    yield served.RequestHandlerClass  # type: ignore[misc]
    served.shutdown()
    served.server_close()
    thread.join()


def test_a_data_set_is_its_training_pictures_and_is_fetched_once(server: type[Hub]) -> None:
    items = list(open_source("hf:ann/cats"))
    assert [item.key for item in items][1:3] == [
        "default/train/0000.parquet/000001",
        "default/train/0001.parquet/000000",
    ]
    assert [item.read() for item in items] == [png(picture(seed)) for seed in range(4)]
    assert not [path for path in server.asked if "default/test" in path]
    server.asked.clear()
    assert [item.key for item in open_source("hf:ann/cats")] == [item.key for item in items]
    assert not [path for path in server.asked if path.endswith(".parquet")]


@pytest.mark.usefixtures("server")
def test_a_split_and_a_configuration_may_be_named() -> None:
    assert [item.read() for item in open_source("hf:ann/cats:test")] == [png(picture(4)), png(picture(5))]
    assert [item.read() for item in open_source("hf:ann/dogs:small/train")] == [png(picture(8)), png(picture(9))]
    with pytest.raises(NotFound, match="large, small.*say hf:ann/dogs:CONFIGURATION/SPLIT"):
        open_source("hf:ann/dogs")
    with pytest.raises(NotFound, match="no split other"):
        open_source("hf:ann/cats:other")


@pytest.mark.usefixtures("server")
def test_what_the_hub_does_not_have_is_named() -> None:
    with pytest.raises(NotFound, match="The data set ann/birds is not here and could not be had"):
        open_source("hf:ann/birds")


def test_a_copy_of_a_data_set_is_read_where_it_lies(tmp_path: Path) -> None:
    for number, split in enumerate(("train", "test")):
        write(tmp_path / "tables" / "data" / f"{split}-00000-of-00001.parquet", {"image": [cell(number)]})
        (tmp_path / "files" / split / "cat").mkdir(parents=True)
        picture(number).save(tmp_path / "files" / split / "cat" / "x.png")
    for kind in ("tables", "files"):
        assert len(list(open_source(f"hf:{tmp_path / kind}"))) == 2
        (item,) = open_source(f"hf:{tmp_path / kind}:test")
        assert item.read() == png(picture(1))
    with pytest.raises(BadInput, match="There are no pictures"):
        open_source(f"hf:{tmp_path / 'tables'}:other")
