"""What one browses: galleries of layers, pages of units, pictures of corpora. Reads only; never touches torch."""

from collections.abc import Sequence
from contextlib import suppress
from functools import partial

import numpy as np

from app import urls
from app.answers.examples import View
from app.answers.findings import CaptionsPage
from app.answers.given import Ranking
from app.answers.labels import Published
from app.answers.layer import LayerPage, UnitCard
from app.answers.links import FacetLink
from app.answers.models import ModelInfo, Models
from app.answers.renders import GalleryPicture
from app.answers.unit import ByFacetPage, UnitPage, UnitRecord
from app.clip.layers import Layer
from app.corpus.columns import Columns
from app.corpus.index import Index
from app.corpus.kept import kept
from app.errors import BadInput, NotFound
from app.lab.published import CREDIT, published
from app.microscope import captions
from app.microscope.columns import ColumnDesk
from app.microscope.facet_rows import FacetRows, named
from app.microscope.facets import FacetDesk
from app.microscope.families import families, links, within
from app.microscope.gallery import PLAIN, Gallery
from app.microscope.given import label_columns, ranking, sorted_by
from app.microscope.indexes import Indexes
from app.microscope.naming import Naming, Titles
from app.microscope.render_pages import RenderPages, link
from app.microscope.residents import Residents
from app.microscope.responses import responses, strongest_pictures
from app.microscope.sorting import ALIASES, SCORES, ordered, scores
from app.microscope.top_words import TopWords
from app.store import Store

SORTS = ("unit", *SCORES, *ALIASES, "purity")
LIMIT = 240
RANKED = 24  # labels that a unit's page lists; all of them have a page of their own


class Browser:
    """Composes the answers of the browsing pages."""

    def __init__(
        self,
        store: Store,
        residents: Residents,
        indexes: Indexes,
        columns: ColumnDesk,
        facets: FacetDesk,
        gallery: Gallery,
        renders: RenderPages,
        naming: Naming,
        facet_rows: FacetRows,
        top_words: TopWords,
    ) -> None:
        self.store = store
        self.residents = residents
        self.indexes = indexes
        self.columns = columns
        self.facets = facets
        self.gallery = gallery
        self.renders = renders
        self.naming = naming
        self.facet_rows = facet_rows
        self.top_words = top_words

    def model(self, slug: str) -> ModelInfo:
        """A known model with its layer table, if it is loaded."""
        index = self.indexes.find(slug) if slug in self.residents.slugs else None
        return self.residents.info(
            slug,
            corpus=index.manifest.name if index else None,
            indexed=frozenset(index.manifest.layers) if index else frozenset(),
        )

    def models(self) -> Models:
        """All known models, the served ones first."""
        return Models(models=[self.model(slug) for slug in self.residents.known()])

    def layer(self, slug: str, name: str) -> Layer:
        """A layer of a loaded model. Raises `NotFound` with the layers there are."""
        clip = self.residents.clip(slug)
        if name not in clip.layers:
            raise NotFound(f"{slug} has no layer {name}. It has: {', '.join(clip.layers)}.")
        return clip.layers[name]

    def unit(self, slug: str, name: str, unit: int) -> Layer:
        """A layer of a loaded model, known to have the unit. Raises `NotFound` with what there is."""
        layer = self.layer(slug, name)
        if not 0 <= unit < layer.channels:
            raise NotFound(f"{name} of {slug} has units 0 to {layer.channels - 1}; there is no unit {unit}.")
        return layer

    def index(self, slug: str, layer: str, corpus: str | None = None) -> Index | None:
        """The index to show a layer with, or None where the layer is in none."""
        index = self.indexes.find(slug, corpus)
        return index if index is not None and layer in index.manifest.layers else None

    def layer_page(
        self,
        slug: str,
        name: str,
        *,
        after: int = -1,
        limit: int = 60,
        q: str = "",
        facet: str | None = None,
        sort: str = "unit",
        corpus: str | None = None,
        family: str | None = None,
    ) -> LayerPage:
        """A page of units: `after` is the position in the sorted list that the page starts behind.

        Raises:
            BadInput: A sort or limit that there is not.
        """
        layer, index = self.layer(slug, name), self.index(slug, name, corpus)
        if sort not in SORTS:
            raise BadInput(f"sort: choose one of {', '.join(SORTS)}.", field="sort")
        sort = ALIASES.get(sort, sort)
        if not 1 <= limit <= LIMIT:
            raise BadInput(f"limit: from 1 to {LIMIT} units a page.", field="limit")
        facet_id = self.facets.resolve(slug, facet) if facet and facet != PLAIN else None
        matching, names = self._matching(slug, q.strip(), layer, index, sort), families(slug, index, name)
        of, hint = {}, ""
        if sort == "purity":
            matching, of, hint = self.facet_rows.purest(index, name, matching, facet_id)
        order = within(family, names, matching)
        chosen = order[after + 1 : after + 1 + limit]
        last = after + len(chosen)

        def address(family: str | None, **place: int) -> str:
            query = {"q": q, "facet": facet, "sort": sort, "corpus": corpus, "family": family}
            return urls.with_query(urls.layer(slug, name), **place, **query)

        model = self.model(slug)
        return LayerPage(
            model=model,
            layer=next(row for row in model.layers if row.name == name),
            corpus=index.manifest.name if index else None,
            corpora=[each.manifest.name for each in self.indexes.of(slug)],
            q=q,
            sort=sort,
            facet=facet_id,
            facets=self.facets.links(slug),
            family=family,
            families=links(names, matching, family, address),
            every_family=address(None),
            units=named(_scored(self.cards(slug, name, chosen, index, facet_id, corpus), index, name, sort), of),
            next=address(family, after=last, limit=limit) if last + 1 < len(order) else None,
            total=len(order),
            hint=hint,
        )

    def cards(
        self,
        slug: str,
        layer: str,
        units: Sequence[int],
        index: Index | None,
        facet: str | None = None,
        corpus: str | None = None,
    ) -> list[UnitCard]:
        """Units as cards: the gallery render, or with a facet the newest finished one that people made, and examples."""
        titles = self.naming.titles(slug, layer, index)
        faceted = self._faceted(slug, layer, facet) if facet else {}
        return [
            UnitCard(
                unit=unit,
                url=urls.with_query(urls.unit(slug, layer, unit), facet=facet, corpus=corpus),
                label=titles[unit].text,
                label_by=titles[unit].by,
                sensitive=bool(titles.themes(unit)),
                thumbnail=faceted.get(unit) or self.gallery.thumbnail(slug, layer, unit, index, facet),
                rendered=unit in faceted or self.gallery.has(slug, layer, unit),
                examples=strongest_pictures(index, layer, unit) if index else [],
            )
            for unit in units
        ]

    def _faceted(self, slug: str, layer: str, facet: str) -> dict[int, str]:
        rows = self.store.renders(model=slug, layer=layer, facet=facet, limit=1000)
        done = (link(row) for row in reversed(rows) if row.status == "done")
        return {each.unit: each.image for each in done if each.stands and each.unit is not None and each.image}

    def unit_page(
        self,
        slug: str,
        name: str,
        unit: int,
        *,
        corpus: str | None,
        facet: str | None,
        view: View = "picture",
        draw: int = 1,
        browser: str | None = None,
    ) -> UnitPage:
        """Everything about one unit. Raises `NotFound` for a unit out of range, naming the range, and for a draw."""
        layer, index = self.unit(slug, name, unit), self.index(slug, name, corpus)
        rows = self.store.renders(model=slug, layer=name, unit=unit, limit=60)
        chosen = self.facets.resolve(slug, facet) if facet and facet != PLAIN else None
        facets, titles = self.facets.links(slug), self.naming.titles(slug, name, index)
        title = titles[unit]

        def address(number: int, view: View, draw: int = 1) -> str:
            shown = {"view": view if view != "picture" else None, "draw": draw if draw > 1 else None}
            return urls.with_query(urls.unit(slug, name, number), corpus=corpus, facet=facet, **shown)

        page = UnitPage(
            model=slug,
            layer=name,
            unit=unit,
            label=title.text,
            label_by=title.by,
            sensitive=titles.themes(unit),
            labels=self.naming.section(slug, name, unit, index, browser),
            url=urls.unit(slug, name, unit),
            previous=address(unit - 1, view) if unit > 0 else None,
            next=address(unit + 1, view) if unit + 1 < layer.channels else None,
            corpus=index.manifest.name if index else None,
            corpora=[each.manifest.name for each in self.indexes.of(slug)],
            facet=chosen,
            picture=self.gallery.render(slug, name, unit, chosen),
            gallery=self._pictures(slug, name, unit, facets, corpus),
            stats=None,
            histogram=None,
            examples=[],
            ways=[],
            bottom=[],
            strata=[],
            view=view,
            views=[],
            random=[],
            draw=draw,
            again=None,
            record=self._record(index, slug, name, unit, corpus) if index else None,
            published=_published(slug, name, unit),
            speaks=captions.speaks(self.residents.clip(slug), name),
            captions=self._captions(slug, name, unit),
            top_words=self.top_words.section(slug, name, unit),
            labellings=[],
            renders=[link(row) for row in rows],
            facets=facets,
            presets=self.renders.presets(slug),
        )
        if index is None:
            return page
        found = responses(index, layer, unit, self.columns.find(index), view, draw, partial(address, unit))
        return page.model_copy(update={**found, **self.facet_rows.of(index, layer, unit, corpus)})

    def by_facet_page(self, slug: str, name: str, unit: int, corpus: str | None = None) -> ByFacetPage:
        """A unit's dataset examples under every facet. Raises `NotFound`, also for a layer without an index."""
        layer, index = self.unit(slug, name, unit), self.listed(slug, name, corpus, unit)
        titles = self.naming.titles(slug, name, index)
        page = ByFacetPage(
            model=slug,
            layer=name,
            unit=unit,
            label=titles[unit].text,
            sensitive=titles.themes(unit),
            url=urls.by_facet(slug, name, unit, corpus),
            unit_url=urls.with_query(urls.unit(slug, name, unit), corpus=corpus),
            corpus=index.manifest.name,
        )
        waits = {"by_facet_status": self.columns.status(index)}
        return page.model_copy(update={**waits, **self.facet_rows.of(index, layer, unit, corpus)})

    def titles(self, slug: str, layer: str, corpus: str | None) -> Titles:
        """What the units of a layer are called, also where the corpus is not there any more."""
        index = None
        with suppress(NotFound):
            index = self.index(slug, layer, corpus)
        return self.naming.titles(slug, layer, index)

    def unindexed(self, slug: str, layer: str) -> str:
        """That no images are indexed for a layer, and what to do about it."""
        return (
            f"No images are indexed for {layer} of {slug}. `uv run python -m app index build --model {slug} "
            f"--images FOLDER --name NAME --layer {layer}` does it."
        )

    def label(self, slug: str, layer: str, unit: int | None) -> str:
        """What a unit is called; empty for none, and for one that nothing is known of."""
        if unit is None or slug not in self.residents.slugs:
            return ""
        return self.naming.titles(slug, layer, self.index(slug, layer))[unit].text

    def _captions(self, slug: str, layer: str, unit: int) -> CaptionsPage | None:
        found = self.store.findings.of_unit("captions", slug, layer, unit, limit=1)
        return captions.page(found[0], "", 0) if found else None

    def _record(self, index: Index, slug: str, layer: str, unit: int, corpus: str | None) -> UnitRecord:
        columns = self.columns.find(index)
        by = label_columns(columns)[:1] if columns else []
        return UnitRecord(
            status=self.columns.status(index),
            ranking=_ranking(index, columns, layer, unit, by[0], corpus) if columns and by else None,
            alike=urls.alike(slug, layer, unit, corpus),
            given=urls.given(slug, layer, unit, corpus=corpus),
            csv=urls.activations(slug, layer, unit, "csv", corpus) if columns else None,
            parquet=urls.activations(slug, layer, unit, "parquet", corpus) if columns else None,
        )

    def listed(self, slug: str, name: str, corpus: str | None, unit: int | None = None) -> Index:
        """The index that the file of a layer's units, or of a unit's examples, is made of. Raises `NotFound`."""
        self.layer(slug, name) if unit is None else self.unit(slug, name, unit)
        index = self.index(slug, name, corpus)
        if index is None:
            raise NotFound(f"No images are indexed for {name} of {slug}, so there is nothing to list.")
        return index

    def exported(self, slug: str, name: str, unit: int, corpus: str | None) -> tuple[Index, Columns]:
        """What the file of a unit's activations is made of. Raises `NotFound`, and `NotReady` before they are recorded."""
        self.unit(slug, name, unit)
        index = self.index(slug, name, corpus)
        if index is None:
            raise NotFound(f"No images are indexed for {name} of {slug}, so there are no activations.")
        return index, self.columns.need(index)

    def _matching(self, slug: str, q: str, layer: Layer, index: Index | None, sort: str) -> list[int]:
        """The units of a layer that a query leaves over (its number, or part of a name), in the order asked for."""
        order = list(range(layer.channels))
        if sort in SCORES and index is not None:
            order = ordered(index, layer.name, sort)
        if not q:
            return order
        if q.isdecimal():
            return [unit for unit in order if unit == int(q)]
        called = self.naming.called(slug, layer.name, index, q)
        return [unit for unit in order if unit in called]

    def _pictures(
        self, slug: str, layer: str, unit: int, facets: Sequence[FacetLink], corpus: str | None
    ) -> list[GalleryPicture]:
        """A unit's gallery renders: the plain one, and one for each facet of which there is a gallery."""
        return [
            GalleryPicture(
                facet=facet,
                image=urls.gallery_picture(slug, layer, unit, name),
                url=urls.with_query(urls.unit(slug, layer, unit), corpus=corpus, facet=name if facet else None),
            )
            for facet, name in [(None, PLAIN), *((facet, facet.id) for facet in facets)]
            if self.gallery.has(slug, layer, unit, name)
        ]


def _scored(cards: list[UnitCard], index: Index | None, layer: str, sort: str) -> list[UnitCard]:
    """The cards with the number that they are sorted by, where there is one."""
    if sort not in SCORES or index is None:
        return cards
    found = scores(index, layer, sort)
    return [
        card.model_copy(update={"score": float(found[card.unit])}) if np.isfinite(found[card.unit]) else card
        for card in cards
    ]


@kept()
def _ranking(index: Index, columns: Columns, layer: str, unit: int, by: str, corpus: str | None) -> Ranking:
    return ranking(sorted_by(index, columns, layer, unit, by, corpus), RANKED)


def _published(slug: str, layer: str, unit: int) -> Published | None:
    known = published(slug, layer).get(unit)
    return Published(**known.model_dump(), credit=CREDIT) if known else None
