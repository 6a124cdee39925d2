"""A real server in a process of its own, started by the command that people use."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from app.settings import ROOT

START_S = 240.0


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """`python -m app serve` over a data folder; may be stopped and started again at the same address."""

    def __init__(self, model: str, data: Path, **env: str) -> None:
        self.model, self.data, self.port, self.env = model, data, free_port(), env
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def slug(self) -> str:
        return self.model.partition("@")[0]

    def start(self) -> None:
        """Start it and wait until it is ready."""
        self.begin()
        self._wait(lambda: self.status("/readyz") == 200)
        self._wait(self._facets_are_ready)

    def wait_until_it_answers(self) -> None:
        """Wait until it answers anything, ready or not."""
        self._wait(lambda: self.status("/healthz") == 200)

    def begin(self) -> None:
        """Start it; its log goes to a file beside the data folder."""
        command = [sys.executable, "-m", "app", "serve", "--port", str(self.port), "--model", self.model]
        with self.data.with_suffix(".log").open("ab") as log:
            self.process = subprocess.Popen(
                [*command, "--data", str(self.data), "--device", "cpu"],
                cwd=ROOT,
                stdout=log,
                stderr=log,
                env={**os.environ, "OMP_NUM_THREADS": "2", **self.env},
            )

    def stop(self) -> float:
        """Send SIGTERM and return the seconds until it was gone."""
        assert self.process
        started = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=30)
        return time.monotonic() - started

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        assert self.process
        self.process.kill()
        self.process.wait(timeout=30)

    def _facets_are_ready(self) -> bool:
        with urllib.request.urlopen(f"{self.url}/facets.json", timeout=30) as answer:
            found = [facet["status"] for facet in json.load(answer)["facets"]]
        return bool(found) and set(found) == {"ready"}

    def _wait(self, condition: Callable[[], bool]) -> None:
        assert self.process
        deadline = time.monotonic() + START_S
        while not condition():
            assert self.process.poll() is None, f"the server died: see {self.data.with_suffix('.log')}"
            assert time.monotonic() < deadline, "the server was not ready in time"
            time.sleep(0.2)

    def status(self, path: str) -> int:
        """The status that a GET of `path` is answered with; 0 while nobody listens."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=30) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0
