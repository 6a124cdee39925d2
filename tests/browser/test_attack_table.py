"""A table of attacks in a real browser: counted while one watches, and one row looked at, with scripts and without."""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.browser.server import Server
from tests.browser.test_access import serious

WAIT_MS = 30_000


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_texts_are_counted_and_a_row_shows_what_they_did(
    furnished_site: Server, new_context: Callable[..., BrowserContext], scripts: bool
) -> None:
    page = new_context(java_script_enabled=scripts, viewport={"width": 390, "height": 800}).new_page()
    page.goto(f"{furnished_site.url}/models/{furnished_site.slug}/lab/attack_table")
    page.get_by_label("What is written, and the class").fill("red: stop\nviolet")
    page.get_by_label("Pictures", exact=True).fill("16" if scripts else "18")
    page.get_by_role("checkbox", name="Eight small copies").uncheck()
    page.get_by_role("button", name="Count").click()
    expect(page.get_by_role("alert")).to_contain_text("line 2 aims at")
    page.get_by_label("What is written, and the class").fill("red: stop\npurple")
    page.get_by_role("button", name="Count").click()
    expect(page.get_by_role("region", name="Success by style")).to_be_visible(timeout=WAIT_MS)
    expect(page.get_by_role("heading", name="How it is counted")).to_be_visible(timeout=WAIT_MS)
    rows = page.get_by_role("region", name="Attacks").locator("tbody tr")
    expect(rows).to_have_count(4)
    rows.filter(has_text="stop").filter(has_text="free").get_by_role("link", name="red").click()
    expect(page.get_by_role("heading", name="“stop” for red, style free")).to_be_visible()
    pictures = page.locator(".attacked img")
    expect(pictures).to_have_count(6)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    if scripts:
        assert serious(page) == []
