"""Questions about units by keyboard in a real browser: the answer is not told, nothing is lost, nobody is needed but keys."""

import json
import re
from collections.abc import Callable

from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.server import Server
from tests.browser.test_access import serious

LAYER = "/models/small/layer4.0"
TRIALS, UNITS = 10, 50


def twin(page: Page) -> dict:
    """The page as JSON, as this browser sees it."""
    return json.loads(page.request.get(f"{page.url}.json").text())


def test_ten_questions_by_keyboard_with_a_reload_midway(furnished_site: Server, page: Page) -> None:
    page.goto(f"{furnished_site.url}{LAYER}/60")
    page.get_by_role("link", name="Which picture? A quiz on this unit").click()
    page.get_by_role("heading", name="How often people are right").wait_for()
    page.keyboard.press("1")
    right, verdict = 0, page.locator(".quiz-verdict")
    for number in range(1, TRIALS + 1):
        page.wait_for_url(f"**/quizzes/*/{number}")
        if number == 5:
            page.reload()
        choices = page.locator(".quiz-choice")
        expect(choices).to_have_count(2)
        sources = choices.locator("img").evaluate_all("all => all.map(each => each.src)")
        assert sources == [f"{page.url}/1.webp", f"{page.url}/2.webp"]
        assert not re.search(r"\d sd|activation\D{0,3}\d", page.content())
        assert twin(page)["answer"] is None
        page.keyboard.press(("1", "2", "ArrowLeft", "ArrowRight")[number % 4])
        expect(verdict).to_be_visible()
        told = twin(page)
        assert told["chosen"] == (1 if number % 4 in (0, 2) else 2)
        better = max((1, 2), key=lambda place: told["pictures"][place - 1]["activation"])
        assert told["answer"] == better
        expect(verdict).to_contain_text("Right." if told["chosen"] == better else "Wrong.")
        right += told["chosen"] == better
        if number == 1:
            assert serious(page) == []
        page.keyboard.press("Enter" if number % 2 else "n")
    page.wait_for_url(f"**/quizzes/*/{TRIALS + 1}")
    assert serious(page) == []
    page.go_back()
    expect(verdict).to_be_visible()
    page.get_by_role("link", name="Your score").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"{right} of {TRIALS} right")
    assert serious(page) == []
    page.goto(f"{furnished_site.url}{LAYER}/60/quiz")
    page.get_by_role("button", name="Go on").click()
    page.wait_for_url(f"**/quizzes/*/{TRIALS + 1}")


def test_fifty_units_by_keyboard_with_a_reload_midway(furnished_site: Server, page: Page) -> None:
    page.goto(f"{furnished_site.url}{LAYER}")
    page.get_by_role("link", name="How many can be interpreted?").click()
    page.get_by_label("Your name").fill("Ada")
    page.get_by_label("Seed").fill("5")
    page.get_by_role("button", name="Draw 50 units").click()
    for number in range(1, UNITS + 1):
        page.wait_for_url(f"**/surveys/*/{number}")
        if number == 2:
            assert serious(page) == []
        if number == 20:
            page.reload()
        if number == 30:
            page.keyboard.press("u")
            page.wait_for_url("**/surveys/*/29")
            expect(page.get_by_role("button", name="Polysemantic")).to_have_attribute("aria-pressed", "true")
            expect(page.get_by_label("What it is")).to_have_value("")
            page.keyboard.press("1")
            page.wait_for_url("**/surveys/*/30")
        if number % 10 == 1:
            page.keyboard.press("n")
            page.keyboard.type(f"thing {number}")
            page.keyboard.press("Enter")
            expect(page.get_by_role("alert")).to_contain_text("choose one of")
            page.keyboard.press("1")
        else:
            page.keyboard.press("2" if number % 10 == 9 else "3" if number % 10 == 8 else "1")
    expect(page.get_by_role("heading", name="What came of it")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_have_text("82% interpretable")  # 41: unit 29 was judged again
    found = twin(page)
    assert [each["count"] for each in found["shares"]] == [41, 4, 5]
    assert [each["words"] for each in found["judgements"] if each["words"]] == [f"thing {n}" for n in range(1, 51, 10)]
    assert serious(page) == []


def test_a_key_that_is_held_down_answers_once(furnished_site: Server, page: Page) -> None:
    page.goto(f"{furnished_site.url}{LAYER}/survey")
    page.get_by_role("button", name="Draw 50 units").click()
    page.wait_for_url("**/surveys/*/1")
    page.keyboard.down("1")
    page.wait_for_url("**/surveys/*/2")
    for _ in range(3):
        page.keyboard.down("1")  # what a held key sends again and again
    page.keyboard.up("1")
    assert twin(page)["judged"] == 1


def test_both_work_without_javascript(furnished_site: Server, new_context: Callable[..., BrowserContext]) -> None:
    page = new_context(java_script_enabled=False, viewport={"width": 390, "height": 800}).new_page()
    page.goto(f"{furnished_site.url}{LAYER}/61/quiz")
    page.get_by_role("button", name="Begin").first.click()
    expect(page.get_by_role("button", name="The second picture")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_role("button", name="The second picture").click()
    page.get_by_role("link", name="Next question").click()
    page.wait_for_url("**/quizzes/*/2")
    page.goto(f"{furnished_site.url}{LAYER}/survey")
    page.get_by_role("button", name="Draw 50 units").click()
    expect(page.get_by_role("button", name="Not interpretable")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_role("button", name="Not interpretable").click()
    expect(page.get_by_text("1 of 50 judged")).to_be_visible()
