"""The same asked of two models, or of two layers; and which of their units do the same on the pictures that both saw."""

import asyncio
from collections.abc import Sequence
from functools import lru_cache
from threading import Lock

from app import urls
from app.answers.beside import BesidePage, Correlated, Pair, Side
from app.answers.home import SearchHit
from app.answers.layer import UnitCard
from app.answers.links import LayerLink
from app.corpus.alike import images_compared
from app.corpus.columns import Columns
from app.corpus.index import Index
from app.corpus.matching import QUICK_IMAGES, Matching, match
from app.corpus.shared import same_pictures
from app.microscope.alike import correlation_of
from app.microscope.browsing import Browser
from app.microscope.looks import LookDesk

PAIRS = 24  # on a page


class BesideDesk:
    """Composes the page of two layers."""

    def __init__(self, browser: Browser, looks: LookDesk) -> None:
        self.browser = browser
        self.looks = looks

    async def page(
        self,
        a: str | None = None,
        b: str | None = None,
        *,
        layer_a: str | None = None,
        layer_b: str | None = None,
        q: str = "",
        unit: int | None = None,
        after: int = 0,
    ) -> BesidePage:
        """Two layers of served models, by default the last ones of the first two models; of a single model, its last two
        that are indexed. A layer that the model has not counts as not given: it is of the model that was chosen before.

        Raises:
            NotFound: a model or unit that is not there.
            NotReady: a model is not loaded yet.
            BadInput: a question that is too long.
        """
        slugs = self.browser.residents.slugs
        a = a or slugs[0]
        b = b or next((slug for slug in slugs if slug != a), a)
        asked_for = layer_a, layer_b
        layer_a = self._known(a, layer_a) or self.browser.residents.clip(a).default_layer
        layer_b = self._known(b, layer_b) or self._other_layer(a, layer_a, b)
        lacks = [name if name != layer else None for name, layer in zip(asked_for, (layer_a, layer_b), strict=True)]
        asked = [await self.looks.search(q, slug, layer) for slug, layer in ((a, layer_a), (b, layer_b))]
        hits = [each.units for each in asked]
        return await asyncio.to_thread(self._page, (a, layer_a, b, layer_b), asked[0].q, hits, lacks, unit, after)

    def _known(self, slug: str, layer: str | None) -> str | None:
        return layer if layer in self.browser.residents.clip(slug).layers else None

    def _other_layer(self, a: str, layer_a: str, b: str) -> str:
        default = self.browser.residents.clip(b).default_layer
        index = self.browser.indexes.find(b)
        others = [layer for layer in index.manifest.layers if layer != layer_a] if index and a == b else []
        return default if (a, layer_a) != (b, default) or not others else others[-1]

    def _page(
        self,
        both: tuple[str, str, str, str],
        q: str,
        hits: Sequence[list[SearchHit]],
        lacks: Sequence[str | None],
        unit: int | None,
        after: int,
    ) -> BesidePage:
        a, layer_a, b, layer_b = both
        units = self.browser.layer(a, layer_a).channels, self.browser.layer(b, layer_b).channels
        if unit is not None:
            self.browser.unit(a, layer_a, unit)
        ours, theirs, why = self._shared(a, layer_a, b, layer_b)
        index_a, index_b = ours or self.browser.index(a, layer_a), theirs or self.browser.index(b, layer_b)
        one, other = self.browser.columns.find(ours), self.browser.columns.find(theirs)
        found = _match(one, layer_a, other, layer_b) if one and other else None
        pairs = found.pairs() if found else []
        shown = pairs[after : after + PAIRS]
        last = after + len(shown)

        def cards(side: int, chosen: Sequence[int]) -> list[UnitCard]:
            slug, layer, index = ((a, layer_a, index_a), (b, layer_b, index_b))[side]
            first = self.browser.indexes.find(slug)
            corpus = index.manifest.name if index and index is not first else None
            return self.browser.cards(slug, layer, chosen, index, corpus=corpus)

        def exactly(unit_a: int, unit_b: int, quick: float) -> float:
            if one is None or other is None or len(one) <= QUICK_IMAGES:
                return quick
            return correlation_of(one, layer_a, unit_a, other, layer_b, unit_b)

        mutual = {first: second for first, second, _ in pairs}
        near = found.there[unit].tolist() if found and unit is not None else []
        nearness = found.there_r[unit].tolist() if found and unit is not None else []
        return BesidePage(
            models=self.browser.residents.slugs,
            a=self._side(a, layer_a, lacks[0], index_a, hits[0]),
            b=self._side(b, layer_b, lacks[1], index_b, hits[1]),
            url=urls.beside(a=a, layer_a=layer_a, b=b, layer_b=layer_b),
            q=q,
            unit=cards(0, [unit])[0] if unit is not None else None,
            like=[
                Correlated(card=card, correlation=exactly(unit, card.unit, quick), mutual=mutual.get(unit) == card.unit)
                for card, quick in zip(cards(1, near), nearness, strict=True)
                if unit is not None and quick > 0
            ],
            corpus=ours.manifest.name if ours else None,
            images=len(ours) if ours else 0,
            compared=found.images if found else 0,
            exact=images_compared(one) if one and found else 0,
            matched=len(pairs),
            units=units,
            pairs=[
                Pair(a=ours_card, b=their_card, correlation=exactly(*pair))
                for pair, ours_card, their_card in zip(
                    shown, cards(0, [x for x, _, _ in shown]), cards(1, [y for _, y, _ in shown]), strict=True
                )
            ],
            next=urls.beside(a=a, layer_a=layer_a, b=b, layer_b=layer_b, q=q, unit=unit, after=last)
            if last < len(pairs)
            else None,
            why=why,
        )

    def _side(self, slug: str, layer: str, lacks: str | None, index: Index | None, hits: list[SearchHit]) -> Side:
        return Side(
            model=slug,
            layer=layer,
            layers=[
                LayerLink(name=each, url=urls.layer(slug, each)) for each in self.browser.residents.clip(slug).layers
            ],
            lacks=lacks,
            corpus=index.manifest.name if index else None,
            units=hits,
        )

    def _shared(self, a: str, layer_a: str, b: str, layer_b: str) -> tuple[Index | None, Index | None, str]:
        """An index of each, of the same pictures and with the columns of the layers; or why there is none."""
        if (a, layer_a) == (b, layer_b):
            return None, None, "Both sides are the same layer: choose another layer, or another model."
        waiting = ""
        for ours in self.browser.indexes.of(a):
            for theirs in self.browser.indexes.of(b):
                if layer_a not in ours.manifest.layers or layer_b not in theirs.manifest.layers:
                    continue
                if not same_pictures(ours, theirs):
                    continue
                waiting = waiting or self.browser.columns.status(ours) or self.browser.columns.status(theirs)
                if self.browser.columns.find(ours) and self.browser.columns.find(theirs):
                    return ours, theirs, ""
        return None, None, waiting or self._unshared(a, layer_a, b, layer_b)

    def _unshared(self, a: str, layer_a: str, b: str, layer_b: str) -> str:
        command = "`uv run python -m app index build --model {} --images SOURCE --name NAME --layer {}`"
        said = [
            f"No pictures are indexed for both {layer_a} of {a} and {layer_b} of {b}, so their units cannot be matched."
        ]
        if a == b:
            said.append(f"{command.format(a, layer_a)} with a second --layer {layer_b} makes an index of both.")
        else:
            said.append(
                f"Index the same SOURCE for both: {command.format(a, layer_a)} and {command.format(b, layer_b)}."
            )
        return " ".join(said)


def _match(columns: Columns, layer: str, others: Columns, other_layer: str) -> Matching:
    with _lock(columns, layer, others, other_layer):  # two readers at once would work out the same
        return _matched(columns, layer, others, other_layer)


@lru_cache(maxsize=64)
def _lock(_columns: Columns, _layer: str, _others: Columns, _other_layer: str) -> Lock:
    return Lock()


@lru_cache(maxsize=16)
def _matched(columns: Columns, layer: str, others: Columns, other_layer: str) -> Matching:
    """Kept for each pair of layers as long as their columns are open: a few hundred KB."""
    return match(columns, layer, others, other_layer, QUICK_IMAGES)
