"""Labelled photos and the Stroop test in a real browser: from their forms to tables that fold, turn and fit a phone."""

from playwright.sync_api import Page, expect

from tests.browser.server import Server
from tests.pictures import blobs, png


def test_photos_are_sent_corrected_and_seen_by_both_choosers(furnished_site: Server, page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(f"{furnished_site.url}/lab")
    page.get_by_role("link", name="In the wild").click()
    names = ("mug-blank.png", "mug-red.png", "IMG_1.png")
    page.get_by_label("Choose photos").set_input_files(
        [{"name": name, "mimeType": "image/png", "buffer": png(blobs(at)[0])} for at, name in enumerate(names)]
    )
    page.get_by_label("The model chooses among").select_option("column:concept")
    page.get_by_role("button", name="Look at them").click()
    expect(page.get_by_role("rowheader", name="IMG 1")).to_be_visible(timeout=30_000)
    page.get_by_text("Correct names").click()
    page.get_by_label("What photo 1 shows").fill("mug, blue")
    page.get_by_role("button", name="Look at them again").click()
    expect(page.get_by_role("columnheader", name="blue")).to_be_visible(timeout=30_000)
    page.get_by_role("link", name="Linear probe").click()
    expect(page.get_by_role("link", name="Linear probe")).to_have_attribute("aria-current", "true")
    expect(page.get_by_role("img", name="mug with the label blue")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_words_in_inks_fold_and_unfold(furnished_site: Server, page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(f"{furnished_site.url}/models/{furnished_site.slug}/lab/stroop")
    page.get_by_label("Inks").fill("red\nblue")
    page.get_by_label("Words").fill("example\nred\nblue\na\nb\nc")
    page.get_by_role("button", name="Run the test").click()
    expect(page.get_by_role("columnheader")).to_have_count(5, timeout=30_000)
    page.get_by_role("link", name="All of them").click()
    expect(page.get_by_role("columnheader")).to_have_count(6)
    expect(page.get_by_role("img", name="red in blue")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 390
