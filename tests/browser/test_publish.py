"""A published copy in a real browser: below some folder of a plain web host, and opened from the disk."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import urldefrag

import pytest
from playwright.sync_api import Page, expect
from typer.testing import CliRunner

from app.cli import cli
from tests.pictures import furnished_folder

UNIT = "models/small/layer4.0/7/index.html"
ADDRESSES = "nodes => nodes.map(node => node.tagName === 'image' ? node.href.baseVal : node.href || node.src)"


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two units of the tiny model, published by the command; in a thread, as Playwright has an event loop in this one."""
    folder = tmp_path_factory.mktemp("publish")
    model = f"small@{furnished_folder(folder / 'small', pictures=40, facet=10)}"
    place = folder / "host" / "some where" / "copy"
    words = ["publish", str(place), "--model", model, "--units", "7,9", "--facet", "stripes"]
    environment = {"FACETSCOPE_DATA": str(folder / "data"), "FACETSCOPE_DEVICE": "cpu"}
    with ThreadPoolExecutor(1) as thread:
        result = thread.submit(CliRunner().invoke, cli, words, env=environment).result()
    assert result.exit_code == 0, result.output
    assert "2 units of layer4.0" in result.output
    return place


@pytest.fixture(scope="module")
def address(copy: Path) -> Iterator[str]:
    """Where a plain web server has it, in a folder of a folder."""
    handler = partial(Quiet, directory=copy.parent.parent)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}/some%20where/copy/"
        server.shutdown()


def test_a_plain_web_host_serves_all_that_its_pages_name(page: Page, copy: Path, address: str) -> None:
    pages, others = [f"{address}index.html"], set[str]()
    for here in pages:
        page.goto(here)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        named = page.locator("a[href], link[href], img, image, script[src]").evaluate_all(ADDRESSES)
        inside = {urldefrag(each).url for each in named if each.startswith("http://127.0.0.1")}
        assert all(each.startswith(address) for each in inside), here
        pages += sorted(each for each in inside if each.endswith(".html") and each not in pages)
        others |= inside - set(pages)
    alone = "by-facet"  # a unit's page leads there from the fourth facet on
    written = {path.relative_to(copy).as_posix() for path in copy.rglob("*.html") if path.parent.name != alone}
    assert {each.removeprefix(address) for each in pages} == written and UNIT in written
    assert len(others) > 50
    assert [each for each in others if page.request.head(each).status != 200] == []


def test_it_opens_from_the_disk(page: Page, copy: Path) -> None:
    page.goto((copy / "index.html").as_uri())
    page.get_by_role("link", name="2 units of layer4.0").click()
    page.locator("a.unit").first.click()
    expect(page).to_have_url((copy / UNIT).as_uri())
    expect(page.locator("html")).to_have_class("js")
    assert page.locator("#strongest").evaluate("node => getComputedStyle(node).fontWeight") > "400"
    expect(page.locator("section[aria-labelledby=strongest] img").first).to_have_js_property("naturalWidth", 64)
    page.get_by_role("link", name="how to cite it").click()
    expect(page.get_by_role("heading", name="How to cite it")).to_be_visible()
