"""Clients that send a byte now and then, or never read what they asked for: others do not notice, and the slow are let go."""

import asyncio
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from tests.browser.server import Server
from tests.faults.people import JSON, UNIT
from tests.pictures import furnished_folder
from tests.web.conftest import LAYER

UPLOAD_S = 3
SLOW, READERS, STALLED = 20, 200, 50
QUICK_S = 10.0
GROWTH_MB = 100
HEAD = "POST /looks HTTP/1.1\r\nHost: {host}\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Length: 5000\r\n\r\n--x"


@pytest.fixture(scope="module")
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = furnished_folder(tmp_path_factory.mktemp("models") / "small", pictures=24, facet=8)
    url = "" if request.param == "sqlite" else request.getfixturevalue("postgres_server").new()
    server = Server(
        f"small@{folder}",
        tmp_path_factory.mktemp("slow") / "data",
        FACETSCOPE_UPLOAD_SECONDS=str(UPLOAD_S),
        FACETSCOPE_DATABASE_URL=url,
    )
    server.start()
    yield server
    server.kill()


def memory_mb(server: Server) -> float:
    assert server.process
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1000


async def slowest_page(server: Server, until: asyncio.Task[object]) -> float:
    """Ask for a unit's page, again and again, until something is done; how many seconds the slowest took."""
    slowest = 0.0
    async with httpx.AsyncClient(base_url=server.url, timeout=30) as client:
        while not until.done():
            began = time.monotonic()
            (await client.get(UNIT)).raise_for_status()
            slowest = max(slowest, time.monotonic() - began)
            await asyncio.sleep(0.2)
    return slowest


async def trickle(server: Server) -> tuple[float, bytes]:
    """Send a byte every quarter of a second; how long that went, and what was answered."""
    began = time.monotonic()
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(HEAD.format(host="127.0.0.1").encode())
    answer = asyncio.create_task(reader.read())
    while not answer.done():
        writer.write(b"-")
        await asyncio.wait([answer], timeout=0.25)
    writer.close()
    with suppress(ConnectionResetError):  # a byte came after the server had closed: it was let go all the same
        return time.monotonic() - began, answer.result()
    return time.monotonic() - began, b""


@pytest.mark.parametrize("server", ["sqlite"], indirect=True)
def test_uploads_that_trickle_in_are_let_go_and_hold_nobody_up(server: Server) -> None:
    async def all_at_once() -> tuple[list[tuple[float, bytes]], float]:
        slow = asyncio.create_task(asyncio.wait_for(_gathered([trickle(server) for _ in range(SLOW)]), 30))
        slowest = await slowest_page(server, slow)
        return await slow, slowest

    answers, slowest = asyncio.run(all_at_once())
    for seconds, answer in answers:
        assert UPLOAD_S - 0.5 < seconds < UPLOAD_S + QUICK_S
        assert not answer or (answer.startswith(b"HTTP/1.1 408") and b"within 3 s" in answer)
    assert any(answer for _, answer in answers) and slowest < QUICK_S


async def _gathered(each: list) -> list:
    return await asyncio.gather(*each)


def stalled(server: Server, path: str) -> socket.socket:
    """A client that asks and never reads, with as little room for what comes as the system allows."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
    client.connect(("127.0.0.1", server.port))
    client.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
    return client


async def last_event(server: Server, path: str) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
    received = await reader.read()
    writer.close()
    return received[-200:]


def render(server: Server, fields: dict[str, str | int]) -> str:
    """Begin a render; returns its address."""
    return httpx.post(f"{server.url}/renders", json=fields, headers=JSON).raise_for_status().json()["url"]


@pytest.mark.parametrize("server", ["sqlite", "postgresql"], indirect=True)
def test_two_hundred_readers_of_one_stream_see_its_end_whoever_stalls(server: Server) -> None:
    fields = {"model": "small", "layer": LAYER, "unit": 3, "size": 32, "steps": 80}
    first = render(server, fields | {"seed": 1})  # what torch takes at its first render is not the readers'
    asyncio.run(last_event(server, f"{first}/events"))
    url = render(server, fields)
    before = memory_mb(server)
    sleepers = [stalled(server, f"{url}/events") for _ in range(STALLED)]

    async def all_at_once() -> tuple[list[bytes], float]:
        reading = [last_event(server, f"{url}/events") for _ in range(READERS - STALLED)]
        ends = asyncio.create_task(asyncio.wait_for(_gathered(reading), 60))
        slowest = await slowest_page(server, ends)
        return await ends, slowest

    ends, slowest = asyncio.run(all_at_once())
    grown = memory_mb(server) - before
    for client in sleepers:
        client.close()
    assert all(b"event: end" in end and b"done" in end for end in ends)
    assert slowest < QUICK_S and grown < GROWTH_MB, (slowest, grown)
