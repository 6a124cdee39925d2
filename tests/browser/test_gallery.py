"""The gallery in a real browser: it goes on while one scrolls, narrows while one types, and Back works."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.server import Server


def open_gallery(page: Page, site: Server) -> str:
    page.goto(f"{site.url}/models/{site.slug}")
    page.locator("tbody tr", has_text="default").get_by_role("link").first.click()
    expect(page.locator("a.unit").first).to_be_visible()
    return page.url


def test_scrolling_brings_more_units_once_each_and_leaves_the_address(site: Server, page: Page) -> None:
    address = open_gallery(page, site)
    before = page.locator("a.unit").count()
    page.locator("a.more").scroll_into_view_if_needed()
    page.wait_for_function("before => document.querySelectorAll('a.unit').length > before", arg=before)
    page.wait_for_load_state("networkidle")
    units = page.locator("a.unit").evaluate_all("links => links.map(link => link.getAttribute('href'))")
    assert len(units) == len(set(units)) and page.url == address
    page.locator("a.unit").nth(before + 3).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Unit")
    page.go_back()
    expect(page.locator("a.unit").first).to_be_visible()
    assert page.url == address


def test_typing_narrows_the_gallery_and_the_address_says_so(site: Server, page: Page) -> None:
    open_gallery(page, site)
    page.get_by_label("Number or word").press_sequentially("12", delay=30)
    expect(page.locator("#results .tally")).to_contain_text("for “12”")
    expect(page).to_have_url(re.compile(r"q=12"))
    shown = page.locator("a.unit").count()
    page.reload()
    assert page.locator("a.unit").count() == shown
    assert page.get_by_label("Number or word").input_value() == "12"


def test_the_order_is_an_address_that_back_undoes(site: Server, page: Page) -> None:
    open_gallery(page, site)
    first = page.locator("a.unit").first.get_attribute("href")
    page.get_by_label("Order").select_option("selectivity")
    expect(page).to_have_url(re.compile("sort=selectivity"))
    expect(page.locator("a.unit").first).not_to_have_attribute("href", first or "")
    page.go_back()
    expect(page.locator("a.unit").first).to_have_attribute("href", first or "")


def open_family(page: Page, site: Server, family: str, limit: int) -> int:
    """Choose a family in the last layer's gallery; returns how many units its link announces."""
    page.goto(f"{site.url}/models/{site.slug}/layer4.0?limit={limit}")
    link = page.get_by_label("Families of units").get_by_role("link", name=re.compile(f"^{family}"))
    units = int(link.locator("small").inner_text())
    link.click()
    expect(page).to_have_url(re.compile(f"family={family}"))
    return units


def test_a_family_stays_chosen_while_one_scrolls_sorts_and_types_and_back_undoes_it(
    furnished_site: Server, page: Page
) -> None:
    units = open_family(page, furnished_site, "warm", limit=60)
    expect(page.locator("#results .tally")).to_have_text(f"{units} units of the family “warm”")
    while page.locator("a.more").count():
        page.locator("a.more").scroll_into_view_if_needed()
        page.wait_for_load_state("networkidle")
    assert page.locator("a.unit").count() == units
    page.get_by_label("Order").select_option("selectivity")
    expect(page).to_have_url(re.compile("sort=selectivity.*family=warm"))
    expect(page.locator("#results .tally")).to_contain_text("of the family “warm”")
    page.get_by_label("Number or word").fill("red")
    expect(page.locator("#results .tally")).to_contain_text("of the family “warm” for “red”")
    chosen = page.get_by_label("Families of units").locator("[aria-current]")
    expect(chosen).to_contain_text("warm")
    page.get_by_role("link", name="All families").click()
    expect(page.locator("#results .tally")).to_contain_text("for “red”")
    page.go_back()
    expect(chosen).to_contain_text("warm")


@pytest.mark.parametrize("width", [320, 390])
def test_families_are_chosen_on_a_phone_without_scripts(
    furnished_site: Server, new_context: Callable[..., BrowserContext], width: int
) -> None:
    page = new_context(java_script_enabled=False, viewport={"width": width, "height": 800}).new_page()
    units = open_family(page, furnished_site, "cool", limit=60)
    expect(page.locator("#results .tally")).to_contain_text(f"{units} units")
    assert page.locator("a.unit").count() == min(units, 60)
    page.get_by_label("Number or word").fill("zzzz")
    page.get_by_role("button", name="Show").click()
    expect(page.locator(".empty")).to_contain_text("No unit of the family “cool” matches “zzzz”")
    page.get_by_role("link", name="show all units").click()
    expect(page.locator("#results .tally")).to_have_text("256 units")
