"""Dataset examples in a real browser: ten bands, heat maps and crops, random draws, folded near-duplicates."""

import json
import time
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.browser.server import Server

UNIT = "/models/small/layer4.0/5"
WAIT_S = 90.0


@pytest.fixture(scope="module")
def twin(furnished_site: Server) -> dict[str, Any]:
    """What the page says as JSON, once the activations on every picture are recorded."""
    deadline = time.monotonic() + WAIT_S
    while True:
        with urllib.request.urlopen(f"{furnished_site.url}{UNIT}.json", timeout=30) as answer:
            page = json.load(answer)
        if not page["record"]["status"]:
            return page
        assert time.monotonic() < deadline, "the columns were not made in time"
        time.sleep(0.2)


def pictures(where: Locator) -> list[str]:
    return where.locator(".shot img").evaluate_all("images => images.map(image => image.getAttribute('src'))")


def load_all(page: Page) -> None:
    """Load the pictures below the fold as well, and wait until each has come."""
    page.evaluate("document.querySelectorAll('img[loading]').forEach(image => { image.loading = 'eager'; })")
    decoded = "Promise.allSettled([...document.images].map(image => image.decode()))"
    assert page.evaluate(f"{decoded}.then(all => all.filter(each => each.status !== 'fulfilled').length)") == 0


@pytest.mark.parametrize("scripts", [True, False])
def test_ten_bands_from_the_strongest_to_the_weakest(
    furnished_site: Server, twin: dict[str, Any], new_context: Callable[..., BrowserContext], scripts: bool
) -> None:
    page = new_context(java_script_enabled=scripts).new_page()
    page.goto(furnished_site.url + UNIT)
    rows = page.locator(".bands .row")
    expect(rows).to_have_count(10)
    for band, row in zip(reversed(twin["strata"]), rows.all(), strict=True):
        assert pictures(row) == [example["image"] for example in band["examples"]]
        assert bool(band["examples"]) == bool(band["count"])
        expect(row.locator("h3")).to_contain_text(f"{band['count']} image")
    assert [band["low"] for band in twin["strata"]] == sorted(b["low"] for b in twin["strata"])
    bands, weakest = page.locator("#bands").bounding_box(), page.locator("#weakest").bounding_box()
    assert bands and weakest and bands["y"] < weakest["y"]
    if scripts:
        load_all(page)


@pytest.mark.parametrize("scripts", [True, False])
def test_heat_maps_and_crops_are_addresses_that_stay_on_the_way(
    furnished_site: Server, twin: dict[str, Any], new_context: Callable[..., BrowserContext], scripts: bool
) -> None:
    page = new_context(java_script_enabled=scripts).new_page()
    page.goto(furnished_site.url + UNIT)
    views = page.get_by_label("How examples are shown")
    expect(views.locator("[aria-current]")).to_have_text("whole picture")
    for name, view in (("heat map", "heat"), ("crop", "crop")):
        views.get_by_role("link", name=name).click()
        expect(views.locator("[aria-current]")).to_have_text(name)
        assert f"view={view}" in page.url
        strongest = twin["examples"][0]["image"].replace(".webp", f"/{view}/layer4.0/5.webp")
        expect(page.locator(".band .shot img").first).to_have_attribute("src", strongest)
        assert all(f"/{view}/" in address for address in pictures(page.locator(".bands")))
        assert page.locator(".band .shot svg.box").count() == 0
        if scripts:
            load_all(page)
    page.get_by_role("link", name="6 →").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Unit 6")
    expect(views.locator("[aria-current]")).to_have_text("crop")
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Unit 5")
    page.go_back()
    expect(views.locator("[aria-current]")).to_have_text("heat map")
    page.go_back()
    expect(views.locator("[aria-current]")).to_have_text("whole picture")


@pytest.mark.usefixtures("twin")
def test_drawing_again_shows_other_images_and_back_the_first(furnished_site: Server, page: Page) -> None:
    page.goto(furnished_site.url + UNIT)
    random = page.locator("#random")
    first = pictures(random)
    page.get_by_role("link", name="Draw again").click()
    expect(random).to_contain_text("draw 2")
    assert len(first) == 12 and not set(first) & set(pictures(random)) and "draw=2" in page.url
    page.go_back()
    expect(random).not_to_contain_text("draw 2")
    assert pictures(random) == first


@pytest.mark.parametrize("scripts", [True, False])
def test_near_duplicates_are_folded_and_within_reach(
    furnished_site: Server, twin: dict[str, Any], new_context: Callable[..., BrowserContext], scripts: bool
) -> None:
    folded = [example for example in twin["examples"] if example["duplicates"]]
    assert len(twin["examples"]) == 24 and folded, "a third of the corpus is there twice"
    context = new_context(java_script_enabled=scripts, viewport={"width": 390, "height": 800})
    page = context.new_page()
    page.goto(furnished_site.url + UNIT)
    fold = page.locator(".band details.folded").first
    expect(fold.locator("summary")).to_have_text(f"+{folded[0]['duplicates']} alike")
    fold.locator("summary").click()
    fold.get_by_role("link").first.click()
    expect(page.get_by_text("drives the unit").first).to_be_visible()
    assert folded[0]["alike"][0]["page"].split("?")[0] in page.url
