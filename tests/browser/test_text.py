"""Language in a real browser: from a unit's page to the units of a text, and a picture added to words."""

import io

import pytest
from PIL import Image
from playwright.sync_api import FilePayload, Page, expect

from tests.browser.server import Server
from tests.browser.test_access import serious


@pytest.fixture(scope="module")
def picture() -> FilePayload:
    data = io.BytesIO()
    Image.new("RGB", (64, 64), (200, 30, 30)).save(data, "PNG")
    return {"name": "red.png", "mimeType": "image/png", "buffer": data.getvalue()}


def test_a_text_asked_of_a_unit_shows_its_equation(page: Page, site: Server) -> None:
    layer = page.request.get(f"{site.url}/models/{site.slug}.json").json()["default_layer"]
    page.goto(f"{site.url}/models/{site.slug}/{layer}/3")
    page.get_by_label("How much does a text ask for this unit?").fill("apple")
    page.get_by_role("button", name="Ask", exact=True).click()
    expect(page.get_by_role("heading", name="“apple” =")).to_be_visible()
    expect(page.locator("#text-1-asked")).to_contain_text("Unit 3")
    page.get_by_label("A text, or up to six, one a line").fill("apple\npizza")
    page.get_by_role("button", name="Show its units").click()
    expect(page.get_by_role("heading", name="“pizza” =")).to_be_visible()
    expect(page.locator(".rise")).to_have_count(2)
    assert serious(page) == []


def test_a_picture_is_added_to_drawn_words(page: Page, site: Server, picture: FilePayload) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    spec: dict[str, str | float | bool] = {"kind": "words", "model": site.slug, "list": "the\nred\nheart\nof"}
    page.goto(page.request.post(f"{site.url}/findings", form=spec).url)
    expect(page.get_by_role("heading", name="How words are drawn")).to_be_visible(timeout=60_000)
    page.goto(f"{site.url}/models/{site.slug}/lab/pictured?run={page.url.rpartition('/')[2]}")
    page.get_by_label("Words and pictures").fill("the - apple")
    page.get_by_role("button", name="Add up").click()
    expect(page.get_by_text("apple is not among them")).to_be_visible()
    page.get_by_text("Add a picture of your own").click()
    page.locator("input[name=picture]").set_input_files(picture)
    page.get_by_role("button", name="Add the picture").click()
    expect(page.locator(".sum img")).to_be_visible()
    expect(page.locator("table.cosines tbody tr")).to_have_count(3)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert serious(page) == []
