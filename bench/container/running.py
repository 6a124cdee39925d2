"""The image at work: its CMD as process 1, on a root that nobody can write to and without any network but its own."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.container.dockerfile import Failed
from bench.container.image import IN, SYSTEM, Image

READY_S, STOPPED_S = 180, 30
READ_ONLY = """
ip link set lo up
mount --bind "$1" "$1"
mount -o remount,bind,ro "$1"
mount -t tmpfs -o mode=1777 tmpfs "$1/tmp"
"""
ASK = """
import html, os, re, sys
from urllib.parse import urljoin
from urllib.request import urlopen

for page in sys.argv[1:]:
    url = f"http://127.0.0.1:{os.environ['FACETSCOPE_PORT']}{page}"
    with urlopen(url, timeout=120) as answer:
        body = answer.read()
    loads = re.findall(r'<(?:img|script|link rel="(?:stylesheet|icon)")[^>]*? (?:src|href)="([^"]+)"', body.decode())
    for address in {urljoin(url, html.unescape(each)) for each in loads}:
        urlopen(address, timeout=120).read()
    print(f"{page}: {len(body)} bytes, and {len(set(loads))} files that it loads")
"""


@dataclass(frozen=True)
class Container:
    """A running image."""

    image: Image
    outer: subprocess.Popen[bytes]
    log: Path

    @property
    def first(self) -> int:
        """The process here that is process 1 in the container. Raises Failed if it has ended."""
        if children := _children(self.outer):
            return children[0]
        raise Failed(f"The server ended with exit code {self.outer.wait(STOPPED_S)}.")

    def execute(self, argv: list[str]) -> subprocess.CompletedProcess[str]:
        """Run a command beside the server, as its user: `docker exec`."""
        uid, gid, _ = self.image.identity()
        within = ["--mount", "--pid", "--net", "--root", f"--setuid={uid}", f"--setgid={gid}"]
        enter = ["nsenter", f"--target={self.first}", *within, "/usr/bin/env", "-C", self.image.workdir]
        return subprocess.run([*enter, *argv], env=self.image.variables(), capture_output=True, text=True)

    def ready(self, check: list[str]) -> tuple[float, float]:
        """Seconds until the health check passes, and that one check takes. Raises Failed if it never passes, or the
        server ended."""
        start = time.monotonic()
        while (said := self.execute(check)).returncode:
            if time.monotonic() - start > READY_S:
                raise Failed(f"The health check did not pass within {READY_S} s: {said.stderr}")
            time.sleep(0.5)
        passed = time.monotonic()
        self.execute(check)
        return passed - start, time.monotonic() - passed

    def said(self) -> str:
        """What the server said so far, but for the requests that it answered."""
        lines = self.log.read_text(errors="replace").splitlines()
        return "\n".join(line for line in lines if ' - "GET /' not in line)

    def ask(self, pages: list[str]) -> str:
        """What pages answer, each with all that it loads. Raises Failed on anything but 200."""
        said = self.execute(["python", "-c", ASK, *pages])
        if said.returncode:
            raise Failed(f"A page did not answer: {said.stderr}")
        return said.stdout

    def stop(self) -> tuple[int, float]:
        """`docker stop`: the exit code, and the seconds it took. Raises subprocess.TimeoutExpired."""
        start = time.monotonic()
        os.kill(self.first, signal.SIGTERM)
        return self.outer.wait(STOPPED_S), time.monotonic() - start


@contextmanager
def running(image: Image, command: list[str], volumes: list[str], scratch: Path) -> Iterator[Container]:
    """Start a command on empty volumes, each owned as the image's own folder is; it is killed at the end."""
    uid, gid, _ = image.identity()
    binds = ""
    for number, volume in enumerate(volumes):
        here = scratch / f"volume{number}"
        here.mkdir(mode=0o755)
        owner = image.at(volume).stat()
        os.chown(here, owner.st_uid, owner.st_gid)
        shutil.copymode(image.at(volume), here)
        binds += f'mount --bind "{here}" "$1{volume}"\n'
    script = ["bash", "-ec", READ_ONLY + SYSTEM + binds + IN, "bash", image.root, f"{uid}:{gid}", image.workdir]
    spaces = ["unshare", "--mount", "--pid", "--net", "--fork", "--kill-child"]
    log = scratch / "server.log"
    with log.open("wb") as out:
        every = [*spaces, *script, *command]
        outer = subprocess.Popen(every, env=image.variables(), stdout=out, stderr=subprocess.STDOUT)
    try:
        while outer.poll() is None and not _children(outer):
            time.sleep(0.01)
        yield Container(image, outer, log)
    finally:
        outer.kill()
        outer.wait()


def _children(process: subprocess.Popen[bytes]) -> list[int]:
    return [int(each) for each in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()]
