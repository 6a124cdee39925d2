"""What a copy holds: the pages of some layers and units of one model, and chosen renders and facets."""

from collections.abc import Iterator
from dataclasses import dataclass

from app import urls
from app.answers.facets import FacetPage
from app.answers.renders import RenderPage
from app.errors import BadInput, NotReady
from app.microscope import Microscope


@dataclass(frozen=True)
class Contents:
    """`units` are the numbers of every layer's units that are in the copy; `card` is the address of the model's card."""

    slug: str
    corpus: str
    card: str | None
    units: dict[str, tuple[int, ...]]
    renders: tuple[RenderPage, ...]
    facets: tuple[FacetPage, ...]

    def galleries(self) -> list[str]:
        """The addresses of the layers' galleries, which show no more than the units of the copy."""
        return [urls.layer(self.slug, layer) for layer in self.units]

    def pages(self) -> Iterator[str]:
        """The addresses of all other pages, as the server has them."""
        yield urls.model(self.slug)
        if self.card:
            yield self.card
        for layer, units in self.units.items():
            for unit in units:
                yield urls.unit(self.slug, layer, unit)
                yield urls.alike(self.slug, layer, unit)
                yield urls.by_facet(self.slug, layer, unit)
        for page in (*self.renders, *self.facets):
            yield page.url


def choose(
    microscope: Microscope,
    slug: str,
    layers: list[str],
    units: list[int] | None,
    renders: list[str],
    facets: list[str],
) -> Contents:
    """What was asked for, if all of it is there and finished.

    Args:
        layers: Names; none: the model's default layer.
        units: Numbers in each of the layers; None: all.
        facets: Ids or names.

    Raises:
        BadInput: A unit, or a render's model, that cannot be meant.
        NotFound: A layer, render or facet that is not there.
        NotReady: A layer that is not indexed, a render or facet that is not finished.
    """
    model = microscope.browser.model(slug)
    index = microscope.indexes.need(slug)
    found = {layer: _units(microscope, slug, layer, units) for layer in layers or [model.default_layer]}
    for layer in found:
        if layer not in index.manifest.layers:
            raise NotReady(
                f"layer: no pictures are indexed for {layer} of {slug}, so there is little to publish. "
                "Index them first: app index build."
            )
    return Contents(
        slug=slug,
        corpus=index.manifest.name,
        card=model.card,
        units=found,
        renders=tuple(_render(microscope, slug, each) for each in dict.fromkeys(renders)),
        facets=tuple(_facet(microscope, slug, each) for each in dict.fromkeys(facets)),
    )


def parse_units(text: str) -> list[int]:
    """Numbers and ranges such as `0-99,200`, in order and each once. Raises `BadInput`."""
    numbers: set[int] = set()
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        if not all(each.isdecimal() and len(each) < 6 for each in (first, last if dash else first)):
            raise BadInput(f"units: give numbers and ranges such as 0-99,200, not {part!r}.", field="units")
        numbers.update(range(int(first), int(last if dash else first) + 1))
    if not numbers:
        raise BadInput(f"units: {text!r} names no unit: a range goes from the smaller to the larger.", field="units")
    return sorted(numbers)


def _units(microscope: Microscope, slug: str, layer: str, units: list[int] | None) -> tuple[int, ...]:
    channels = microscope.browser.layer(slug, layer).channels
    if units and units[-1] >= channels:
        raise BadInput(
            f"units: {layer} of {slug} has the units 0 to {channels - 1}, and none is {units[-1]}.", field="units"
        )
    return tuple(range(channels)) if units is None else tuple(units)


def _render(microscope: Microscope, slug: str, render_id: str) -> RenderPage:
    page = microscope.render_pages.page(render_id)
    if page.spec.model != slug:
        raise BadInput(f"render: {render_id} is of {page.spec.model}; a copy holds one model, {slug}.", field="render")
    if page.status != "done":
        raise NotReady(f"render: {render_id} is {page.status}. Only finished renders are published.", field="render")
    return page


def _facet(microscope: Microscope, slug: str, name: str) -> FacetPage:
    page = microscope.facet(microscope.facet_desk.resolve(slug, name))
    if page.status != "ready":
        raise NotReady(f"facet: {name} is {page.status}. Only facets that are ready are published.", field="facet")
    return page
