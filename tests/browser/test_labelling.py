"""Blind labelling by keyboard in a real browser: nothing is lost, and nothing is told before the end."""

import re
from collections.abc import Callable

from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.server import Server
from tests.browser.test_access import serious

PICTURES = 60


def begin(page: Page, site: Server) -> None:
    page.goto(f"{site.url}/models/{site.slug}/layer4.1/300")
    page.get_by_label("Your name, if you like").fill("Ada")
    page.get_by_role("button", name="Label its pictures").click()
    expect(page.get_by_role("heading", name="Label what you see")).to_be_visible()


def test_sixty_pictures_by_keyboard_with_a_reload_midway(site: Server, page: Page) -> None:
    begin(page, site)
    picture = page.locator("img[data-place]")
    labelled: dict[int, str] = {}
    for number in range(PICTURES):
        if number == 30:
            page.reload()
        expect(picture).to_have_attribute("data-place", str(number))
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
        assert " sd" not in page.content()
    expect(page.locator(".progress b")).to_have_text(str(PICTURES))
    page.keyboard.press("u")
    expect(page.locator(".progress b")).to_have_text(str(PICTURES - 1))
    assert serious(page) == []
    page.get_by_role("button", name="Finish here and see").click()
    expect(page.get_by_role("heading", name="What Ada saw in unit 300")).to_be_visible()
    assert serious(page) == []
    labelled.popitem()
    counts = page.locator(".legend li").evaluate_all("all => all.map(each => each.innerText)")
    assert sorted(counts) == sorted(counts, key=lambda text: text.split()[1])
    for category in "abc":
        of = sum(each == category for each in labelled.values())
        assert any(re.search(rf"\b{category}\b.*\b{of} picture", text.replace("\n", " ")) for text in counts)
    page.get_by_role("link", name="a", exact=True).first.click()
    expect(page.get_by_text("all others")).to_be_visible()


def test_it_works_without_javascript(site: Server, new_context: Callable[..., BrowserContext]) -> None:
    page = new_context(java_script_enabled=False).new_page()
    page.goto(f"{site.url}/models/{site.slug}/layer4.1/301")
    page.get_by_role("button", name="Label its pictures").click()
    page.get_by_label("What is it?").fill("thing")
    page.get_by_role("button", name="Add").click()
    page.get_by_role("button", name="1 thing").click()
    expect(page.locator(".progress b")).to_have_text("2")
    page.get_by_role("button", name="Finish here and see").click()
    expect(page.get_by_text("2 pictures of")).to_be_visible()
