"""The tour of a model's families of units: the paper's, those found by clustering, or those that a corpus records."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app import urls
from app.answers.families import FamiliesPage, FamilyKind, FamilyName, KindLink, TourFamily, TourUnit
from app.answers.links import LayerLink
from app.clip import registry
from app.corpus.index import Index
from app.errors import NotFound
from app.lab.published import CREDIT, described, published, published_layer
from app.lab.sensitive import sensitive
from app.microscope.browsing import Browser
from app.microscope.families import AGREEING, COLUMN
from app.microscope.family_desk import FamilyDesk
from app.microscope.indexes import labels

FAMILIES = 24  # on a page
SHOWN = 24  # units of each family, four of them at once
ALONE = 120  # units on a page of one family
WORDS = 3
KINDS: tuple[FamilyKind, ...] = ("published", "found", "recorded")


@dataclass(frozen=True)
class _Family:
    """A family before it is dressed for a page: its units, those first that show it best."""

    name: str
    units: Sequence[int]
    description: str
    cohesion: float | None = None
    beside: float | None = None
    themes: Sequence[str] = ()


class TourDesk:
    """Composes the tour. Reads only; never touches torch."""

    def __init__(self, browser: Browser, families: FamilyDesk) -> None:
        self.browser = browser
        self.desk = families

    def page(
        self,
        slug: str,
        *,
        kind: FamilyKind | None = None,
        layer: str | None = None,
        corpus: str | None = None,
        family: str | None = None,
        after: int = 0,
    ) -> FamiliesPage:
        """The tour of a known model, whether its weights are here or not. Without a kind: the paper's families where it
        sorted the layer's units, else those found.

        Raises:
            NotFound: no such model, layer, corpus or family.
        """
        model = self.browser.model(slug)
        names = [each.name for each in model.layers]
        if layer is not None and layer not in names:
            raise NotFound(f"{slug} has no layer {layer}. It has: {', '.join(names)}.", field="layer")
        own = published_layer(slug)
        layer = layer or (own if own and kind in (None, "published") else model.default_layer)
        kind = kind or ("published" if layer == own else "found")
        index = self.browser.index(slug, layer, corpus)
        found, status, images = self._families(kind, slug, layer, index)
        names_of_all = [
            FamilyName(name=each.name, units=len(each.units), url=self._url(slug, kind, layer, corpus, each.name))
            for each in found
        ]
        chosen = [each for each in found if family is None or each.name == family]
        if family is not None and not chosen:
            raise NotFound(f"There is no family {family!r} among those {_SAID[kind]} of {layer}.", field="family")
        shown = chosen[after : after + FAMILIES] if family is None else chosen
        first, most = (0, SHOWN) if family is None else (after, ALONE)
        last = after + FAMILIES if family is None else after + ALONE
        more = last < (len(chosen) if family is None else len(chosen[0].units))
        return FamiliesPage(
            model=model,
            layer=layer,
            layers=self._layers(slug, kind, layer, index, corpus),
            kind=kind,
            kinds=[
                KindLink(kind=each, url=self._url(slug, each, own if each == "published" else layer, corpus))
                for each in KINDS
                if own or each != "published"
            ],
            corpus=index.manifest.name if index and kind != "published" else None,
            images=images,
            status=status,
            lacking=self._lacking(slug),
            credit=CREDIT if kind == "published" else "",
            url=self._url(slug, kind, layer, corpus, family),
            family=family,
            all=names_of_all,
            families=self._dressed(shown, first, most, kind, slug, layer, index, corpus),
            loose=model.layers[names.index(layer)].channels - len({unit for each in found for unit in each.units}),
            sensitive=list(dict.fromkeys(theme for each in shown for theme in each.themes)),
            next=self._url(slug, kind, layer, corpus, family, last) if more else None,
        )

    def _families(
        self, kind: FamilyKind, slug: str, layer: str, index: Index | None
    ) -> tuple[list[_Family], str, int | None]:
        """The families of a kind, in the order that they are shown in; why there are none; the images they go by."""
        if kind == "published":
            families = _published(slug, layer)
            return families, "" if families else f"The paper does not speak of {layer} of {slug}.", None
        if index is None:
            return [], self._unindexed(slug, layer), None
        if kind == "recorded":
            families = _recorded(index, layer)
            return families, "" if families else _UNRECORDED.format(index.manifest.name), None
        found = self.desk.find(index, layer)
        if found is None:
            return [], self.desk.status(index, layer), None
        families = [
            _Family(each.name, each.units, "", each.cohesion, each.beside, sensitive([each.name]))
            for each in found.families
        ]
        return _apart(families), "" if families else "No units of this layer are alike enough.", found.images

    def _unindexed(self, slug: str, layer: str) -> str:
        if slug not in self.browser.residents.slugs or self.browser.residents.find(slug) is None:
            return "Families are found from what pictures do to the units, and the model is not loaded."
        return self.browser.unindexed(slug, layer)

    def _lacking(self, slug: str) -> str:
        residents = self.browser.residents
        if residents.find(slug) is not None:
            return ""
        missing = registry.lacking(residents.entry(slug), residents.settings.model_cache)
        served = slug in residents.slugs
        start = f"Start the server with `uv run python -m app serve --model {slug}`."
        return missing if served else f"{missing} Then start the server with --model {slug}." if missing else start

    def _layers(
        self, slug: str, kind: FamilyKind, layer: str, index: Index | None, corpus: str | None
    ) -> list[LayerLink]:
        indexed = index or (self.browser.indexes.find(slug, corpus) if slug in self.browser.residents.slugs else None)
        known = [layer] if kind == "published" or indexed is None else list(indexed.manifest.layers)
        return [LayerLink(name=each, url=self._url(slug, kind, each, corpus)) for each in known]

    def _url(
        self,
        slug: str,
        kind: FamilyKind,
        layer: str | None,
        corpus: str | None,
        family: str | None = None,
        after: int | None = None,
    ) -> str:
        return urls.families(slug, kind=kind, layer=layer, corpus=corpus, family=family, after=after)

    def _dressed(
        self,
        families: Sequence[_Family],
        first: int,
        most: int,
        kind: FamilyKind,
        slug: str,
        layer: str,
        index: Index | None,
        corpus: str | None,
    ) -> list[TourFamily]:
        units = [each.units[first : first + most] for each in families]
        wanted = sorted({unit for part in units for unit in part})
        cards = dict(zip(wanted, self.browser.cards(slug, layer, wanted, index, corpus=corpus), strict=True))
        words = self._words(slug, layer, index)
        best = self._best_facets(slug, layer, index) if kind == "published" else {}
        members = {
            unit: TourUnit(
                card=card.model_copy(update={"thumbnail": best[unit][1]}) if unit in best else card,
                facet=best[unit][0] if unit in best else None,
                words=words.get(unit, []),
            )
            for unit, card in cards.items()
        }
        return [
            TourFamily(
                name=each.name,
                units=len(each.units),
                url=self._url(slug, kind, layer, corpus, each.name),
                description=each.description,
                gallery=urls.with_query(urls.layer(slug, layer), family=each.name, corpus=corpus)
                if kind == "recorded" and published_layer(slug) != layer
                else None,
                cohesion=each.cohesion,
                beside=each.beside,
                sensitive=list(each.themes),
                members=[members[unit] for unit in part],
            )
            for each, part in zip(families, units, strict=True)
        ]

    def _best_facets(self, slug: str, layer: str, index: Index | None) -> dict[int, tuple[str, str]]:
        """Of the units that have a gallery render under the facet that the paper shows them with: that and the picture."""
        ids = {facet.name: facet.id for facet in self.browser.facets.links(slug)}
        gallery = self.browser.gallery
        found = {}
        for unit, known in published(slug, layer).items():
            facet = ids.get(known.facet or "")
            if facet and known.facet and gallery.has(slug, layer, unit, facet):
                picture = gallery.thumbnail(slug, layer, unit, index, facet)
                if picture:
                    found[unit] = (known.facet, picture)
        return found

    def _words(self, slug: str, layer: str, index: Index | None) -> Mapping[int, list[str]]:
        """The words that the paper published of units; else those by which the labels call them, where these are sure."""
        said = {unit: list(known.words[:WORDS]) for unit, known in published(slug, layer).items() if known.words}
        automatic = self.browser.naming.desk.find(index, layer)
        for unit, label in enumerate(automatic.units if automatic else ()):
            sure = [each.word for each in label.named if automatic and each.score > automatic.threshold]
            said.setdefault(unit, sure[:WORDS])
        return said


_SAID: dict[FamilyKind, str] = {"published": "published", "found": "found", "recorded": "that the corpus records"}
_UNRECORDED = (
    "{} records no family of its pictures that the units agree on: it takes a column `family` in its metadata, and half of "
    "a unit's strongest images of one family."
)


def _published(slug: str, layer: str) -> list[_Family]:
    """The paper's, in its order. Those units first that its figures show, then those it calls something."""
    units: dict[str, list[int]] = {}
    known = published(slug, layer)
    for unit in sorted(known, key=lambda unit: (known[unit].facet is None, not known[unit].label, unit)):
        for name in known[unit].families:
            units.setdefault(name, []).append(unit)
    said = described()
    order = sorted(units, key=lambda name: (list(said).index(name) if name in said else len(said), name))
    return [_Family(name, units[name], said.get(name, ""), themes=sensitive([], [name])) for name in order]


def _recorded(index: Index, layer: str) -> list[_Family]:
    """What most of each unit's strongest images are recorded as, the largest first; the most selective units first."""
    names = labels(index, layer, COLUMN, agreeing=AGREEING)
    units: dict[str, list[int]] = {}
    for unit in index.strongest(layer).tolist():
        if names[unit]:
            units.setdefault(names[unit], []).append(unit)
    order = sorted(units, key=lambda name: (-len(units[name]), name))
    return [_Family(name, units[name], "", themes=sensitive([name], [name])) for name in order]


def _apart(families: Sequence[_Family]) -> list[_Family]:
    """Families that are called the same get the number of their first unit besides, so that an address means one of them."""
    met = Counter(each.name for each in families)
    return [
        _Family(f"{each.name} ({each.units[0]})", each.units, "", each.cohesion, each.beside, each.themes)
        if met[each.name] > 1
        else each
        for each in families
    ]
