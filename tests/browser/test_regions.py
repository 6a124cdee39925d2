"""The region map in a real browser: one unit alone where it is pointed at or reached with the keyboard, on a phone too."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from playwright.sync_api import BrowserContext, expect

from app.clip import registry
from app.lab.place_names import all_names, keep, path_of
from tests.browser.server import Server
from tests.browser.test_access import serious

LAYER = "layer4.0"
UNITS = "3, 7, 9"


@pytest.fixture
def names_drawn(furnished_site: Server) -> None:
    """What the names of all places do, as after an earlier run: each unit has its countries."""
    folder = Path(furnished_site.model.partition("@")[2])
    clip = registry.load(registry.entry(furnished_site.model), folder, "cpu", offline=True)
    values = torch.rand(len(all_names()), clip.layers[LAYER].channels, generator=torch.Generator().manual_seed(0))
    keep(path_of(furnished_site.data, clip.weights_hash, LAYER), values)


@pytest.mark.usefixtures("names_drawn")
@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_a_unit_is_seen_alone_where_it_is_pointed_at(
    furnished_site: Server, new_context: Callable[..., BrowserContext], scripts: bool
) -> None:
    page = new_context(java_script_enabled=scripts, viewport={"width": 390, "height": 800}).new_page()
    page.goto(f"{furnished_site.url}/models/{furnished_site.slug}/lab/regions?crops=128")
    page.get_by_label("Units", exact=True).fill(UNITS)
    page.get_by_role("button", name="Draw the map").click()
    page.wait_for_url("**/findings/*")
    everything, first, second = (page.locator(f".paint-{name}") for name in ("all", 0, 1))
    expect(everything).to_be_visible(timeout=60_000)
    expect(first).to_be_hidden()
    page.get_by_role("link", name="Only unit 3").hover()
    expect(first).to_be_visible()
    expect(everything).to_be_hidden()
    page.mouse.move(0, 0)
    expect(everything).to_be_visible()
    page.get_by_role("link", name="Unlabelled map").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(second).to_be_visible()
    expect(everything).to_be_hidden()
    page.keyboard.press("Enter")
    page.wait_for_url("**isolate=7")
    page.get_by_role("link", name="Cities by name").click()
    expect(second).to_be_visible()
    expect(page.get_by_role("link", name="All units again, not only unit 7")).to_have_attribute("aria-current", "true")
    if scripts:
        assert serious(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_role("link", name="all units", exact=True).click()
    expect(everything).to_be_visible()
