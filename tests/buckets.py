"""Buckets to test on: fsspec's in memory, and those of an S3 server of our own in this process (moto)."""

import json
import os
import selectors
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import httpx
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from app.store.blobs import Blobs, Bucket, Folder

if TYPE_CHECKING:  # to import it takes a second, which only the tests that start a server are to wait
    from moto.s3.models import FakeBucket

ACCOUNT = "123456789012"  # whose everything is that is asked for with keys that moto does not know
MEMORY = "memory://bucket/prefix"


class S3:
    """An S3 server on a free port of this machine; buckets are made and looked into without asking it."""

    def __init__(self) -> None:
        from moto.server import ThreadedMotoServer

        self._server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
        self._server.start()
        self.port = self._server.get_host_and_port()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._made = 0

    def new(self) -> str:
        """The address of a folder of a new bucket, in which there is nothing."""
        from moto.s3.models import s3_backends

        self._made += 1
        s3_backends[ACCOUNT]["aws"].create_bucket(f"bucket{self._made}", "us-east-1")
        return f"s3://bucket{self._made}/prefix"

    def keys(self, address: str) -> list[str]:
        """All that a bucket holds, outside the folder too."""
        return sorted(_bucket(address).keys.keys())

    def put(self, address: str, key: str, data: bytes = b"") -> None:
        """Make an object as others do, at any key of a bucket."""
        httpx.put(f"{self.url}/{_name(address)}/{key}", content=data).raise_for_status()

    def forbid(self, address: str, action: str) -> None:
        """Let nobody do one thing with the objects of a bucket."""
        statement = {
            "Effect": "Deny",
            "Principal": "*",
            "Action": action,
            "Resource": f"arn:aws:s3:::{_name(address)}/*",
        }
        _bucket(address).policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]}).encode()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """It knows nobody's keys meanwhile."""
        self._check_keys_from(0)
        try:
            yield
        finally:
            self._check_keys_from("inf")

    def stop(self) -> None:
        """Stop it."""
        self._server.stop()
        if self._server._server is not None:
            self._server._server.server_close()

    def _check_keys_from(self, request: object) -> None:
        httpx.post(f"{self.url}/moto-api/reset-auth", content=str(request)).raise_for_status()


@contextmanager
def cut_off(s3: S3, after: int) -> Iterator[str]:
    """The URL of a server that breaks a connection off once so many bytes of it were passed on to S3 or from it."""

    def pass_on(near: socket.socket) -> None:
        far = socket.create_connection(("127.0.0.1", s3.port))
        with near, far, selectors.DefaultSelector() as either:
            either.register(near, selectors.EVENT_READ, (near, far))
            either.register(far, selectors.EVENT_READ, (far, near))
            left = after
            while left:
                for ready, _ in either.select(10):
                    here, there = ready.data
                    data = here.recv(left)
                    if not data:
                        return
                    there.sendall(data)
                    left -= len(data)

    def serve() -> None:
        with suppress(OSError):  # the end of it
            while True:
                near, _ = listening.accept()
                with suppress(OSError):
                    pass_on(near)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        listening.shutdown(socket.SHUT_RDWR)
    thread.join(10)


@contextmanager
def silent() -> Iterator[str]:
    """The URL of a server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


@contextmanager
def absent() -> Iterator[str]:
    """A URL at which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


def empty_memory() -> None:
    """Forget all that is kept in memory."""
    MemoryFileSystem.store.clear()
    MemoryFileSystem.pseudo_dirs[:] = [""]


def place_of(kind: str, request: pytest.FixtureRequest) -> str:
    """Where blobs are kept, empty: the address of a bucket `memory` or `s3`, or none for the data folder."""
    if kind == "s3":
        return request.getfixturevalue("s3").new()
    empty_memory()
    return MEMORY if kind == "memory" else ""


def set_back(blobs: Blobs, path: str, moment: float) -> None:
    """As if what is at a path had been written at another time, in whole seconds for S3."""
    if isinstance(blobs, Folder):
        os.utime(blobs.root / path, (moment, moment))
        return
    assert isinstance(blobs, Bucket)
    when, place = datetime.fromtimestamp(moment, UTC), f"{blobs.root}/{path}"
    if isinstance(blobs.files, MemoryFileSystem):
        MemoryFileSystem.store[place].modified = when
    else:
        name, _, key = place.partition("/")
        _bucket(f"s3://{name}").keys[key].last_modified = when.replace(tzinfo=None)


def _name(address: str) -> str:
    return address.removeprefix("s3://").partition("/")[0]


def _bucket(address: str) -> "FakeBucket":
    from moto.s3.models import s3_backends

    return s3_backends[ACCOUNT]["aws"].buckets[_name(address)]
