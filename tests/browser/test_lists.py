"""A list in a real browser: put in order by keyboard, and all that is said of it keeps up."""

from playwright.sync_api import Page, expect

from tests.browser.server import Server


def test_a_unit_moves_on_with_each_key_and_the_tally_follows(furnished_site: Server, page: Page) -> None:
    page.request.post(f"{furnished_site.url}/lists", form={"title": "Readers"})
    page.goto(f"{furnished_site.url}/lists")
    page.get_by_role("link", name="Readers").first.click()
    for unit in ("3", "4", "5"):
        page.request.post(f"{page.url}/units", form={"model": furnished_site.slug, "layer": "layer4.0", "unit": unit})
    page.reload()
    units = page.locator("#units .cap b")
    page.get_by_role("button", name="Move unit 3 of layer4.0 down").focus()
    for order in (["4", "3", "5"], ["4", "5", "3"]):
        page.keyboard.press("Enter")
        expect(units).to_have_text(order)
    page.get_by_role("button", name="Take unit 4 of layer4.0 off the list").click()
    expect(page.locator("#tally")).to_contain_text("2 units")
    expect(page.locator("#goes")).to_contain_text("2 units")
