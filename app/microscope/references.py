"""The rendered pictures of units that a quiz shows beside its questions: of what excites a unit, and of what it speaks
against."""

from app import urls
from app.lab.quiz import REFERENCES
from app.microscope.facets import FacetDesk
from app.microscope.gallery import PLAIN, Gallery
from app.microscope.render_pages import link, stands_for_its_unit
from app.spec import RenderSpec
from app.store import RenderRow, Store


class References:
    """Finds them among the gallery's renders and those that people made."""

    def __init__(self, store: Store, gallery: Gallery, facets: FacetDesk) -> None:
        self.store = store
        self.gallery = gallery
        self.facets = facets

    def of(self, slug: str, layer: str, unit: int) -> tuple[list[str], list[str]]:
        """The addresses of a unit's renders, at most nine grown to excite it and nine grown against it: those without a facet
        first, and of these the gallery's."""
        renders = [link(row) for row in self.store.renders(model=slug, layer=layer, unit=unit, limit=None)]
        done = sorted((each for each in renders if each.image), key=lambda each: each.facet is not None)
        for_it = [each for each in done if each.stands]
        facets = [facet.id for facet in self.facets.links(slug)]
        known = [name for name in (PLAIN, *facets) if self.gallery.has(slug, layer, unit, name)]
        gallery = [(name != PLAIN, urls.gallery_picture(slug, layer, unit, name)) for name in known]
        grown = [(each.facet is not None, each.image) for each in for_it if each.image]
        strongest = [image for _, image in sorted([*gallery, *grown], key=lambda each: each[0])]
        weakest = [each.image for each in done if each.aim == "least" and each.of == "unit" and each.image]
        return strongest[:REFERENCES], weakest[:REFERENCES]

    def units(self, slug: str, layer: str) -> list[int]:
        """The units of a layer that have a picture grown to excite them, as `of` finds them."""
        grown = {row.unit for row in self.store.renders(model=slug, layer=layer, limit=None) if _stands(row)}
        for name in (PLAIN, *(facet.id for facet in self.facets.links(slug))):
            grown |= self.gallery.units(slug, layer, name)
        return sorted(unit for unit in grown if unit is not None)


def _stands(row: RenderRow) -> bool:
    return row.status == "done" and stands_for_its_unit(RenderSpec.parse(row.spec))
