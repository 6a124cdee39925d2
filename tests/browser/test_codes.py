"""Sparse codes in a real browser: from the form to a level that the slider chooses, with scripts and without."""

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, expect

from tests.browser.server import Server


@pytest.mark.parametrize("scripts", [True, False])
def test_the_slider_leads_from_few_units_a_class_to_more(
    furnished_site: Server, new_context: Callable[..., BrowserContext], scripts: bool
) -> None:
    page = new_context(viewport={"width": 390, "height": 800}, java_script_enabled=scripts).new_page()
    page.goto(f"{furnished_site.url}/models/small/lab/codes")
    page.get_by_label("Classes by the label column").select_option("concept")
    page.get_by_role("button", name="Find codes").click()
    heading = page.locator("#codes-scores")
    expect(heading).to_contain_text("units a class", timeout=30_000)
    address, before = page.url, heading.inner_text()
    expect(page.locator(".code-list > li")).to_have_count(5)
    slider = page.get_by_label("Fewer units a class … more")
    slider.focus()
    slider.press("Home")
    if not scripts:
        page.get_by_role("button", name="Show", exact=True).click()
    expect(heading).not_to_have_text(before)
    assert page.url.startswith(f"{address}?level=1")
    expect(slider).to_have_value("1")
    levels = page.locator(".curve circle").count()
    page.locator("summary", has_text="levels").click()
    page.get_by_role("region", name="All levels").get_by_role("link").last.click()
    expect(slider).to_have_value(str(levels))
    if scripts:
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        report = Axe().run(page)
        assert report.violations_count == 0, report.generate_report()
