"""How long the pages of the embedded model take to be made, and how many bytes of HTML they are.

`python -m app serve` in a process of its own with an empty data folder, asked over HTTP once its columns, facets and
labels are there, one request at a time.
"""

import json
import random
import tempfile
import time
from pathlib import Path

from bench.rows import Row, Tell
from bench.server import Server, serving
from bench.unit_page import p95

MODEL, LAYER, UNITS = "iconclip", "layer4.1", 768
VISITS = 100
MOST_MS, MOST_KB = 100, 100
SETTLED_S = 420.0

ADDRESSES = {
    "unit": "/models/{model}/{layer}/{unit}",
    "given": "/models/{model}/{layer}/{unit}/given",
    "by-facet": "/models/{model}/{layer}/{unit}/by-facet",
    "alike": "/models/{model}/{layer}/{unit}/alike",
}


def measure(tell: Tell) -> list[Row]:
    """Visit units at random, every page of each."""
    rows = []
    with tempfile.TemporaryDirectory() as folder, serving(MODEL, Path(folder) / "data", device="cpu") as server:
        tell("waiting until everything that is made in the background is there")
        _settle(server)
        units = random.Random(5).sample(range(UNITS), VISITS)
        for name, address in ADDRESSES.items():
            tell(name)
            visits = [server.get(address.format(model=MODEL, layer=LAYER, unit=unit)) for unit in units]
            slow, long = p95([ms for ms, _ in visits]), max(len(body) for _, body in visits) / 1000
            about = f"95th percentile, {VISITS} units at random"
            rows.append(Row(f"pages.{name}", slow, "ms", MOST_MS, about, most=True))
            rows.append(Row(f"pages.{name}.html", long, "KB", MOST_KB, "the longest of them", most=True))
    return rows


def _settle(server: Server) -> None:
    """Wait for what a unit's page says of itself to be whole."""
    url = ADDRESSES["unit"].format(model=MODEL, layer=LAYER, unit=0)
    for _ in range(int(SETTLED_S)):
        page = json.loads(server.get(f"{url}.json")[1])
        if page["by_facet"] and not (page["by_facet_status"] or page["record"]["status"] or page["labels"]["status"]):
            return
        time.sleep(1)
    raise TimeoutError("not everything of a unit's page was there in time")
