"""Fetching weights, from a real HTTP server that speaks as much of the hub's protocol as a download needs."""

import hashlib
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import huggingface_hub.constants
import pytest

from app.clip import hub, registry
from app.errors import WeightsMissing

CONTENT = b"weights" * 1000
COMMIT = "0123456789abcdef0123456789abcdef01234567"


class Hub(BaseHTTPRequestHandler):
    """Has only the pickled form of the weights, as older repositories do; drops the line in mid-file when told to."""

    breaks = False
    asked: list[str] = []

    def do_HEAD(self) -> None:
        self.answer(head=True)

    def do_GET(self) -> None:
        self.answer(head=False)

    def answer(self, *, head: bool) -> None:
        self.asked.append(self.path)
        if not self.path.endswith("/open_clip_pytorch_model.bin"):
            self.send_response(404)
            self.send_header("X-Error-Code", "EntryNotFound")
            self.end_headers()
            return
        self.send_response(200)
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("ETag", f'"{hashlib.sha256(CONTENT).hexdigest()}"')
        self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        if not head:
            self.wfile.write(CONTENT[: 100 if self.breaks else None])

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Hub]]:
    served = ThreadingHTTPServer(("127.0.0.1", 0), type("ThisHub", (Hub,), {"asked": [], "breaks": False}))
    thread = threading.Thread(target=served.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    point_at(monkeypatch, f"http://127.0.0.1:{served.server_port}")
    yield served.RequestHandlerClass  # type: ignore[misc]
    served.shutdown()
    served.server_close()
    thread.join()


def point_at(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    template = address + "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", address)
    monkeypatch.setattr(huggingface_hub.constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)


def test_a_fetched_file_lands_in_the_cache_and_is_not_fetched_again(server: type[Hub], tmp_path: Path) -> None:
    entry = registry.entry("RN50x4.openai")
    path = registry.fetch(entry, tmp_path)
    assert path.read_bytes() == CONTENT
    assert path.is_relative_to(tmp_path / "models--timm--resnet50x4_clip.openai" / "snapshots" / COMMIT)
    assert registry.cached(entry, tmp_path) == path
    asked = len(server.asked)
    assert registry.fetch(entry, tmp_path) == path
    assert len(server.asked) == asked


def test_safetensors_are_asked_for_first(server: type[Hub], tmp_path: Path) -> None:
    registry.fetch(registry.entry("RN50.openai"), tmp_path)
    assert server.asked[0].endswith("/timm/resnet50_clip.openai/resolve/main/open_clip_model.safetensors")


def test_a_download_that_breaks_off_leaves_nothing_that_looks_whole(
    server: type[Hub], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.breaks = True
    monkeypatch.setattr(time, "sleep", lambda _: None)  # the client waits between its attempts
    with pytest.raises(WeightsMissing, match="could not be downloaded"):
        registry.fetch(registry.entry("RN50.openai"), tmp_path)
    assert registry.cached(registry.entry("RN50.openai"), tmp_path) is None


def test_without_a_network_the_refusal_is_quick_and_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        point_at(monkeypatch, f"http://127.0.0.1:{free.getsockname()[1]}")
        start = time.monotonic()
        with pytest.raises(WeightsMissing) as caught:
            registry.load(registry.entry("RN50x4.openai"), tmp_path, "cpu")
        assert time.monotonic() - start < hub.PROBE_TIMEOUT_S
    assert "`uv run python -m app model fetch RN50x4.openai`" in caught.value.detail
    assert "open_clip_model.safetensors" in caught.value.detail
    assert "\n" not in caught.value.detail
    assert capfd.readouterr() == ("", "")
