"""What a crowd does to a server: a hundred browsers at unit pages while four renders grow, the same with the pictures of
the pages, and a thousand POSTs, a hundred at a time.

The server is a process of its own, over the folder FACETSCOPE_DATA, or a new one in which it first does all that it does
for a new model. Somebody has been at every page before, as at those of a server that is left running. The browsers are
`wrk` (`apt install wrk`), so that they take as little of the machine as can be. LOAD_S sets how many seconds they stay,
LOAD_POSTS how many POSTs there are.
"""

import asyncio
import json
import os
import random
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import httpx

from bench.rows import Row, Tell
from bench.server import Server, serving

SECONDS = float(os.environ.get("LOAD_S", "60"))
BROWSERS, RENDERS, POSTS = 100, 4, int(os.environ.get("LOAD_POSTS", "1000"))
SCRIPT = Path(__file__).with_name("load.lua")
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


async def _wrk(url: str, kind: str) -> dict[str, float]:
    """What `kind` of load.lua came to: answers, faults, p50_ms and p99_ms."""
    command = ["wrk", "-t1", f"-c{BROWSERS}", f"-d{SECONDS:g}s", "--timeout", "60s", "-s", str(SCRIPT), url, "--", kind]
    process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
    said, _ = await process.communicate()
    return json.loads(said.splitlines()[-1])


async def _crowd(server: Server, client: httpx.AsyncClient, tell: Tell, *kinds: str) -> list[Row]:
    """What a crowd that asks for these kinds of things does to renders, and they to it; the goals are those of pages alone."""
    name, goals = f"load.{'.'.join(kinds)}", len(kinds) == 1
    tell("renders alone")
    renders = await _renders(client)
    alone = await _pace(client, renders, ALONE_S)
    before = server.memory_mb()["VmRSS"]
    tell(f"{' and '.join(kinds)} for {BROWSERS} browsers, {SECONDS:g} s")
    pace = asyncio.create_task(_pace(client, renders, SECONDS))
    crowds = await asyncio.gather(*(_wrk(str(client.base_url), kind) for kind in kinds))
    beside = await pace
    for each in renders:
        await client.post(f"{each}/cancel")
    grown = server.memory_mb()["VmRSS"] / before
    asked = " and ".join(f"{crowd['answers']:,.0f} {kind}" for kind, crowd in zip(kinds, crowds, strict=True))
    note = f"{BROWSERS} browsers for {SECONDS:g} s beside {RENDERS} renders, {os.cpu_count()} cores: {asked}"
    pages = crowds[0]
    return [
        Row(
            f"{name}.faults", sum(crowd["faults"] for crowd in crowds), "answers", 0 if goals else None, note, most=True
        ),
        Row(f"{name}.p50", pages["p50_ms"], "ms", None, "of a page"),
        Row(f"{name}.p99", pages["p99_ms"], "ms", 500 if goals else None, "of a page", most=True),
        Row(
            f"{name}.renders",
            beside / alone,
            "of alone",
            0.75 if goals else None,
            f"{beside:.1f} steps a second against {alone:.1f}",
        ),
        Row(f"{name}.memory", grown, "after/before", 1.1 if goals else None, f"{before:.0f} MiB before", most=True),
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
        tell("a first visit to every unit")
        for unit in range(UNITS):
            (await client.get(f"/models/iconclip/{LAYER}/{unit}")).raise_for_status()
        pages = await _crowd(server, client, tell, "pages")
        window = await _crowd(server, client, tell, "pages", "pictures")
        return [*pages, *window, *await _burst(client, tell)]


def measure(tell: Tell) -> list[Row]:
    """All of it, one after the other, on the shipped model. Raises RuntimeError where wrk is not installed."""
    if shutil.which("wrk") is None:
        raise RuntimeError("bench load takes wrk: `apt install wrk`.")
    with (
        tempfile.TemporaryDirectory() as folder,
        serving("iconclip", Path(os.environ.get("FACETSCOPE_DATA") or f"{folder}/data"), device="auto") as server,
    ):
        return asyncio.run(_measure(server, tell))
