"""Files to keep of what pages show."""

import json
from collections.abc import Iterator, Mapping
from typing import Literal

from app.corpus import listing
from app.corpus.export import as_csv, as_parquet
from app.microscope.browsing import Browser


class Downloads:
    """Writes what an index knows of units as files. What can be wrong is raised at once."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser

    def activations(
        self, slug: str, layer: str, unit: int, suffix: Literal["csv", "parquet"], corpus: str | None
    ) -> Iterator[bytes]:
        """A unit's activation on every image of a corpus, in parts."""
        index, columns = self.browser.exported(slug, layer, unit, corpus)
        return {"csv": as_csv, "parquet": as_parquet}[suffix](index, columns, layer, unit)

    def units(self, slug: str, layer: str, suffix: Literal["csv", "parquet", "json"], corpus: str | None) -> bytes:
        """All units of a layer, one a row."""
        index = self.browser.listed(slug, layer, corpus)
        titles = self.browser.naming.titles(slug, layer, index)
        table = listing.units(index, layer, [titles[unit].text for unit in range(index.units(layer))])
        if suffix == "json":
            return json.dumps(
                {**_texts(table.schema.metadata), "units": table.to_pylist()}, ensure_ascii=False
            ).encode()
        return {"csv": listing.as_csv, "parquet": listing.as_parquet}[suffix](table)

    def examples(self, slug: str, layer: str, unit: int, corpus: str | None) -> bytes:
        """A unit's examples as CSV."""
        index = self.browser.listed(slug, layer, corpus, unit)
        return listing.as_csv(listing.examples(index, layer, unit))


def _texts(metadata: Mapping[bytes, bytes]) -> dict[str, str]:
    return {name.decode(): value.decode() for name, value in metadata.items()}
