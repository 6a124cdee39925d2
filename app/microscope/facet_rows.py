"""What facets say of units' dataset examples, as answers: a unit's rows, and which facet a unit is purest of."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app import urls
from app.answers.facets import FacetExample, UnderFacet
from app.answers.layer import FacetShare, UnitCard
from app.answers.links import FacetLink
from app.clip.layers import Layer
from app.corpus.columns import Columns
from app.corpus.index import Index
from app.corpus.kept import kept
from app.corpus.look import box
from app.corpus.unit import Stats
from app.facets.columns import FacetColumn
from app.facets.examples import STRONG, purity, share, strong, strongest, under
from app.microscope.columns import ColumnDesk
from app.microscope.facet_columns import FacetColumnDesk
from app.microscope.facets import FacetDesk
from app.microscope.gallery import Gallery

SHOWN = 8


class FacetRows:
    """Composes what facets' columns say."""

    def __init__(
        self, facets: FacetDesk, columns: ColumnDesk, facet_columns: FacetColumnDesk, gallery: Gallery
    ) -> None:
        self.facets = facets
        self.columns = columns
        self.facet_columns = facet_columns
        self.gallery = gallery

    def of(self, index: Index, layer: Layer, unit: int, corpus: str | None) -> dict[str, object]:
        """A unit's dataset examples under each facet, as fields of a `UnitPage`."""
        columns, slug = self.columns.find(index), index.manifest.model
        if columns is None:
            return {}
        found, status = self.facet_columns.every_and_status(index)
        links = {link.id: link for link in self.facets.links(slug) if link.id in found}
        if not links:
            return {"by_facet_status": status}
        ranked = _ranked(index, columns, layer, unit, tuple((each, found[each]) for each in links))
        rows = [
            UnderFacet(
                facet=links[facet],
                picture=self._picture(slug, layer.name, unit, links[facet]),
                url=urls.with_query(urls.unit(slug, layer.name, unit), corpus=corpus, facet=facet),
                given=urls.given(slug, layer.name, unit, facet=facet, corpus=corpus),
                **fields,
            )
            for facet, fields in ranked
        ]
        return {"by_facet": rows, "by_facet_status": status}

    def _picture(self, slug: str, layer: str, unit: int, facet: FacetLink) -> str | None:
        has = self.gallery.has(slug, layer, unit, facet.id)
        return urls.gallery_picture(slug, layer, unit, facet.id) if has else None

    def purest(
        self, index: Index | None, layer: str, units: Sequence[int], facet: str | None
    ) -> tuple[list[int], dict[int, FacetShare], str]:
        """Units by their purity, the purest first: of the facet, or each of the one that it is purest of.

        Returns:
            The units, what each is purest of, and a sentence where nothing is known of that: then the units as they come.
        """
        if index is None:
            return list(units), {}, "No images are indexed for this layer, so nothing is known of facets in it."
        found = self.facet_columns.every(index)
        links = {link.id: link for link in self.facets.links(index.manifest.model) if link.id in found}
        chosen = [facet] if facet in links else [] if facet else list(links)
        if not chosen:
            return list(units), {}, f"{self._without(index, facet)} The units are in the order of their numbers."
        shares, pure = _purity(index, layer, tuple(found[each] for each in chosen))
        best = pure.argmax(1)
        of = {
            unit: FacetShare(
                facet=links[chosen[best[unit]]],
                share=float(shares[unit, best[unit]]),
                purity=float(pure[unit, best[unit]]),
            )
            for unit in units
        }
        return sorted(units, key=lambda unit: (-of[unit].purity, unit)), of, ""

    def _without(self, index: Index, facet: str | None) -> str:
        """Why there is no facet to sort by."""
        if self.columns.find(index) is None:
            return self.columns.status(index)
        if status := self.facet_columns.status(index):
            return status
        if facet:
            return "This facet cannot say how much an image is of its theme: it is not trained, or came without a bias."
        return "There is no trained facet to sort the units by."


def named(cards: Sequence[UnitCard], of: dict[int, FacetShare]) -> list[UnitCard]:
    """The cards with the facet that each unit is purest of."""
    return [card.model_copy(update={"of": of.get(card.unit)}) for card in cards]


@kept()
def _ranked(
    index: Index, columns: Columns, layer: Layer, unit: int, facets: tuple[tuple[str, FacetColumn], ...]
) -> list[tuple[str, dict[str, Any]]]:
    """What each facet's column says of a unit, as fields of an `UnderFacet`: the facet that it is purest of first."""
    seen, (images, sd) = index.unit(layer.name, unit), strong(index, columns, layer.name, unit)
    ids = np.array([entry.image for entry in seen.top])
    height = np.array([max(entry.activation - seen.stats.mean, 0.0) for entry in seen.top])
    places = {entry.image: box(layer, entry.place) for entry in seen.top}
    ranked = []
    for facet, column in facets:
        mine = share(ids, column.probability)
        pure = float(purity(mine[None], [column.chance])[0])
        explained = float(height @ column.probability[ids])  # tells apart what is as pure
        fields = {
            "share": float(mine),
            "purity": pure,
            "of": len(ids),
            "chance": column.chance,
            "at_least": STRONG,
            "examples": [
                _example(index, seen.stats, int(images[place]), float(sd[place]), column.probability, places)
                for place in under(sd, column.probability[images], SHOWN)
            ],
        }
        ranked.append((-pure, -explained, facet, fields))
    ranked.sort(key=lambda each: each[:2])
    return [(facet, fields) for _, _, facet, fields in ranked]


def _example(
    index: Index,
    stats: Stats,
    image: int,
    sd: float,
    probability: NDArray[np.float32],
    places: dict[int, tuple[float, float, float, float]],
) -> FacetExample:
    record = index.record(image)
    return FacetExample(
        image=urls.corpus_image(index.manifest.name, image),
        page=urls.corpus_page(index.manifest.name, image),
        caption=record["caption"] or record["key"],
        activation=stats.mean + sd * stats.std,
        sd=sd,
        probability=float(probability[image]),
        box=places.get(image),
    )


@lru_cache(maxsize=64)
def _purity(
    index: Index, layer: str, facets: tuple[FacetColumn, ...]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The shares that facets have of each unit's strongest images, and how pure that makes it: both [units, facets]."""
    images = strongest(index, layer)
    shares = np.stack([share(images, each.probability) for each in facets], 1)
    return shares, purity(shares, [each.chance for each in facets])
