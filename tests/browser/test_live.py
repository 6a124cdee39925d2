"""A running render in a real browser: it grows, it is watched by one stream, it survives tabs, cancels and restarts."""

import re
import time
from collections.abc import Callable

from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import Complaints
from tests.browser.server import Server

LONG = {"size": "64", "steps": "4000"}


def start_render(page: Page, server: Server, unit: int, **settings: str) -> str:
    """Fill in the form of a unit's page and send it; returns the address of the render."""
    page.goto(f"{server.url}/models/{server.slug}")
    page.locator("tbody tr", has_text="default").get_by_role("link").first.click()
    page.goto(f"{page.url}/{unit}")
    form = page.locator("#visualize form")
    form.get_by_text("More settings").click()
    for name, value in settings.items():
        form.locator(f"input[name={name}]").fill(value)
    form.get_by_role("button", name="Visualize").click()
    page.wait_for_url(re.compile("/renders/[0-9a-f]+$"))
    return page.url


def step_of(page: Page) -> int:
    value = page.locator("#live progress").get_attribute("value")
    return int(value or 0)


def wait_for_growth(page: Page, beyond: int) -> None:
    page.wait_for_function(
        "beyond => Number(document.querySelector('#live progress')?.value) > beyond", arg=beyond, timeout=90_000
    )


def cancel(page: Page) -> None:
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("heading", name="Cancelled")).to_be_visible()


def test_the_picture_grows_over_one_stream_until_it_is_finished(site: Server, page: Page) -> None:
    streams: list[str] = []
    page.on("request", lambda request: streams.append(request.url) if request.url.endswith("/events") else None)
    address = start_render(page, site, 7, size="64", steps="160")
    wait_for_growth(page, 0)
    assert page.locator("#film img").count() >= 1
    expect(page.get_by_role("heading", name="What came of it")).to_be_visible(timeout=120_000)
    page.wait_for_timeout(2500)  # longer than a browser takes to reconnect
    assert streams == [f"{address}/events"]
    assert page.url == address and "Growing" not in page.title()
    expect(page.locator("#announce")).to_have_text(re.compile("finished"))
    picture = page.locator("#film img").get_attribute("src")
    page.reload()
    assert page.locator("#film img").get_attribute("src") == picture
    page.wait_for_timeout(1500)
    assert streams == [f"{address}/events"], "a finished page opens no stream"


def test_the_film_can_be_scrubbed_and_played(site: Server, page: Page) -> None:
    start_render(page, site, 8, size="64", steps="96")
    scrubber = page.get_by_label("Step of the film")
    expect(scrubber).to_be_visible(timeout=120_000)
    finished = page.locator("#film img").get_attribute("src")
    scrubber.focus()
    page.keyboard.press("Home")
    assert "/frames/" in (page.locator("#film img").get_attribute("src") or "")
    page.keyboard.press("End")
    expect(page.locator("#film img")).to_have_attribute("src", re.compile(re.escape(finished or "")))
    page.get_by_role("button", name="Play the film").click()
    expect(page.get_by_role("button", name="Play the film")).to_be_visible(timeout=20_000)


def test_two_tabs_watch_the_same_render_and_a_cancel_ends_both(
    site: Server, new_context: Callable[..., BrowserContext]
) -> None:
    context = new_context()
    first, second = context.new_page(), context.new_page()
    address = start_render(first, site, 9, **LONG)
    second.goto(address)
    for tab in (first, second):
        wait_for_growth(tab, 0)
    cancel(second)
    expect(first.get_by_role("heading", name="Cancelled")).to_be_visible()


def test_cancel_works_without_scripts(site: Server, new_context: Callable[..., BrowserContext]) -> None:
    page = new_context(java_script_enabled=False).new_page()
    start_render(page, site, 10, **LONG)
    cancel(page)
    expect(page.get_by_role("heading", name="Run again with")).to_be_visible()


def test_short_requests_overtake_a_running_render(site: Server, page: Page) -> None:
    address = start_render(page, site, 11, **LONG)
    wait_for_growth(page, 0)
    started = time.monotonic()
    page.goto(f"{site.url}/search?q=red")
    expect(page.get_by_role("heading", name="Search units")).to_be_visible()
    assert time.monotonic() - started < 10
    page.goto(address)
    cancel(page)


def test_a_server_with_an_open_stream_stops_in_time_and_the_render_goes_on_after_the_restart(
    small_site: Server, page: Page, complaints: Complaints
) -> None:
    start_render(page, small_site, 5, **LONG)
    wait_for_growth(page, 0)
    assert small_site.stop() < 6
    before = page.locator("#film img").count()
    small_site.start()
    page.wait_for_function("before => document.querySelectorAll('#film img').length > before", arg=before)
    complaints.clear()  # that the connection was lost
    cancel(page)
    # a frame of the film that the page had not yet fetched went with the restart, when the render began again
    complaints[:] = [each for each in complaints if "/frames/" not in each]


def test_a_unit_grows_facet_by_facet_over_one_stream(site: Server, page: Page) -> None:
    streams: list[str] = []
    page.on("request", lambda request: streams.append(request.url) if "/facets/events" in request.url else None)
    page.goto(f"{site.url}/models/{site.slug}")
    page.locator("tbody tr", has_text="default").get_by_role("link").first.click()
    page.goto(f"{page.url}/9")
    page.get_by_role("link", name=re.compile("facet by facet|anew, together")).click()
    expect(page.get_by_text("Nobody has grown it")).to_be_visible()
    page.get_by_role("button", name="Grow all").click()
    expect(page.get_by_role("heading", name="The same with…")).to_be_visible(timeout=120_000)
    cells = page.locator("#table li")
    assert cells.count() >= 2 and page.locator("#table li img").count() == cells.count()
    page.wait_for_timeout(2500)  # longer than a browser takes to reconnect
    assert len(streams) <= 1


def test_a_table_open_during_a_restart_goes_on_growing(small_site: Server, page: Page, complaints: Complaints) -> None:
    page.goto(f"{small_site.url}/models/{small_site.slug}/layer4.0/5/facets?preset=fine")
    page.get_by_role("button", name="Grow all").click()
    page.wait_for_function("() => document.querySelector('#table li img')")
    assert small_site.stop() < 6
    small_site.start()
    expect(page.get_by_role("heading", name="The same with…")).to_be_visible(timeout=120_000)
    assert page.locator("#table li img").count() == page.locator("#table li").count()
    complaints.clear()  # that the connection was lost


FIRST_FRAME_S, PRESSES = 0.5, 8


def test_the_first_frame_comes_at_once_and_a_cancel_stops_before_the_next_step(site: Server, page: Page) -> None:
    """On the embedded model with an idle server: from the press to the first picture on the page, by the browser's
    clock. The best of some presses, since other programs may keep the machine busy."""
    start_render(page, site, 12, size="64", steps="2")  # the first of a server warms it up
    expect(page.get_by_role("heading", name="What came of it")).to_be_visible()
    waits: list[float] = []
    while len(waits) < PRESSES and min(waits, default=FIRST_FRAME_S + 1) > FIRST_FRAME_S:
        page.goto(f"{site.url}/models/{site.slug}/layer4.1/{13 + len(waits)}", wait_until="networkidle")
        form = page.locator("#visualize form")
        form.get_by_text("More settings").click()
        form.locator("input[name=steps]").fill("4000")
        form.evaluate("form => form.addEventListener('submit', () => sessionStorage.setItem('pressed', Date.now()))")
        form.get_by_role("button", name="Visualize").click()
        shown = page.wait_for_function(
            """() => [...document.querySelectorAll('#film img')].some((each) => each.complete && each.naturalWidth)
                && Date.now() - Number(sessionStorage.getItem('pressed'))"""
        )
        waits.append(shown.json_value() / 1000)
        cancel(page)
        twin = page.request.get(f"{page.url}.json").json()
        page.wait_for_timeout(300)
        later = page.request.get(f"{page.url}.json").json()
        assert twin["status"] == "cancelled" and (later["step"], later["frames"]) == (twin["step"], twin["frames"])
    assert min(waits) <= FIRST_FRAME_S, waits


def test_a_reader_that_comes_back_gets_what_it_missed_and_the_final_frame(site: Server, page: Page) -> None:
    """With `Last-Event-ID`, as a browser reconnects: nothing that was seen, and always the last state and the end."""
    address = start_render(page, site, 16, size="64", steps="400")
    wait_for_growth(page, 8)
    read = """async ([url, last, enough]) => {
        const answer = await fetch(url, {headers: last ? {'Last-Event-ID': last} : {}});
        const reader = answer.body.getReader(), decoder = new TextDecoder();
        let text = '';
        for (;;) {
            const {done, value} = await reader.read();
            text += decoder.decode(value || new Uint8Array());
            if (done || (enough && text.includes('\\n\\n'))) { await reader.cancel(); return text; }
        }
    }"""
    first = page.evaluate(read, [f"{address}/events", None, True])
    seen = re.findall(r"^id: ?(.+)$", first, re.MULTILINE)[-1]
    rest = page.evaluate(read, [f"{address}/events", seen, False])
    ids = re.findall(r"^id: ?(.+)$", rest, re.MULTILINE)
    assert ids and seen not in ids and len(set(ids)) == len(ids)
    events = [each for each in rest.split("\n\n") if each.strip()]
    assert "event: end" in events[-1] and "done" in events[-1]
    assert "frames/400.webp" in events[-2]
    again = page.evaluate(read, [f"{address}/events", ids[-1], False])
    assert "frames/400.webp" in again and "event: end" in again, "also after the end"
