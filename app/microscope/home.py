"""The first page."""

from collections.abc import Callable

from app.answers.home import Home
from app.answers.layer import UnitCard
from app.microscope.browsing import Browser
from app.microscope.render_pages import link

UNITS = 48
LATEST = 12  # facets and renders


class HomeDesk:
    """Shows a little of everything. `ready` says whether the default model can be used, and if not, why."""

    def __init__(self, browser: Browser, ready: Callable[[], tuple[bool, str]]) -> None:
        self.browser = browser
        self.ready = ready

    def page(self) -> Home:
        """The first page."""
        ready, reason = self.ready()
        browser = self.browser
        return Home(
            ready=ready,
            reason=reason,
            model=browser.model(browser.residents.default),
            units=self._units() if ready else [],
            facets=browser.facets.cards().facets[:LATEST],
            renders=[link(row) for row in browser.store.renders(limit=LATEST)],
        )

    def _units(self) -> list[UnitCard]:
        """The most selective units of the last layer, first one for each word that the examples agree on."""
        browser = self.browser
        slug = browser.residents.default
        layer = browser.residents.clip(slug).default_layer
        index = browser.index(slug, layer)
        if index is None:
            channels = browser.residents.clip(slug).layers[layer].channels
            return browser.cards(slug, layer, range(min(UNITS, channels)), None)
        words, order = browser.naming.titles(slug, layer, index), index.strongest(layer).tolist()
        first = {words[unit].text: unit for unit in reversed(order) if words[unit].text}
        named = sorted(first.values(), key=order.index)
        units = [*named, *(unit for unit in order if unit not in named)]
        return browser.cards(slug, layer, units[:UNITS], index)
