"""The laboratory for everybody: axe finds nothing on any of its pages in light and dark, and none scrolls sideways on a phone."""

import json
import time
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import APIRequestContext, BrowserContext, FilePayload

from app.spec import FINDINGS
from tests.browser.server import Server
from tests.browser.test_access import WIDTHS, serious
from tests.pictures import blobs, png

WAIT_S = 120
KINDS = sorted(set(FINDINGS) - {"captions", "words"})
PICTURE: FilePayload = {"name": "red-stop.png", "mimeType": "image/png", "buffer": png(blobs(5)[0])}
FIELDS: dict[str, dict[str, Any]] = {  # a region map first draws hundreds of names: its own test looks at it
    "attack": {"text": "stop", "style": "label", "picture_file": PICTURE},
    "attack_search": {"style": "free", "picture_file": PICTURE},
    "attack_table": {"rows": "red: stop\ngreen", "styles": "label", "images": "24"},
    "codes": {"by": "concept"},
    "composition": {"source": "pasted", "list": "red, stripes, zebra, ice cream", "prompts": "a {}\nso {} it is"},
    "stroop": {"inks": "red, blue", "words": "example, red, blue"},
    "wild": {"photos": PICTURE},
}


def put_to_work(request: APIRequestContext, site: Server, kind: str) -> str:
    """The address of what an instrument finds."""
    form = {"kind": kind, "model": site.slug, **FIELDS[kind]}
    deadline = time.monotonic() + WAIT_S
    while (answer := request.post(f"{site.url}/findings", multipart=form, max_redirects=0)).status == 503:
        assert time.monotonic() < deadline, answer.text()  # the corpus is still being read
        time.sleep(0.5)
    assert answer.status == 303, (kind, answer.status, answer.text())
    return answer.headers["location"]


def finish(site: Server, address: str) -> None:
    """Wait until a finding is done."""
    deadline = time.monotonic() + WAIT_S
    while True:
        with urllib.request.urlopen(f"{site.url}{address}.json", timeout=30) as answer:
            found = json.load(answer)
        if found["status"] not in ("queued", "running"):
            break
        assert time.monotonic() < deadline, address
        time.sleep(0.1)
    assert found["status"] == "done", found


@pytest.fixture(scope="module")
def addresses(furnished_site: Server, browser: Any) -> list[str]:
    """The list, every form, what answers at once, and what every instrument found."""
    lab = f"/models/{furnished_site.slug}/lab"
    context = browser.new_context()
    found = [put_to_work(context.request, furnished_site, kind) for kind in FIELDS]
    context.close()
    for address in found:
        finish(furnished_site, address)
    asked = [f"{lab}/text?q=a+red+disc&unit=7", f"{lab}/pictured?q=apple"]
    return [lab, *(f"{lab}/{kind}" for kind in KINDS), *asked, *found]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everybody_can_use_the_laboratory(
    furnished_site: Server, addresses: list[str], new_context: Callable[..., BrowserContext], scheme: str
) -> None:
    page = new_context(color_scheme=scheme, viewport={"width": WIDTHS[0], "height": 800}).new_page()
    for address in addresses:
        answer = page.goto(furnished_site.url + address)
        assert answer and answer.status == 200, address
        assert serious(page, *(("color-contrast",) if scheme == "dark" else ())) == [], address
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (address, width)
