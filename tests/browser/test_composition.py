"""The atlas of words in a browser: from the form, with the pointer and the keyboard, and without scripts."""

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, expect

from tests.browser.server import Server

WORDS = "red\nblue\nyellow\ngreen\npurple\nstripes\nzebra"


@pytest.mark.parametrize("scripts", [True, False])
def test_words_become_an_atlas_that_pointer_and_keyboard_explore(
    furnished_site: Server, new_context: Callable[..., BrowserContext], scripts: bool
) -> None:
    page = new_context(viewport={"width": 390, "height": 800}, java_script_enabled=scripts).new_page()
    page.goto(f"{furnished_site.url}/models/small/lab/composition")
    expect(page.get_by_label("Your words")).to_be_hidden()
    page.get_by_label("A list of your own").check()
    page.get_by_label("Your words").fill(WORDS + ("" if scripts else "\nno scripts"))
    page.get_by_label("Units a word gets").select_option("80")
    page.get_by_role("button", name="Write them as sums").click()
    cells = page.locator(".atlas a")
    expect(cells).to_have_count(7 if scripts else 8, timeout=30_000)

    zebra = page.get_by_role("link", name="zebra:")
    said, others = page.locator(".atlas .said", has_text="zebra"), page.locator(".atlas a[aria-current] rect")
    expect(said).to_be_hidden()
    zebra.focus() if scripts else zebra.hover()
    expect(said).to_be_visible()
    expect(others).to_have_css("opacity", "0.35")
    if scripts:
        zebra.blur()
    else:
        page.mouse.move(0, 0)
    page.locator(".factors input").nth(1).check()
    inside, outside = page.locator(".atlas a.f1 rect"), page.locator(".atlas a:not(.f1) rect")
    expect(inside.first).to_have_css("opacity", "1")
    expect(outside.first).to_have_css("opacity", "0.12")
    if scripts:
        page.locator(".factors input").first.check()
        expect(outside.first).to_have_css("opacity", "1")
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        report = Axe().run(page)
        assert report.violations_count == 0, report.generate_report()
    zebra.click()
    expect(page.locator("#equation-title")).to_have_text("zebra")
