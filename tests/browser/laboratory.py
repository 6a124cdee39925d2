"""A finding of every instrument of the laboratory, for tests that look at all pages."""

import json
import time
import urllib.request
from typing import Any

from playwright.sync_api import APIRequestContext, FilePayload

from app.spec import FINDINGS
from tests.browser.server import Server
from tests.pictures import blobs, png

WAIT_S = 120
KINDS = sorted(set(FINDINGS) - {"captions", "words"})

PICTURE: FilePayload = {"name": "red-stop.png", "mimeType": "image/png", "buffer": png(blobs(5)[0])}

FIELDS: dict[str, dict[str, Any]] = {
    "attack": {"text": "stop", "style": "label", "picture_file": PICTURE},
    "attack_search": {"style": "free", "picture_file": PICTURE},
    "attack_table": {"rows": "red: stop\ngreen", "styles": "label", "images": "24"},
    "codes": {"by": "concept"},
    "composition": {"source": "pasted", "list": "red, stripes, zebra, ice cream", "prompts": "a {}\nso {} it is"},
    "stroop": {"inks": "red, blue", "words": "example, red, blue"},
    "wild": {"photos": PICTURE},
}


def laboratory(request: APIRequestContext, site: Server) -> dict[str, str]:
    """The addresses of the laboratory's pages by their names: the list, every form, and what every instrument found."""
    lab = f"/models/{site.slug}/lab"
    found = {
        kind: request.post(
            f"{site.url}/findings", multipart={"kind": kind, "model": site.slug, **fields}, max_redirects=0
        ).headers["location"]
        for kind, fields in FIELDS.items()
    }
    for url in found.values():
        _wait(f"{site.url}{url}.json")
    forms = {f"form of {kind}": f"{lab}/{kind}" for kind in KINDS}
    asked = {"text to units": f"{lab}/text?q=a+red+disc&unit=7", "words as pictures": f"{lab}/pictured?q=apple"}
    return {"laboratory": lab, **forms, **asked, **found}


def _wait(twin: str) -> None:
    deadline = time.monotonic() + WAIT_S
    while True:
        with urllib.request.urlopen(twin, timeout=30) as answer:
            found = json.load(answer)
        if found["status"] not in ("queued", "running"):
            assert found["status"] == "done", found
            return
        assert time.monotonic() < deadline, twin
        time.sleep(0.1)
