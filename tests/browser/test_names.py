"""What a unit may be called, in a real browser: accepted, corrected, voted on and taken back, with scripts and without."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import Complaints
from tests.browser.server import Server
from tests.browser.test_access import serious


def open_unit(page: Page, site: Server, unit: int) -> None:
    """Wait until the server has worked its labels out, which it does by itself."""
    for _ in range(120):
        page.goto(f"{site.url}/models/{site.slug}/layer4.0/{unit}")
        if page.locator("#accept").count():
            return
        page.wait_for_timeout(500)
    raise AssertionError(page.locator("#names").inner_text())


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_a_unit_is_named_voted_on_and_the_name_taken_back(
    furnished_site: Server, new_context: Callable[..., BrowserContext], scripts: bool
) -> None:
    page = new_context(java_script_enabled=scripts, viewport={"width": 390, "height": 800}).new_page()
    open_unit(page, furnished_site, 40 + scripts)
    title, people = page.get_by_role("heading", level=1), page.locator(".said")
    before, word = title.inner_text(), page.locator(".called b").inner_text()
    page.evaluate("window.still = true") if scripts else None
    page.get_by_role("button", name=f"Accept “{word}”").click()
    expect(people).to_contain_text(re.compile(f"{re.escape(word)}.*somebody.*accepted"))
    expect(title).to_contain_text(word)
    page.get_by_label("Call it something else").fill("a <b>better</b> name")
    page.locator("#label-name").fill("Ada")
    page.get_by_role("button", name="Call it so").click()
    expect(people.locator("li")).to_have_count(1)
    expect(people).to_contain_text("a <b>better</b> name Ada")
    expect(title).to_contain_text("a <b>better</b> name")
    page.get_by_role("button", name="Right: 0 votes").click()
    expect(page.get_by_role("button", name="Right: 1 vote, yours too")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Wrong: 0 votes").click()
    expect(page.get_by_role("button", name="Wrong: 1 vote, yours too")).to_be_visible()
    expect(page.get_by_role("button", name="Right: 0 votes")).to_be_visible()
    if scripts:
        assert page.evaluate("window.still") is True, "the page was loaded again"
        assert page.evaluate("document.activeElement.id") == "vote-down"
        assert serious(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_role("button", name="Wrong").click()
    expect(page.get_by_role("button", name="Wrong: 0 votes")).to_be_visible()
    page.get_by_role("button", name="Take it back").click()
    expect(page.locator("#names")).to_contain_text("Nobody has called it anything yet")
    expect(title).to_have_text(before)


def test_a_refusal_is_said_above_the_form_which_stays(
    furnished_site: Server, page: Page, complaints: Complaints
) -> None:
    open_unit(page, furnished_site, 42)
    page.route("**/labels", lambda route: route.continue_(url=f"{furnished_site.url}/models/nobody/layer4.0/42/labels"))
    page.locator("#label-text").fill("typed at length")
    for _ in range(2):
        page.get_by_role("button", name="Call it so").click()
        expect(page.locator("#names").get_by_role("alert")).to_contain_text("nobody")
    expect(page.locator("#label-text")).to_have_value("typed at length")
    page.set_viewport_size({"width": 390, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    complaints[:] = [each for each in complaints if "404" not in each]


def test_why_a_note_was_refused_is_on_the_screen(furnished_site: Server, page: Page, complaints: Complaints) -> None:
    page.set_viewport_size({"width": 390, "height": 500})
    open_unit(page, furnished_site, 43)
    page.locator("#notes").get_by_role("textbox").first.fill("turned \u202e around")
    page.get_by_role("button", name="Publish the note").click()
    expect(page.locator("#notes").get_by_role("alert")).to_contain_text("U+202E")
    expect(page.locator("#notes").get_by_role("alert")).to_be_in_viewport(ratio=1)
    complaints[:] = [each for each in complaints if "422" not in each]
