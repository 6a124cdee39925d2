"""What people call units, for the pages of a layer that there is."""

from app.answers.labels import LabelsOfLayer
from app.microscope.browsing import Browser


class NamingDesk:
    """Names of the units that the browser knows; each method raises `NotFound` for a unit or layer that there is not."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser
        self.naming = browser.naming

    def of_layer(self, slug: str, layer: str, corpus: str | None = None) -> LabelsOfLayer:
        """All that the units of a layer are called, by people and automatically."""
        units = self.browser.layer(slug, layer).channels
        return self.naming.of_layer(slug, layer, units, self.browser.index(slug, layer, corpus))

    def say(
        self, slug: str, layer: str, unit: int, *, text: object, name: object, corpus: str | None, browser: str
    ) -> str:
        """Keep what the person at a browser calls a unit; returns the label."""
        self.browser.unit(slug, layer, unit)
        index = self.browser.index(slug, layer, corpus)
        return self.naming.say(slug, layer, unit, index, text=text, name=name, browser=browser)

    def unsay(self, slug: str, layer: str, unit: int, browser: str | None) -> None:
        """Take it back."""
        self.browser.unit(slug, layer, unit)
        self.naming.unsay(slug, layer, unit, browser)

    def vote(
        self, slug: str, layer: str, unit: int, *, vote: object, word: object, corpus: str | None, browser: str
    ) -> None:
        """Count a vote on one of a unit's labels."""
        self.browser.unit(slug, layer, unit)
        index = self.browser.index(slug, layer, corpus)
        self.naming.vote(slug, layer, unit, index, vote=vote, word=word, browser=browser)
