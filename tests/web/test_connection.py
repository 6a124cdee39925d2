"""Connections to a real server whose clients dawdle: the slow are let go, whoever listens or comes again is not."""

import asyncio
import re
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress

import pytest
import uvicorn
from fastapi import FastAPI
from fastapi.responses import PlainTextResponse, StreamingResponse

from app.cli.serving import configured
from app.settings import Settings
from app.web import connection
from tests.web.conftest import wait_for

HEAD_S, REST_S = 0.6, 1.2
PAUSE_S = 0.1
GET = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
UPLOAD = b"POST /refused HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5000\r\n\r\n"
STREAM = b"GET /events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"

app = FastAPI()


@app.get("/")
async def first() -> PlainTextResponse:
    return PlainTextResponse("here")


@app.post("/refused")
async def refused() -> PlainTextResponse:
    """Answers before it has read anything of what is sent."""
    return PlainTextResponse("no", 401)


@app.get("/events")
async def events() -> StreamingResponse:
    async def beats() -> AsyncIterator[str]:
        for _ in range(2):
            await asyncio.sleep(max(HEAD_S, REST_S) + 0.3)
            yield "data: beat\n\n"

    return StreamingResponse(beats(), media_type="text/event-stream")


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """A server as `serve` runs it, but that it waits for a head less long."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(connection, "HEAD_S", HEAD_S)
        server = uvicorn.Server(configured(app, Settings(port=0, upload_seconds=REST_S)))
        thread = threading.Thread(target=server.run)
        thread.start()
        wait_for(lambda: server.started)
        yield server.servers[0].sockets[0].getsockname()[1]
        server.should_exit = True
        thread.join()


async def trickled(port: int, *, first: bytes, then: bytes = b"") -> tuple[bytes, float]:
    """What is answered to some bytes at once and then one now and then, and how long the connection lasted."""
    began = time.monotonic()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    received: list[bytes] = []

    async def read() -> None:
        with suppress(ConnectionResetError):  # a byte came after the server had closed
            while some := await reader.read(1000):
                received.append(some)

    reading = asyncio.create_task(read())
    writer.write(first)
    for byte in then:
        if (await asyncio.wait([reading], timeout=PAUSE_S))[0]:
            break
        writer.write(bytes([byte]))
    await asyncio.wait_for(reading, 10)
    lasted = time.monotonic() - began
    writer.close()
    return b"".join(received), lasted


def test_a_head_that_trickles_in_is_answered_408(port: int) -> None:
    answer, seconds = asyncio.run(trickled(port, first=b"", then=GET[:-2] + b"X-Odd: " + b"a" * 100))
    assert answer.startswith(b"HTTP/1.1 408 ") and b"within 0.6 s" in answer and b"connection: close" in answer.lower()
    assert HEAD_S - 0.1 < seconds < HEAD_S + 1


def test_whoever_never_says_anything_is_let_go(port: int) -> None:
    answer, seconds = asyncio.run(trickled(port, first=b""))
    assert answer == b"" and HEAD_S - 0.1 < seconds < HEAD_S + 1


def test_a_second_head_that_trickles_in_is_answered_408_too(port: int) -> None:
    answer, seconds = asyncio.run(trickled(port, first=GET, then=GET[:-2] + b"a" * 100))
    assert re.findall(rb"HTTP/1.1 (\d+) ", answer) == [b"200", b"408"] and seconds < HEAD_S + 1


def test_what_is_left_of_a_refused_upload_may_not_trickle_in_for_ever(port: int) -> None:
    answer, seconds = asyncio.run(trickled(port, first=UPLOAD, then=b"a" * 100))
    assert answer.startswith(b"HTTP/1.1 401 ") and b" 408 " not in answer
    assert REST_S - 0.1 < seconds < REST_S + 1, "as long as an upload may take, so that it sees why it was refused"


def test_a_connection_is_used_again_for_longer_than_a_head_may_take(port: int) -> None:
    async def asked() -> int:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        count = 0
        for _ in range(6):
            writer.write(GET[:20])
            await asyncio.sleep(HEAD_S / 3)
            writer.write(GET[20:])
            count += (await reader.readuntil(b"here")).startswith(b"HTTP/1.1 200")
        writer.close()
        return count

    assert asyncio.run(asked()) == 6


def test_requests_sent_one_after_the_other_are_all_answered(port: int) -> None:
    answer, _ = asyncio.run(trickled(port, first=GET + GET + GET[:-2] + b"Connection: close\r\n\r\n"))
    assert re.findall(rb"HTTP/1.1 (\d+) ", answer) == [b"200"] * 3


def test_a_stream_goes_on_for_as_long_as_it_likes(port: int) -> None:
    answer, seconds = asyncio.run(
        trickled(port, first=STREAM.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"), then=b"")
    )
    assert answer.count(b"data: beat") == 2 and seconds > 2 * max(HEAD_S, REST_S)


@pytest.mark.parametrize("kilobytes", [20, 200, 2000])
def test_a_head_may_not_be_of_any_size(port: int, kilobytes: int) -> None:
    """h11 counts the bytes of a head that is not whole."""
    answer, seconds = asyncio.run(trickled(port, first=GET[:-2] + b"X-Odd: " + b"a" * kilobytes * 1000))
    assert kilobytes == 2000 or answer.startswith(b"HTTP/1.1 400 ")
    assert seconds < HEAD_S and b" 200 " not in answer
