"""The main job, in a real browser: see a unit, make a facet, grow a picture under it, look at a picture of one's own."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.server import Server
from tests.pictures import blobs, png, striped_files

QUICK = {"size": "32", "steps": "24"}


@pytest.fixture
def pictures(tmp_path: Path) -> list[Path]:
    """Twelve pictures of a theme, and a file that is none."""
    paths = []
    for name, data in [*striped_files(12), ("notes.png", b"These are words.")]:
        paths.append(tmp_path / name)
        paths[-1].write_bytes(data)
    return paths


def until_over(page: Page, heading: str) -> None:
    """Wait for the heading that a finished page shows: by its stream, or without scripts by its own refreshing."""
    expect(page.get_by_role("heading", name=heading)).to_be_visible(timeout=120_000)


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_from_the_first_page_to_a_shared_picture(
    site: Server, new_context: Callable[..., BrowserContext], pictures: list[Path], scripts: bool
) -> None:
    page = new_context(java_script_enabled=scripts, viewport={"width": 1280, "height": 900}).new_page()
    see_what_it_is_and_open_a_unit(page, site)
    read_the_unit(page)
    unit = page.url
    make_a_facet(page, site, pictures, name=f"bars {'with' if scripts else 'without'} scripts")
    address = grow_a_picture(page, unit)
    open_it_elsewhere(new_context(java_script_enabled=False).new_page(), address)
    look_at_a_picture(page, site)


def see_what_it_is_and_open_a_unit(page: Page, site: Server) -> None:
    page.goto(site.url)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    cards = page.locator("#gallery a.unit")
    assert cards.count() >= 20
    cards.nth(2).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Unit")


def read_the_unit(page: Page) -> None:
    strongest = page.locator("section[aria-labelledby=strongest] a.shot")
    assert strongest.count() >= 8
    assert page.locator("section[aria-labelledby=strongest] svg.box").count() == strongest.count()
    assert page.locator("section[aria-labelledby=weakest] a.shot").count() >= 8
    assert page.locator("section[aria-labelledby=bands] .row").count() >= 3
    histogram = page.locator("svg.histogram")
    expect(histogram).to_be_visible()
    assert histogram.locator(".bar.negative").count() > 0, "the negative tail is there"
    assert page.locator("#visualize select[name=facet] option").count() >= 2


def make_a_facet(page: Page, site: Server, pictures: list[Path], name: str) -> None:
    page.goto(f"{site.url}/facets")
    page.get_by_label("Name").fill(name)
    page.locator("input[name=images]").set_input_files(pictures)
    page.get_by_role("button", name="Train the facet").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
    until_over(page, "How well it is recognised")
    assert page.locator("svg.interval").count() >= 1
    assert page.locator(".thumbs img").count() == 12
    expect(page.locator(".refused")).to_contain_text("notes.png")


def grow_a_picture(page: Page, unit: str) -> str:
    page.goto(unit)
    form = page.locator("#visualize form")
    form.locator("select[name=facet]").select_option(index=1)
    form.get_by_text("More settings").click()
    for name, value in QUICK.items():
        form.locator(f"input[name={name}]").fill(value)
    form.get_by_role("button", name="Visualize").click()
    page.wait_for_url(re.compile("/renders/[0-9a-f]+$"))
    until_over(page, "What came of it")
    expect(page.locator("#render")).to_contain_text(
        "percentile" if page.get_by_text("percentile").count() else "corpus"
    )
    expect(page.locator("#film img")).to_have_js_property("complete", True)
    return page.url


def open_it_elsewhere(page: Page, address: str) -> None:
    page.goto(address)
    until_over(page, "What came of it")
    expect(page.locator("#film img")).to_be_visible()
    again = page.locator("#again form")
    assert {name: again.locator(f"input[name={name}]").input_value() for name in QUICK} == QUICK


def look_at_a_picture(page: Page, site: Server) -> None:
    page.goto(f"{site.url}/looks")
    page.locator("input[name=image]").set_input_files(
        {"name": "discs.png", "mimeType": "image/png", "buffer": png(blobs(3)[0])}
    )
    page.get_by_role("button", name="Show what it drives").click()
    expect(page.get_by_role("heading", name="What this picture drives")).to_be_visible()
    first = page.locator("a.hit").first
    expect(first).to_contain_text("sd")
    first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Unit")
