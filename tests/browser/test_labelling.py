"""Blind labelling by keyboard in a real browser: nothing is lost, and nothing is told before the end."""

import re
import time
from collections.abc import Callable

from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.server import Server
from tests.browser.test_access import serious

PICTURES = 60
WAIT_S = 120


def open_unit(page: Page, site: Server, unit: int) -> None:
    """Open a unit's page once the activations on every picture are recorded, which a server does after its start."""
    address = f"{site.url}/models/{site.slug}/layer4.1/{unit}"
    end = time.monotonic() + WAIT_S
    while page.request.get(f"{address}.json").json()["record"]["status"]:
        assert time.monotonic() < end, "the activations were not recorded in time"
        page.wait_for_timeout(250)
    page.goto(address)


def begin(page: Page, site: Server) -> None:
    open_unit(page, site, 300)
    page.locator("#labeller").fill("Ada")
    page.get_by_role("button", name="Label its pictures").click()
    expect(page.get_by_role("heading", name="Label what you see")).to_be_visible()


def test_sixty_pictures_by_keyboard_with_a_reload_midway(site: Server, page: Page) -> None:
    begin(page, site)
    picture = page.locator("img[data-place]")
    labelled: dict[int, str] = {}
    for number in range(PICTURES):
        expect(picture).to_have_attribute("data-place", str(number))
        if number == 30:
            page.reload()
            expect(picture).to_have_attribute("data-place", str(number))
        expect(page.locator("#category")).not_to_be_focused()
        assert " sd" not in page.locator("#main").inner_text()
        image = int(re.findall(r"(\d+)\.webp", picture.get_attribute("src") or "")[0])
        category = "abc"[image % 3]
        known = page.locator(".keys button")
        if category in (known.evaluate_all("all => all.map(each => each.value)") if known.count() else []):
            page.keyboard.press(page.locator(f'.keys button[value="{category}"]').get_attribute("data-key") or "")
        else:
            page.keyboard.press("n")
            page.keyboard.type(category)
            page.keyboard.press("Enter")
        labelled[image] = category
    expect(page.locator(".progress b")).to_have_text(str(PICTURES))
    page.keyboard.press("u")
    expect(page.locator(".progress b")).to_have_text(str(PICTURES - 1))
    assert serious(page) == []
    page.get_by_role("button", name="Finish here and see").click()
    expect(page.get_by_role("heading", name="What Ada saw in unit 300")).to_be_visible()
    assert serious(page) == []
    labelled.popitem()
    counts = page.locator(".legend li").evaluate_all("all => all.map(each => each.innerText)")
    for category in "abc":
        of = sum(each == category for each in labelled.values())
        assert any(re.search(rf"\b{category}\b.*\b{of} picture", text.replace("\n", " ")) for text in counts)
    page.get_by_role("link", name="a", exact=True).first.click()
    expect(page.locator(".legend")).to_contain_text("all others")


def test_it_works_without_javascript(site: Server, new_context: Callable[..., BrowserContext]) -> None:
    page = new_context(java_script_enabled=False).new_page()
    open_unit(page, site, 301)
    page.get_by_role("button", name="Label its pictures").click()
    page.get_by_label("What is it?").fill("thing")
    page.get_by_role("button", name="Add").click()
    page.get_by_role("button", name="1 thing").click()
    expect(page.locator(".progress b")).to_have_text("2")
    page.get_by_role("button", name="Finish here and see").click()
    expect(page.get_by_text("2 pictures of")).to_be_visible()
