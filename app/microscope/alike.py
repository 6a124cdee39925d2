"""Units that are active on the same images as one: in its layer, in other layers, and in other models."""

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from app import urls
from app.answers.unit import AlikePage, AlikeUnit
from app.corpus.alike import correlation, images_compared, most_alike
from app.corpus.columns import Columns
from app.corpus.index import Index
from app.corpus.shared import expected, kept, same_pictures, shared
from app.errors import NotFound
from app.microscope.browsing import Browser

ALIKE = 12  # units of the same layer that are shown


class AlikeDesk:
    """Compares a unit with all others that saw the same pictures. Reads only; never touches torch."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser

    def page(self, slug: str, layer: str, unit: int, corpus: str | None = None) -> AlikePage:
        """The units that are active on the same images. Raises `NotFound`, also for a layer without an index."""
        self.browser.unit(slug, layer, unit)
        index = self.browser.index(slug, layer, corpus)
        if index is None:
            raise NotFound(f"No images are indexed for {layer} of {slug}, so there is nothing to compare its units by.")
        columns = self.browser.columns.find(index)
        varied = len(index) > kept(index, layer)
        return AlikePage(
            model=slug,
            layer=layer,
            unit=unit,
            label=self.browser.naming.titles(slug, layer, index)[unit].text,
            url=urls.alike(slug, layer, unit, corpus),
            unit_url=urls.with_query(urls.unit(slug, layer, unit), corpus=corpus),
            corpus=index.manifest.name,
            images=len(index),
            status=self.browser.columns.status(index),
            compared=images_compared(columns) if columns else 0,
            kept=kept(index, layer),
            chance=expected(index, layer),
            alike=self._in_layer(index, columns, slug, layer, unit, corpus),
            elsewhere=self._elsewhere(index, columns, slug, layer, unit) if varied else [],
            why=self._why(index, slug, varied),
        )

    def _in_layer(
        self, index: Index, columns: Columns | None, slug: str, layer: str, unit: int, corpus: str | None
    ) -> list[AlikeUnit]:
        counts = _shared(index, layer, unit, index, layer) if len(index) > kept(index, layer) else None
        found: list[tuple[int, float | None]] = [*_most_alike(columns, layer, unit)] if columns else []
        if columns is None and counts is not None:
            order = np.argsort(-counts, kind="stable").tolist()
            more = [other for other in order if other != unit and counts[other] > expected(index, layer)]
            found = [(other, None) for other in more[:ALIKE]]
        cards = self.browser.cards(slug, layer, [other for other, _ in found], index, corpus=corpus)
        return [
            AlikeUnit(
                model=slug, layer=layer, card=card, correlation=r, shared=None if counts is None else int(counts[other])
            )
            for card, (other, r) in zip(cards, found, strict=True)
        ]

    def _elsewhere(self, index: Index, columns: Columns | None, slug: str, layer: str, unit: int) -> list[AlikeUnit]:
        """The unit of each other layer that shares most, those first that share most."""
        found = []
        for other_slug, other, other_layer in self._others(index, slug, layer):
            counts = _shared(index, layer, unit, other, other_layer)
            best = int(counts.argmax())
            theirs = self.browser.columns.find(other)
            named = None if other is self.browser.indexes.find(other_slug) else other.manifest.name
            (card,) = self.browser.cards(other_slug, other_layer, [best], other, corpus=named)
            found.append(
                AlikeUnit(
                    model=other_slug,
                    layer=other_layer,
                    card=card,
                    correlation=correlation_of(columns, layer, unit, theirs, other_layer, best)
                    if columns and theirs
                    else None,
                    shared=int(counts[best]),
                )
            )
        return sorted((each for each in found if each.shared), key=lambda each: -(each.shared or 0))

    def _others(self, index: Index, slug: str, layer: str) -> Iterator[tuple[str, Index, str]]:
        """Each other layer of a served model that an index of the same pictures has, with the first such index."""
        seen = {(slug, layer)}
        for other_slug in self.browser.residents.slugs:
            for other in self.browser.indexes.of(other_slug):
                for other_layer in other.manifest.layers if same_pictures(index, other) else ():
                    if (other_slug, other_layer) not in seen:
                        seen.add((other_slug, other_layer))
                        yield other_slug, other, other_layer

    def _why(self, index: Index, slug: str, varied: bool) -> str:
        name = index.manifest.name
        if not varied:
            return (
                f"{name} has {len(index)} images, and an index keeps as many of each unit: all units share them all. "
                "A larger corpus tells them apart."
            )
        others = [each for each in self.browser.residents.slugs if each != slug]
        if any(same_pictures(index, each) for other in others for each in self.browser.indexes.of(other)):
            return ""
        served = "" if others else "Serve another model beside it with `serve --model`. "
        return (
            f"No other model served here has an index of the pictures of {name}. {served}"
            "`uv run python -m app index build --model MODEL --images SOURCE --name NAME` makes one, with the same source."
        )


@lru_cache(maxsize=4096)
def _most_alike(columns: Columns, layer: str, unit: int) -> list[tuple[int, float]]:
    """Kept for each index as long as its columns are open."""
    return most_alike(columns, layer, unit, ALIKE)


@lru_cache(maxsize=1024)
def _shared(index: Index, layer: str, unit: int, other: Index, other_layer: str) -> NDArray[np.int16]:
    """Kept for each pair of indexes as long as they are open."""
    return shared(index, layer, unit, other, other_layer).astype(np.int16)


@lru_cache(maxsize=4096)
def correlation_of(
    columns: Columns, layer: str, unit: int, others: Columns, other_layer: str, other_unit: int
) -> float:
    """`correlation`, kept for each pair of units as long as their columns are open."""
    return correlation(columns, layer, unit, others, other_layer, other_unit)
