"""What a crowd does to a server: a hundred browsers at unit pages while four renders grow, and a thousand POSTs,
a hundred at a time.

The server is a process of its own, over the folder FACETSCOPE_DATA, or a new one in which it first does all that it does
for a new model; the crowd is this process. LOAD_S sets how many seconds the browsers stay,
LOAD_POSTS how many POSTs there are.
"""

import asyncio
import os
import random
import re
import tempfile
import time
from collections import Counter
from pathlib import Path

import httpx
import numpy as np

from bench.rows import Row, Tell
from bench.server import Server, serving

SECONDS = float(os.environ.get("LOAD_S", "60"))
BROWSERS, RENDERS, POSTS = 100, 4, int(os.environ.get("LOAD_POSTS", "1000"))
READS_S = 4.0  # that somebody looks at a page, on average
PICTURES = 12  # of a page: what a window shows
LAYER, UNITS = "layer4.1", 256
PLACE = {"model": "iconclip", "layer": LAYER}
JSON = {"Accept": "application/json"}
IDLE_S = 900.0
ALONE_S = 10.0
LIMITS = httpx.Limits(max_connections=BROWSERS, max_keepalive_connections=0)  # none idle: the server closes those


async def _idle(client: httpx.AsyncClient) -> None:
    """Wait until what a server does at first is done: all but labels, which it finds in pauses."""
    until = time.monotonic() + IDLE_S
    while time.monotonic() < until:
        page = (await client.get(f"/models/iconclip/{LAYER}/3.json")).raise_for_status().json()
        if not page["record"]["status"]:
            return
        await asyncio.sleep(0.5)
    raise TimeoutError("the server is still busy with its model")


async def _renders(client: httpx.AsyncClient) -> list[str]:
    """Long renders that grow by now."""
    urls = []
    for seed in range(RENDERS):
        fields = {**PLACE, "unit": 3, "steps": 4096, "seed": random.randrange(2**31 - RENDERS) + seed}
        urls.append((await client.post("/renders", json=fields, headers=JSON)).raise_for_status().json()["url"])
    while await _steps(client, urls) < RENDERS:
        await asyncio.sleep(0.2)
    return urls


async def _steps(client: httpx.AsyncClient, urls: list[str]) -> int:
    return sum([(await client.get(f"{url}.json")).json()["step"] for url in urls])


async def _pace(client: httpx.AsyncClient, urls: list[str], seconds: float) -> float:
    """Steps a second of all renders together; call and let others run meanwhile."""
    began, steps = time.monotonic(), await _steps(client, urls)
    await asyncio.sleep(seconds)
    return (await _steps(client, urls) - steps) / (time.monotonic() - began)


async def _get(client: httpx.AsyncClient, path: str) -> httpx.Response:
    """As browsers do, once more where the server had just closed a connection that was idle."""
    try:
        return await client.get(path)
    except (httpx.RemoteProtocolError, httpx.ReadError):
        return await client.get(path)


async def _browse(url: str, seed: int, until: float, took: list[float], said: Counter[int]) -> None:
    """One browser: a unit's page, the pictures that a window of it shows and that were not seen before, and a while to read."""
    drawn, seen = random.Random(seed), set[str]()
    # verify=False: reading the certificates that plain HTTP has no use for would keep a hundred browsers for seconds.
    async with httpx.AsyncClient(base_url=url, timeout=60, verify=False) as client:
        await asyncio.sleep(drawn.uniform(0, READS_S))
        while time.monotonic() < until:
            began = time.monotonic()
            page = await _get(client, f"/models/iconclip/{LAYER}/{drawn.randrange(UNITS)}")
            took.append(time.monotonic() - began)
            said[page.status_code] += 1
            pictures = [
                each for each in re.findall(r'<img[^>]* src="(/[^"]+)"', page.text)[:PICTURES] if each not in seen
            ]
            seen.update(pictures)
            for answer in await asyncio.gather(*(_get(client, each) for each in pictures)):
                said[answer.status_code] += 1
            await asyncio.sleep(drawn.uniform(0, 2 * READS_S))


async def _crowd(server: Server, client: httpx.AsyncClient, tell: Tell) -> list[Row]:
    tell("renders alone")
    renders = await _renders(client)
    alone = await _pace(client, renders, ALONE_S)
    before = server.memory_mb()["VmRSS"]
    tell(f"{BROWSERS} browsers for {SECONDS:g} s")
    took: list[float] = []
    said: Counter[int] = Counter()
    until = time.monotonic() + SECONDS
    browsing = [_browse(str(client.base_url), seed, until, took, said) for seed in range(BROWSERS)]
    pace = asyncio.create_task(_pace(client, renders, SECONDS))
    await asyncio.gather(*browsing)
    beside = await pace
    for each in renders:
        await client.post(f"{each}/cancel")
    grown = server.memory_mb()["VmRSS"] / before
    faults = sum(count for status, count in said.items() if status >= 500)
    note = f"{BROWSERS} browsers for {SECONDS:g} s beside {RENDERS} renders, {os.cpu_count()} cores; {len(took)} pages"
    return [
        Row("load.faults", faults, "5xx", 0, f"of {said.total()} answers", most=True),
        Row("load.p50", 1000 * float(np.median(took)), "ms", None, note),
        Row("load.p99", 1000 * float(np.quantile(took, 0.99)), "ms", 500, note, most=True),
        Row("load.renders", beside / alone, "of alone", 0.75, f"{beside:.1f} steps a second against {alone:.1f}"),
        Row("load.memory", grown, "after/before", 1.1, f"{before:.0f} MiB before", most=True),
    ]


async def _burst(client: httpx.AsyncClient, tell: Tell) -> list[Row]:
    """A thousand renders asked for: some are taken, the rest told when to come back, and all taken are drawn."""
    tell(f"{POSTS} POSTs")
    first = random.randrange(2**30)
    fields = [{**PLACE, "unit": 3, "steps": 2, "size": 32, "seed": first + i} for i in range(POSTS)]
    answers = await asyncio.gather(*(client.post("/renders", json=each, headers=JSON) for each in fields))
    taken = [answer.json()["url"] for answer in answers if answer.is_success]
    told = sum(answer.status_code == 429 and "retry-after" in answer.headers for answer in answers)
    drawn = 0
    for url in taken:
        while (status := (await client.get(f"{url}.json")).json()["status"]) in ("queued", "running"):
            await asyncio.sleep(0.1)
        drawn += status == "done"
    return [
        Row("load.drawn", drawn / max(len(taken), 1), "of taken", 1, f"{len(taken)} of {POSTS} were taken"),
        Row("load.told", (len(taken) + told) / POSTS, "of all", 1, "taken, or 429 with Retry-After"),
    ]


async def _measure(server: Server, tell: Tell) -> list[Row]:
    url = f"http://127.0.0.1:{server.port}"
    async with httpx.AsyncClient(base_url=url, timeout=120, limits=LIMITS) as client:
        tell("waiting until the server is idle")
        await _idle(client)
        crowd = await _crowd(server, client, tell)
        return [*crowd, *await _burst(client, tell)]


def measure(tell: Tell) -> list[Row]:
    """Both, one after the other, on the shipped model."""
    with (
        tempfile.TemporaryDirectory() as folder,
        serving("iconclip", Path(os.environ.get("FACETSCOPE_DATA") or f"{folder}/data"), device="auto") as server,
    ):
        return asyncio.run(_measure(server, tell))
