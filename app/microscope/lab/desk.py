"""The laboratory: lists its instruments, and offers the form of each."""

from collections.abc import Mapping
from typing import Any

from app import urls
from app.answers.finding import FindingLink
from app.answers.laboratory import InstrumentLink, LabForm, LabPage
from app.errors import NotFound
from app.microscope.findings import parse
from app.microscope.instruments import Bench
from app.microscope.residents import Residents
from app.store import Store

RECENT = 12
AT_ONCE: dict[str, tuple[str, str]] = {
    "text": ("Text to units", "Type a sentence and see the units that it is made of, as an equation with pictures."),
    "pictured": (
        "Words as pictures",
        "Words by what they do to units when they are drawn: neighbours, sums of words and pictures, how alike any two are.",
    ),
}
"""Instruments that answer at once, from the address alone, each with its title and what it is for."""


class LabDesk:
    """`benches` are the instruments whose results are findings, by kind, in the order of the list."""

    def __init__(self, store: Store, residents: Residents, benches: Mapping[str, Bench]) -> None:
        self.store = store
        self.residents = residents
        self.benches = benches

    @property
    def slugs(self) -> list[str]:
        """The models that are served."""
        return self.residents.slugs

    def page(self, slug: str) -> LabPage:
        """The instruments for a model. Raises `NotFound` for one that is not served."""
        self._layer(slug)
        return LabPage(model=slug, models=self.slugs, instruments=self.links(slug))

    def links(self, slug: str) -> list[InstrumentLink]:
        """All instruments, those that answer at once first."""
        named = {**AT_ONCE, **{kind: (bench.title, bench.lede) for kind, bench in self.benches.items()}}
        return [
            InstrumentLink(name=name, title=title, lede=lede, url=urls.lab(slug, name))
            for name, (title, lede) in named.items()
        ]

    def form(self, slug: str, kind: str) -> LabForm:
        """The form of an instrument. Raises `NotFound` for a model or an instrument that there is not."""
        layer, links = self._layer(slug), {link.name: link for link in self.links(slug)}
        if kind not in self.benches:
            raise NotFound(f"There is no instrument {kind[:40]!r}: there are {', '.join(links)}.")
        return LabForm(
            url=urls.lab(slug, kind),
            model=slug,
            models=self.slugs,
            layer=layer,
            instrument=links[kind],
            others=[link for name, link in links.items() if name != kind],
            choices=self.benches[kind].choices(slug),
            recent=self.recent(slug, kind),
        )

    def at_once(self, slug: str, name: str, **values: str | int | float | None) -> dict[str, Any]:
        """The fields of `AtOnce` of an instrument that answers from its address: filled in with `values`. Raises `NotFound`
        for a model that there is not."""
        layer = self._layer(slug)
        links = {link.name: link for link in self.links(slug)}
        return {
            "model": slug,
            "models": self.slugs,
            "layer": layer,
            "instrument": links[name],
            "others": [link for other, link in links.items() if other != name],
            "url": urls.lab(slug, name, **values),
        }

    def recent(self, slug: str, kind: str) -> list[FindingLink]:
        """What an instrument found of a model, the newest first."""
        bench = self.benches[kind]
        return [
            FindingLink(url=urls.finding(row.id), said=bench.said(parse(row)), status=row.status, created=row.created)  # pyright: ignore[reportArgumentType]
            for row in self.store.findings.of_layer(kind, slug, limit=RECENT)
        ]

    def _layer(self, slug: str) -> str:
        """The last layer of a model; also while its weights are still loading."""
        if slug not in self.residents.slugs:
            raise NotFound(f"The model {slug} is not served here: there are {', '.join(self.residents.slugs)}.")
        return list(self.residents.layers(slug))[-1]
