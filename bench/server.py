"""`python -m app serve` in a process of its own, for benches that ask it over HTTP."""

import http.client
import re
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.settings import ROOT

START_S = 240.0


class Server:
    """The application over a data folder, in a process of its own."""

    def __init__(self, model: str, data: Path, device: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        words = ["serve", "--port", str(self.port), "--model", model, "--data", str(data), "--device", device]
        self.log = data.with_suffix(".log")
        with self.log.open("wb") as log:
            self.process = subprocess.Popen([sys.executable, "-m", "app", *words], cwd=ROOT, stdout=log, stderr=log)
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)

    def get(self, path: str) -> tuple[float, bytes]:
        """How many ms an answer took, and the answer."""
        return self._ask("GET", path, None, {})

    def post(self, path: str, name: str, picture: bytes, **fields: str) -> tuple[float, bytes]:
        """The same of an upload."""
        mark = uuid.uuid4().hex
        parts = [f'--{mark}\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n' for k, v in fields.items()]
        head = f'--{mark}\r\nContent-Disposition: form-data; name="{name}"; filename="a.webp"\r\n\r\n'
        body = "".join(parts).encode() + head.encode() + picture + f"\r\n--{mark}--\r\n".encode()
        return self._ask("POST", path, body, {"Content-Type": f"multipart/form-data; boundary={mark}"})

    def _ask(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> tuple[float, bytes]:
        start = time.perf_counter()
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        data = answer.read()
        took = 1000 * (time.perf_counter() - start)
        if answer.status >= 400:
            raise RuntimeError(f"{path}: {answer.status} {data[:300]!r}")
        return took, data

    def wait(self) -> None:
        """Wait until its model and index can be used."""
        end = time.monotonic() + START_S
        while True:
            try:
                self.get("/readyz")
                return
            except (OSError, http.client.HTTPException, RuntimeError):
                self.connection.close()
                if self.process.poll() is not None or time.monotonic() > end:
                    raise RuntimeError(self.log.read_text()[-2000:]) from None
                time.sleep(0.3)

    def memory_mb(self) -> dict[str, float]:
        """Its resident memory: RSS, and the part of it that no file is behind."""
        text = Path(f"/proc/{self.process.pid}/status").read_text()
        return {name: int(kb) / 1024 for name, kb in re.findall(r"(VmRSS|RssAnon|VmHWM):\s+(\d+) kB", text)}


@contextmanager
def serving(model: str, data: Path, *, device: str) -> Iterator[Server]:
    """A server that is ready; its log is beside the data folder. Raises RuntimeError if it never is."""
    server = Server(model, data, device)
    try:
        server.wait()
        yield server
    finally:
        server.process.terminate()
        server.process.wait(30)
