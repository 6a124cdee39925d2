"""A model card in a real browser: its contents lead into it, its picture opens itself, and it fits a phone."""

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.server import Server


@pytest.mark.parametrize("width", [320, 1280])
def test_a_card_is_read_from_the_models_page_to_its_picture(
    furnished_site: Server, new_context: Callable[..., BrowserContext], width: int
) -> None:
    page = new_context(viewport={"width": width, "height": 800}, reduced_motion="reduce").new_page()
    page.goto(f"{furnished_site.url}/models/small")
    page.get_by_role("main").get_by_role("link", name="Model card").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("The small model")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"] == []
    page.get_by_label("Sections of this card").get_by_role("link", name="Limits").click()
    expect(page.get_by_role("heading", name="Limits")).to_be_in_viewport()
    picture = page.get_by_role("img", name="Stripes in a row")
    picture.scroll_into_view_if_needed()
    expect(picture).to_have_js_property("naturalWidth", 96)
    picture.click()
    page.wait_for_url("**/card/sheets/some%20stripes.png")


def test_a_wide_table_scrolls_in_its_own_box(furnished_site: Server, page: Page) -> None:
    page.set_viewport_size({"width": 320, "height": 800})
    page.goto(f"{furnished_site.url}/models/small/card")
    box = page.get_by_role("region", name="Table 1")
    assert box.evaluate("box => box.scrollWidth > box.clientWidth")
    box.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("() => document.querySelector('[role=region]').scrollLeft > 0")
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
