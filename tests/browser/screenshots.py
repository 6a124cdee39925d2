"""Takes the pictures of the documentation: `python -m tests.browser.screenshots URL` against a running server.

Starts one quick and one long render there, the latter to show it growing; it is cancelled at the end.
"""

import io
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.conftest import ARGUMENTS, chromium

FOLDER = Path("docs/screenshots")
WIDTHS = (1440, 390)
TALLEST = 2400  # px; what lies below repeats what is above
FINISHED = {"preset": "standard", "seed": "1"}
GROWING = {"size": "96", "steps": "4000"}


def take(page: Page, name: str) -> None:
    """Photograph the page from its top at every width, without waiting for scrolling to load pictures."""
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 1000})
        page.evaluate("document.querySelectorAll('img[loading]').forEach(image => { image.loading = 'eager'; })")
        page.wait_for_timeout(1500)
        with Image.open(io.BytesIO(page.screenshot(full_page=True))) as shot:
            top = shot.convert("RGB").crop((0, 0, shot.width, min(shot.height, TALLEST)))
            top.save(FOLDER / f"{name}-{width}.webp", quality=82, method=6)


def render(page: Page, unit: str, facet: int, settings: dict[str, str]) -> str:
    """Start a render from the unit's page and return its address."""
    page.goto(unit)
    form = page.locator("#visualize form")
    form.locator("select[name=facet]").select_option(index=facet)
    form.get_by_text("More settings").click()
    for name, value in settings.items():
        field = form.locator(f"input[name={name}]")
        if field.first.get_attribute("type") == "radio":
            form.locator(f"input[name={name}][value={value}]").check()
        else:
            field.fill(value)
    form.get_by_role("button", name="Visualize").click()
    page.wait_for_url(re.compile("/renders/[0-9a-f]+$"))
    return page.url


def run(browser: Browser, base: str, unit: str | None, say: Callable[[str], object]) -> None:
    """Take all pictures."""
    page = browser.new_page(color_scheme="light", reduced_motion="reduce", viewport={"width": 1440, "height": 1000})
    page.goto(base)
    cards = page.locator("#gallery a.unit")
    unit = base + (unit or cards.nth(3).get_attribute("href") or "")
    for facet in (0, 1):
        finished = render(page, unit, facet, FINISHED)
        expect(page.get_by_role("heading", name="What came of it")).to_be_visible(timeout=300_000)
    say(finished)
    for name, address in {"home": base, "gallery": unit.rpartition("/")[0], "unit": unit, "finished": finished}.items():
        page.goto(address)
        take(page, name)
    page.goto(f"{base}/facets")
    page.locator("a.facet").first.click()
    take(page, "facet")
    render(page, unit, 1, {**GROWING, "seed": str(int(time.time()))})  # a seed of its own: else it is finished already
    page.wait_for_function("() => Number(document.querySelector('#live progress')?.value) > 120", timeout=120_000)
    take(page, "running")
    page.get_by_role("button", name="Cancel").click()


def main() -> None:
    """Read the address of the server, and the unit's path if a certain one is wanted, from the command line."""
    base, unit = sys.argv[1].rstrip("/"), sys.argv[2] if len(sys.argv) > 2 else None
    FOLDER.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        run(browser, base, unit, lambda line: sys.stdout.write(f"{line}\n"))
        browser.close()


if __name__ == "__main__":
    main()
