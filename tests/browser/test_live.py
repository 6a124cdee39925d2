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
