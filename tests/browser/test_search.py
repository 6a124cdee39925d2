"""Finding units in a real browser: by a word, by a picture, by a box on it, by what they share, by chance."""

import io
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.browser.server import Server

Halves = tuple[tuple[str, str], tuple[str, str]]


def twin(page: Page, site: Server, path: str) -> dict[str, Any]:
    answer = page.request.get(site.url + path)
    assert answer.ok, path
    return answer.json()


@pytest.fixture(scope="module")
def two_things(site: Server, browser: Any) -> tuple[bytes, Halves]:
    """Corpus pictures of two concepts side by side, as PNG; and the unit and concept of either half: a unit whose
    strongest example the picture is, and that is called so."""
    page = browser.new_page()
    layer = twin(page, site, f"/models/{site.slug}.json")["default_layer"]
    cards = twin(page, site, f"/models/{site.slug}/{layer}.json?sort=selectivity&limit=60")["units"]
    first = {card["label"]: card for card in reversed(cards) if card["label"]}
    chosen = sorted(first.values(), key=cards.index)[:2]
    pictures = [
        Image.open(io.BytesIO(page.request.get(site.url + card["examples"][0]).body())).convert("RGB")
        for card in chosen
    ]
    side = pictures[0].width
    both = Image.new("RGB", (2 * side, side))
    for place, picture in enumerate(pictures):
        both.paste(picture.resize((side, side)), (place * side, 0))
    data = io.BytesIO()
    both.save(data, "PNG")
    page.close()
    one, other = ((str(card["unit"]), card["label"]) for card in chosen)
    return data.getvalue(), (one, other)


def search_by_picture(page: Page, site: Server, data: bytes) -> None:
    page.goto(f"{site.url}/search")
    page.locator("input[name=image]").set_input_files({"name": "two.png", "mimeType": "image/png", "buffer": data})
    page.get_by_role("button", name="Search by this picture").click()
    expect(page.get_by_role("heading", name="What this picture drives")).to_be_visible()


def drag(page: Page, stage: Locator, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Press at one place of the picture, move, and let go at another; places are fractions of it."""
    stage.scroll_into_view_if_needed()
    area = stage.locator("img").bounding_box()
    assert area
    for (x, y), act in ((start, page.mouse.down), (end, page.mouse.up)):
        page.mouse.move(area["x"] + x * area["width"], area["y"] + y * area["height"], steps=4)
        act()


def sides(page: Page) -> list[float]:
    return [float(page.locator(f"input[name={side}]").input_value()) for side in ("x0", "y0", "x1", "y1")]


def first_hit(page: Page) -> Locator:
    return page.locator("section[aria-labelledby=layer-1] a.hit").first


def says(page: Page, half: tuple[str, str]) -> None:
    """The half's unit comes first of the last layer."""
    expect(page.get_by_role("heading", name="What this part drives")).to_be_visible()
    expect(first_hit(page).locator("b")).to_have_text(half[0])
    expect(first_hit(page)).to_contain_text(half[1])


def test_a_word_finds_the_units_called_so_in_the_plural_too(site: Server, page: Page) -> None:
    page.goto(f"{site.url}/search")
    page.locator("main input[name=q]").fill("apples")
    page.get_by_role("button", name="Search", exact=True).click()
    expect(page.locator("a.hit").first).to_contain_text("apple")
    expect(page.locator("a.hit").first).to_contain_text("it is called so")


def test_a_box_drawn_on_a_picture_finds_the_units_of_what_is_in_it(
    site: Server, page: Page, two_things: tuple[bytes, Halves]
) -> None:
    data, (left, right) = two_things
    search_by_picture(page, site, data)
    stage = page.get_by_role("group", name="Box on the picture")
    drag(page, stage, (0.51, 0.03), (0.99, 0.98))
    found = sides(page)
    assert found == pytest.approx([51, 3, 99, 98], abs=1)
    drag(page, stage, (0.75, 0.5), (0.25, 0.5))  # inside: the box moves, and stops at the edge
    assert sides(page) == pytest.approx([0, 3, 48, 98], abs=1.5)
    page.get_by_role("button", name="Search this part").click()
    says(page, left)
    drag(page, stage, (0.98, 0.97), (0.52, 0.04))  # from the other corner
    stage.press("Enter")
    page.wait_for_url(re.compile("x0=5"))
    says(page, right)
    drag(page, stage, (0.2, 0.2), (0.2, 0.2))
    assert sides(page)[0] > 50, "a click draws nothing"
    page.go_back()
    says(page, left)
    assert sides(page)[0] < 5


def test_keys_draw_the_box_and_the_inputs_and_the_picture_stay_in_step(
    site: Server, page: Page, two_things: tuple[bytes, Halves]
) -> None:
    search_by_picture(page, site, two_things[0])
    stage = page.get_by_role("group", name="Box on the picture")
    stage.focus()
    assert stage.evaluate("it => getComputedStyle(it).outlineStyle") != "none"
    for keys in ("ArrowRight", "ArrowRight", "ArrowUp", "Shift+ArrowRight", "Shift+ArrowDown"):
        stage.press(keys)
    assert sides(page) == [27, 23, 79, 75]
    expect(page.locator("#announce")).to_have_text("Box from 27 to 79 percent across, 23 to 75 down.")
    page.get_by_label("Right %").fill("60")
    width = float(page.locator(".stage rect.line").get_attribute("width") or 0)
    whole = float(page.locator(".stage img").get_attribute("width") or 0)
    assert width == pytest.approx(0.33 * whole)


def test_a_finger_draws_the_box_on_a_phone(
    site: Server, new_context: Callable[..., BrowserContext], two_things: tuple[bytes, Halves]
) -> None:
    context = new_context(viewport={"width": 390, "height": 800}, has_touch=True, is_mobile=True)
    page = context.new_page()
    search_by_picture(page, site, two_things[0])
    stage = page.get_by_role("group", name="Box on the picture")
    stage.scroll_into_view_if_needed()
    area = stage.locator("img").bounding_box()
    assert area
    touch = context.new_cdp_session(page)
    for kind, x in (("touchStart", 0.05), ("touchMove", 0.2), ("touchMove", 0.45), ("touchEnd", None)):
        point = [] if x is None else [{"x": area["x"] + x * area["width"], "y": area["y"] + 2 * x * area["height"]}]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": point})
    assert sides(page) == pytest.approx([5, 10, 45, 90], abs=1.5)
    page.get_by_role("button", name="Search this part").click()
    says(page, two_things[1][0])


def test_without_scripts_the_inputs_are_the_box(
    site: Server, new_context: Callable[..., BrowserContext], two_things: tuple[bytes, Halves]
) -> None:
    page = new_context(java_script_enabled=False).new_page()
    data, halves = two_things
    search_by_picture(page, site, data)
    for half, (left, right) in zip(halves, ((0, 50), (50, 100)), strict=True):
        for side, value in zip(("x0", "y0", "x1", "y1"), (left, 0, right, 100), strict=True):
            page.locator(f"input[name={side}]").fill(str(value))
        page.get_by_role("button", name="Search this part").click()
        says(page, half)
        assert sides(page) == [left, 0, right, 100]
    page.get_by_role("link", name="two.png").click()
    expect(page.get_by_role("heading", name="What this picture drives")).to_be_visible()


def test_a_corpus_image_is_searched_by_a_box_too(site: Server, page: Page) -> None:
    page.goto(f"{site.url}/corpora/{site.slug}-corpus/12")
    drag(page, page.get_by_role("group", name="Box on the picture"), (0.1, 0.1), (0.6, 0.6))
    page.get_by_role("button", name="Search this part").click()
    expect(page.get_by_text("widened to a square")).to_be_visible()
    box = json.loads(page.request.get(page.url.replace("/12?", "/12.json?")).text())["part"]["box"]
    assert box == pytest.approx([0.1, 0.1, 0.6, 0.6], abs=0.02)


def test_a_unit_shows_units_like_it_when_one_comes_to_them(site: Server, page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/alike" in request.url else None)
    page.goto(f"{site.url}/random")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Unit")
    address = page.url
    assert not asked, "not before somebody comes to them"
    page.locator("#alike").scroll_into_view_if_needed()
    expect(page.locator("#alike a.hit").first).to_be_visible()
    expect(page.locator("#alike")).to_contain_text("strongest images")
    assert page.url == address and len(asked) == 1
    page.locator("#alike a.hit").first.click()
    page.go_back()
    assert page.url == address


def test_units_like_one_and_a_random_one_are_reached_without_scripts(
    site: Server, new_context: Callable[..., BrowserContext]
) -> None:
    page = new_context(java_script_enabled=False).new_page()
    page.goto(f"{site.url}/random")
    page.locator("#alike").get_by_role("link").click()
    expect(page.get_by_role("heading", name="Active on the same images")).to_be_visible()
    page.locator("h1 a").click()
    page.get_by_label("Neighbouring units").get_by_role("link", name="random").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Unit")
