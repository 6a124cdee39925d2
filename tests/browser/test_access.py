"""Every page type for everybody: axe finds nothing in light and dark, the keyboard reaches all, narrow screens do."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, StorageState, expect

from tests.browser.server import Server
from tests.browser.test_live import LONG, cancel, start_render, wait_for_growth
from tests.pictures import blobs, png

WIDTHS = (320, 390)


@dataclass(frozen=True)
class Pages:
    """An address of every page type by its name, and the cookies of whoever made what is there to see."""

    server: Server
    addresses: dict[str, str]
    owner: StorageState

    def each(self, page: Page) -> Iterator[str]:
        """Open one after another and say its name; none but the error page may be one."""
        for name, address in self.addresses.items():
            answer = page.goto(self.server.url + address)
            assert answer and answer.status == (404 if name == "error" else 200), (name, address)
            yield name


@pytest.fixture(scope="module")
def pages(site: Server, browser: Browser) -> Pages:
    """An address of every page type, those of its owner's things among them."""
    page = browser.new_page()
    page.goto(site.url)
    unit = page.locator("#gallery a.unit").first.get_attribute("href") or ""
    layer = unit.rpartition("/")[0]
    example = unit and page.goto(site.url + unit) and page.locator("a.shot").first.get_attribute("href")
    page.goto(f"{site.url}/facets")
    facet = page.locator("a.facet").first.get_attribute("href") or ""
    render = start_render(page, site, 21, size="32", steps="16").removeprefix(site.url)
    expect(page.get_by_role("heading", name="What came of it")).to_be_visible(timeout=120_000)
    page.goto(f"{site.url}/looks")
    page.locator("input[name=image]").set_input_files(
        {"name": "discs.png", "mimeType": "image/png", "buffer": png(blobs(5)[0])}
    )
    page.get_by_role("button", name="Show what it drives").click()
    page.wait_for_url("**/looks/*")
    look = page.url.removeprefix(site.url)
    page.goto(f"{site.url}{layer}/quiz")
    page.get_by_role("button", name="Begin").first.click()
    page.get_by_role("button", name="The first picture").click()
    question = page.url.removeprefix(site.url)
    page.goto(f"{site.url}{layer}/survey")
    page.get_by_role("button", name="Draw 50 units").click()
    page.get_by_role("button", name="Polysemantic").click()
    survey = page.url.removeprefix(site.url).rpartition("/")[0]
    page.goto(site.url + unit)
    page.locator("#note-text").fill("# It reads\n\n|a|b|\n|-|-|\n|1|2|\n\nSee [another](/models)")
    page.locator("#note-keep").click()
    page.locator("#list-title").fill("Units that read")
    page.locator("#list-remark").fill("for sure")
    page.locator("#put-on").click()
    page.locator("#lists .said a").click()
    page.wait_for_url("**/lists/*")
    shared = page.url.removeprefix(site.url)
    page.get_by_role("button", name="Make an edit link").click()
    edit_link = page.url.removeprefix(site.url)
    model, layer_name = layer.split("/")[2:4]
    spec: dict[str, str | float | bool] = {
        "kind": "words",
        "model": model,
        "layer": layer_name,
        "list": "apple, heart, house",
    }
    words = page.request.post(f"{site.url}/findings", form=spec).url
    page.goto(words)
    expect(page.get_by_role("heading", name="How words are drawn")).to_be_visible(timeout=120_000)
    words = words.removeprefix(site.url)
    owner = page.context.storage_state()
    page.close()
    addresses = {
        "home": "/",
        "models": "/models",
        "model": layer.rpartition("/")[0],
        "model card": f"{layer.rpartition('/')[0]}/card",
        "layer": f"{layer}?limit=12",  # each card is like the other, and axe takes its time
        "sorted layer": f"{layer}?sort=kurtosis&limit=12",
        "layer without hits": f"{layer}?q=zzzz",
        "unit": unit,
        "activation given a label": f"{unit}/given?by=concept&value=apple",
        "families": f"{layer.rpartition('/')[0]}/families?kind=recorded",
        "one family": f"{layer.rpartition('/')[0]}/families?kind=recorded&family=music",
        "the paper's families": "/models/RN50x4.openai/families",
        "two layers": "/beside?q=apple&unit=7",
        "units like one": f"{unit}/alike",
        "activation given a facet": f"{unit}/given?facet=text",
        "facet table": f"{unit}/facets",
        "examples by facet": f"{unit}/by-facet",
        "facets": "/facets",
        "facet": facet,
        "renders": "/renders",
        "visualize": "/visualize",
        "finished render": render,
        "embedded render": f"{render}?embed=1",
        "two renders": f"/compare?a={render.rpartition('/')[2]}&b={render.rpartition('/')[2]}",
        "looks": "/looks",
        "look": look,
        "part of a look": f"{look}?box=0.1,0,0.9,0.5",
        "start of a quiz": f"{unit}/quiz",
        "quiz": question.rpartition("/")[0],
        "answered question": question,
        "open question": f"{question.rpartition('/')[0]}/2",
        "start of a survey": f"{layer}/survey",
        "survey": survey,
        "judged unit of a survey": f"{survey}/1",
        "next unit of a survey": f"{survey}/2",
        "lists": "/lists",
        "list": shared,
        "edit link": edit_link,
        "words of all units": words,
        "words of a unit": f"{words}?unit=5",
        "search": "/search?q=5",
        "empty search": "/search",
        "corpus image": str(example),
        "error": "/nothing",
    }
    return Pages(site, addresses, owner)


def serious(page: Page, *rules: str) -> list[str]:
    """What axe finds, each as one line; by all of its rules or by those named."""
    options = {"resultTypes": ["violations"], **({"runOnly": list(rules)} if rules else {})}
    found = Axe().run(page, options=options).response["violations"]
    return [f"{each['impact']} {each['id']}: {node['html'][:200]}" for each in found for node in each["nodes"]]


def test_axe_finds_nothing_on_any_page_type_and_none_scrolls_sideways_on_a_phone(
    pages: Pages, new_context: Callable[..., BrowserContext]
) -> None:
    page = new_context(reduced_motion="reduce", storage_state=pages.owner).new_page()
    for name in pages.each(page):
        assert serious(page) == [], name
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (name, width)
        page.set_viewport_size({"width": 1280, "height": 720})


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_a_running_render_or_a_refused_form(
    site: Server, new_context: Callable[..., BrowserContext], scheme: str
) -> None:
    page = new_context(color_scheme=scheme, reduced_motion="reduce").new_page()
    start_render(page, site, 22 if scheme == "light" else 23, **LONG)
    wait_for_growth(page, 0)
    assert serious(page) == []
    cancel(page)
    page.locator("#again").get_by_text("More settings").click()
    page.locator("#again input[name=steps]").evaluate("input => { input.min = ''; input.value = '-5'; }")
    page.locator("#again").get_by_role("button").click()
    expect(page.get_by_role("alert")).to_contain_text("at least 1")
    assert page.locator("input[name=steps]").input_value() == "-5"
    assert serious(page) == []


def focused(page: Page) -> dict[str, str]:
    return page.evaluate(
        """() => {
            const it = document.activeElement, style = getComputedStyle(it);
            const zone = it.closest('.dropzone');
            const outline = zone ? getComputedStyle(zone).outlineStyle : style.outlineStyle;
            return {tag: it.tagName, href: it.getAttribute('href') || '', text: it.textContent.trim(), outline};
        }"""
    )


def test_the_colours_of_every_page_type_can_be_told_apart_in_the_dark(
    pages: Pages, new_context: Callable[..., BrowserContext]
) -> None:
    """Nothing else that axe looks for depends on the scheme."""
    page = new_context(color_scheme="dark", reduced_motion="reduce", storage_state=pages.owner).new_page()
    found = {name: serious(page, "color-contrast") for name in pages.each(page)}
    assert not any(found.values()), found


def test_nothing_jumps_while_a_page_is_read_down_to_its_end(
    pages: Pages, new_context: Callable[..., BrowserContext]
) -> None:
    """Pictures that come late, and what is fetched when it comes into sight, push nothing away that is being read."""
    page = new_context(viewport={"width": 390, "height": 844}, storage_state=pages.owner).new_page()
    page.add_init_script(
        "window.shifts = [];"
        "new PerformanceObserver(list => { for (const each of list.getEntries()) if (!each.hadRecentInput)"
        "  window.shifts.push([each.value, ...each.sources.map(source => source.node?.className ?? '')]);"
        "}).observe({type: 'layout-shift', buffered: true});"
    )
    for name in pages.each(page):
        page.evaluate(
            "async () => { for (let y = 0; y < Math.min(document.body.scrollHeight, 12000); y += 800) {"
            "  scrollTo(0, y); await new Promise(done => setTimeout(done, 40)); } }"
        )
        page.wait_for_timeout(100)
        shifts = page.evaluate("window.shifts")
        assert sum(value for value, *_ in shifts) < 0.01, (name, shifts)


def test_the_keyboard_reaches_a_unit_and_starts_a_render(site: Server, page: Page) -> None:
    page.goto(site.url)
    page.keyboard.press("Tab")
    assert focused(page)["text"] == "Skip to the content"
    page.keyboard.press("Enter")
    for _ in range(30):
        page.keyboard.press("Tab")
        now = focused(page)
        assert now["outline"] != "none", f"the focus cannot be seen on {now}"
        if now["href"].startswith("/models/") and now["href"].rpartition("/")[2].isdigit():
            break
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Unit")
    for _ in range(40):
        page.keyboard.press("Tab")
        now = focused(page)
        assert now["outline"] != "none", f"the focus cannot be seen on {now}"
        if now["text"] == "Visualize":
            break
    page.keyboard.press("Enter")
    page.wait_for_url("**/renders/*")
    expect(page.locator("#render")).to_be_visible()


def test_nothing_moves_for_those_who_ask_for_it(site: Server, new_context: Callable[..., BrowserContext]) -> None:
    page = new_context(reduced_motion="reduce").new_page()
    page.goto(site.url)
    moving = (
        "document.getAnimations().length + (getComputedStyle(document.documentElement).scrollBehavior === 'smooth')"
    )
    assert page.evaluate(moving) == 0


def test_a_page_can_be_pressed_as_soon_as_it_is_seen(site: Server, page: Page) -> None:
    """A press that falls on a page still fading in would be lost."""
    page.add_init_script(
        "addEventListener('pagereveal', () => requestAnimationFrame(() => requestAnimationFrame(() => {"
        "  const {x, y} = document.querySelector('h1').getBoundingClientRect();"
        "  window.pressed = document.elementFromPoint(x + 2, y + 2).tagName; })))"
    )
    page.goto(f"{site.url}/models")
    page.get_by_label("Site").get_by_role("link", name="Facets").click()
    page.wait_for_url("**/facets")
    page.wait_for_function("window.pressed !== undefined")
    assert page.evaluate("window.pressed") == "H1"
