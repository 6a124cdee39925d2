"""The page of a unit's activation given a label of the corpus, a facet, or a set of pictures."""

from app import urls
from app.answers.given import GivenPage, LabelColumn
from app.errors import NotFound
from app.facets.train import MINIMUM_IMAGES
from app.microscope.browsing import Browser
from app.microscope.given import chosen, label_columns, ranking, shares, sorted_by
from app.microscope.given_facet import GivenFacets, OneUnit


class GivenDesk:
    """Composes the page. Reads only; never touches torch."""

    def __init__(self, browser: Browser, given_facets: GivenFacets) -> None:
        self.browser = browser
        self.given_facets = given_facets

    def page(
        self,
        slug: str,
        name: str,
        unit: int,
        *,
        by: str | None = None,
        value: str | None = None,
        facet: str | None = None,
        corpus: str | None = None,
    ) -> GivenPage:
        """A unit's activation given a label or a facet. Raises `NotFound` for a unit, column or value that there is not, and
        for a layer without an index; `BadInput` for a facet that there is not."""
        self.browser.unit(slug, name, unit)
        index = self.browser.index(slug, name, corpus)
        if index is None:
            raise NotFound(self.browser.unindexed(slug, name))
        columns = self.browser.columns.find(index)
        known = label_columns(columns) if columns else []
        if by is not None and columns and by not in known:
            raise NotFound(
                f"{index.manifest.name} cannot be sorted by {by}: by {', '.join(known) or 'nothing'}.", field="by"
            )
        if columns and value and by is None:
            raise NotFound(f"by: name the column that {value!r} is a value of, one of {', '.join(known)}.", field="by")
        facet_id = self.browser.facets.resolve(slug, facet) if facet else None
        by = by or (known[0] if known and facet_id is None else None)

        def of_facet(facet: str) -> str:
            return urls.given(slug, name, unit, facet=facet, corpus=corpus)

        titles = self.browser.naming.titles(slug, name, index)
        page = GivenPage(
            model=slug,
            layer=name,
            unit=unit,
            label=titles[unit].text,
            sensitive=titles.themes(unit),
            url=urls.given(slug, name, unit, by=by, value=value, facet=facet_id, corpus=corpus),
            unit_url=urls.with_query(urls.unit(slug, name, unit), corpus=corpus),
            corpus=index.manifest.name,
            status=self.browser.columns.status(index),
            images=len(index),
            by=by,
            value=value,
            values=[],
            ranking=None,
            chosen=None,
            others=None,
            edges=[],
            counts=[],
            other_counts=[],
            strongest=[],
            weakest=[],
            bands=[],
            shares=[],
            columns=[
                LabelColumn(name=each, url=urls.given(slug, name, unit, by=each, corpus=corpus)) for each in known
            ],
            facets=self.given_facets.links(slug, of_facet),
            least_pictures=MINIMUM_IMAGES,
        )
        if columns is None:
            return page
        one = OneUnit.of(index, columns, name, unit)
        given = self.given_facets.given(one, facet_id, of_facet(facet_id)) if facet_id else None
        page = page.model_copy(update={"given_facet": given, "facet_ranking": self.given_facets.ranking(one, of_facet)})
        if by is None:
            return page
        beside = sorted_by(index, columns, name, unit, by, corpus)
        return page.model_copy(
            update={
                "values": sorted(beside.labels),
                "ranking": ranking(beside),
                **(chosen(beside, value) if value else {}),
                **shares(beside, value),
            }
        )
