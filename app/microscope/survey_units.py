"""What a survey shows of a unit: what drives it, as on its own page, but not its name."""

from collections.abc import Sequence

from app.answers.surveys import SurveyBand, SurveyPicture
from app.corpus.bands import Entry
from app.corpus.index import Index
from app.microscope.browsing import Browser
from app.microscope.render_pages import link
from app.microscope.responses import examples
from app.store import Store

STRONGEST = 20  # examples that are shown of a unit
RENDERS = 60  # of a unit among which the newest plain one is looked for


class SurveyUnits:
    """Composes it from the index, the gallery, and the renders that people made."""

    def __init__(self, store: Store, browser: Browser) -> None:
        self.store = store
        self.browser = browser

    def shown(self, index: Index, slug: str, layer: str, unit: int) -> dict[str, object]:
        """What drives a unit, as on its own page but without its name: fields of `SurveyUnit`."""
        seen, columns = index.unit(layer, unit), self.browser.columns.find(index)
        bands = columns.bands(layer, unit) if columns else seen.bands
        std = seen.stats.std or 1.0

        def pictures(entries: Sequence[Entry], most: int | None = None) -> list[SurveyPicture]:
            found = examples(index, self.browser.layer(slug, layer), unit, entries, columns, "picture", most)
            return [SurveyPicture(image=each.image, sd=each.sd) for each in found]

        return {
            "picture": self.browser.gallery.render(slug, layer, unit) or self._grown(slug, layer, unit),
            "examples": pictures(seen.top, STRONGEST),
            "bands": [
                SurveyBand(
                    low=(band.low - seen.stats.mean) / std,
                    high=(band.high - seen.stats.mean) / std,
                    count=band.count,
                    pictures=pictures(band.entries),
                )
                for band in bands
            ],
        }

    def _grown(self, slug: str, layer: str, unit: int) -> str | None:
        """The newest picture that people grew for a unit without a facet."""
        found = map(link, self.store.renders(model=slug, layer=layer, unit=unit, limit=RENDERS))
        return next((each.image for each in found if each.stands and each.image and not each.facet), None)
