"""A unit facet by facet, and its activation given a facet: with scripts and without, uploads included."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, FilePayload, Locator, Page, expect

from tests.browser.server import Server
from tests.browser.test_access import serious
from tests.pictures import blobs, png

LAYER = "/models/small/layer4.0"
UNIT = f"{LAYER}/5"


def loaded(images: Locator) -> None:
    """Every picture is there."""
    for place in range(images.count()):
        images.nth(place).scroll_into_view_if_needed()
        expect(images.nth(place)).to_have_js_property("complete", True)
        assert images.nth(place).evaluate("image => image.naturalWidth") > 0


def send(page: Page, site: Server, name: str, first: int, count: int = 10) -> None:
    """Upload red discs from a unit's page."""
    page.goto(f"{site.url}{UNIT}/given")
    page.get_by_label("Name").fill(name)
    pictures: list[FilePayload] = [
        {"name": f"{number}.png", "mimeType": "image/png", "buffer": png(blobs(number)[0])}
        for number in range(first, first + 5 * count, 5)
    ]
    page.locator("input[name=images]").set_input_files(pictures)
    page.get_by_role("button", name="Compare them with the corpus").click()


@pytest.mark.parametrize("scripts", [True, False])
def test_a_set_that_is_uploaded_for_a_unit_is_compared_and_then_explains_units(
    furnished_site: Server, new_context: Callable[..., BrowserContext], scripts: bool
) -> None:
    context = new_context(java_script_enabled=scripts, viewport={"width": 1280, "height": 900})
    page, name = context.new_page(), f"red discs {'with' if scripts else 'without'}"
    send(page, furnished_site, name, 5000 if scripts else 6000)
    page.wait_for_url(re.compile(rf"{UNIT}/given\?facet=[0-9a-f]+$"))
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Unit 5 given facet {name}")
    for heading in ("Its own pictures and the corpus", "What its probe finds in the corpus"):
        expect(page.get_by_role("heading", name=heading)).to_be_visible(timeout=60_000)  # it looks again by itself
    assert page.locator("svg.beside-chart").count() == 2
    expect(page.locator("#given-facet")).not_to_have_attribute("aria-busy", "true")
    expect(page.locator("nav.choices a[aria-current]")).to_have_text(name)
    if scripts:
        loaded(page.locator("#given-facet img"))
        assert serious(page) == []
    address = page.url
    page.goto(furnished_site.url + UNIT)
    row = page.locator(".by-facet .row", has=page.get_by_role("heading", name=name))
    expect(row).to_contain_text("of its 100 strongest")
    if scripts:
        loaded(page.locator(".by-facet img"))
        assert serious(page) == []
    row.get_by_role("link", name="Compare").click()
    expect(page).to_have_url(address)


def test_too_few_pictures_are_refused_on_the_units_page(furnished_site: Server, page: Page) -> None:
    send(page, furnished_site, "three", 7000, count=3)
    expect(page.get_by_role("alert")).to_contain_text("at least 8 usable pictures and got 3")
    expect(page.get_by_label("Name")).to_have_value("three")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Unit 5")
