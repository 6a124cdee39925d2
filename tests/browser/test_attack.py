"""A typographic attack in a real browser: a picture is sent, a text typed, and what the model says stands side by side."""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.browser.server import Server
from tests.pictures import blobs, png

WAIT_MS = 30_000


@pytest.mark.parametrize("scripts", [True, False])
def test_a_text_on_a_picture_is_seen_before_and_after(
    furnished_site: Server, new_context: Callable[..., BrowserContext], scripts: bool
) -> None:
    page = new_context(java_script_enabled=scripts, viewport={"width": 390, "height": 800}).new_page()
    page.goto(f"{furnished_site.url}/models/small/lab/attack")
    page.get_by_label("Choose a picture").set_input_files(
        {"name": "discs.png", "mimeType": "image/png", "buffer": png(blobs(1)[0])}
    )
    page.get_by_label("Text to write on it").fill("orange" if scripts else "purple")
    page.get_by_role("radio", name="Freely, in one line").check()
    page.get_by_role("button", name="Write it on the picture").click()
    expect(page.get_by_role("heading", name="Is it reading?")).to_be_visible(timeout=WAIT_MS)
    cards = page.locator(".classification")
    expect(cards).to_have_count(4)
    for card in (cards.nth(0), cards.nth(1)):
        expect(card.locator(".written")).to_have_count(2)  # zero-shot and by the linear probe
    expect(page.locator(".hits .ablated")).to_have_count(5)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    if scripts:
        page.get_by_role("link", name="By what that adds to the logit").click()
        expect(page.get_by_role("heading", name="Units that moved most")).to_be_visible()
        page.get_by_role("link", name="Try many names on it").click()
        expect(page.get_by_label("This picture, unless another one is chosen")).to_be_checked()
        page.get_by_label("The model chooses among").select_option("imagenet")
        page.get_by_label("Names at most").fill("5")
        page.get_by_role("button", name="Try the names").click()
        rows = page.get_by_role("region", name="Names by success").locator("tbody tr")
        expect(rows).to_have_count(5, timeout=WAIT_MS)
