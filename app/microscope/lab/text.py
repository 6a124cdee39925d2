"""Text to units: the terms of a text with the pictures of its units, and whether the first of them does what it says."""

import asyncio
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from app.answers.layer import UnitCard
from app.answers.text import CausalCheck, TextPage, TextTerm, TextTerms
from app.clip.clip import Clip
from app.clip.text import bilinear, unit_scores
from app.errors import BadInput
from app.lab.causal import SD, Rise, heights, rising
from app.lab.terms import Terms, usual_texts, words_of
from app.microscope.browsing import Browser
from app.microscope.lab.desk import LabDesk
from app.worker import Worker

NAME = "text"
LONGEST, LINES = 300, 6  # characters of a text, texts
POSITIVE, NEGATIVE = 16, 8  # terms on a page
AT_ONCE = 16  # texts that are read in one call


class TextDesk:
    """Answers from the address alone. What is usual for texts of so many words is worked out once."""

    def __init__(self, browser: Browser, worker: Worker, lab: LabDesk) -> None:
        self.browser = browser
        self.worker = worker
        self.lab = lab
        self._usual: dict[tuple[str, int], NDArray[np.float64]] = {}

    def form(self, slug: str, q: str = "", unit: int | None = None) -> TextPage:
        """The page with nothing answered. Raises `NotFound` for a model that there is not."""
        head = self.lab.at_once(slug, NAME, q=q, unit=unit)
        index = self.browser.index(slug, head["layer"])
        channels = self.browser.residents.layers(slug)[head["layer"]].channels
        known = unit if unit is not None and unit < channels else None
        return TextPage(
            **head,
            q=q,
            unit=None if known is None else self._cards(slug, head["layer"], [known])[known],
            units=channels,
            texts=[],
            sd=SD,
            corpus=index.manifest.name if index else None,
        )

    async def page(self, slug: str, q: str, unit: int | None) -> TextPage:
        """The texts of the lines of `q`, each as a sum of units.

        Raises:
            NotFound: a model that there is not.
            NotReady: it is still loading.
            BadInput: too many or too long texts, a unit that there is not, or a model that reads none.
        """
        page = await asyncio.to_thread(self.form, slug, q, unit)
        texts = _lines(q)
        if unit is not None and page.unit is None:
            raise BadInput(f"unit: {page.layer} has units 0 to {page.units - 1}, no unit {unit}.", field="unit")
        if not texts:
            return page
        clip = self.browser.residents.clip(slug)
        embeddings, scores = await self.worker.call(_read, clip, texts)
        terms = [Terms(each, await self._usually(clip, text)) for text, each in zip(texts, scores, strict=True)]
        index = self.browser.index(slug, page.layer)
        by = await self.worker.call(heights, clip, index.std(page.layer) if index else None)
        steps = rising(clip, embeddings, [int(each.order[0]) for each in terms], by)
        while not isinstance(found := await self.worker.call(next, steps), list):
            pass  # one step at a time: other work goes in between
        return await asyncio.to_thread(self._filled, page, texts, terms, by, found)

    async def _usually(self, clip: Clip, text: str) -> NDArray[np.float64]:
        """What texts of as many words ask for on average, read some at a time."""
        key = clip.weights_hash, words_of(text)
        if key not in self._usual:
            texts = usual_texts(key[1])
            parts = [
                await self.worker.call(unit_scores, clip, texts[start : start + AT_ONCE])
                for start in range(0, len(texts), AT_ONCE)
            ]
            self._usual[key] = np.concatenate([part.double().cpu().numpy() for part in parts]).mean(0)
        return self._usual[key]

    def _filled(
        self,
        page: TextPage,
        texts: Sequence[str],
        terms: Sequence[Terms],
        by: NDArray[np.float64],
        rise: Sequence[Rise],
    ) -> TextPage:
        sides = [(each.positive(POSITIVE), each.negative(NEGATIVE)) for each in terms]
        shown = {unit for side in sides for units in side for unit in units} | {int(each.order[0]) for each in terms}
        asked = [page.unit.unit] if page.unit else []
        cards = self._cards(page.model, page.layer, sorted(shown.union(asked)))

        def term(each: Terms, unit: int) -> TextTerm:
            return TextTerm(
                unit=cards[unit],
                weight=float(each.weights[unit]),
                score=float(each.scores[unit]),
                beyond=float(each.beyond[unit]),
                rank=each.rank(unit),
            )

        found = [
            TextTerms(
                text=text,
                words=words_of(text),
                positive=[term(each, unit) for unit in positive],
                negative=[term(each, unit) for unit in negative],
                share=each.share([*positive, *negative]),
                causal=_checked(cards[int(each.order[0])], float(by[each.order[0]]), risen),
                asked=term(each, asked[0]) if asked else None,
            )
            for text, each, (positive, negative), risen in zip(texts, terms, sides, rise, strict=True)
        ]
        return page.model_copy(update={"texts": found})

    def _cards(self, slug: str, layer: str, units: Sequence[int]) -> dict[int, UnitCard]:
        index = self.browser.index(slug, layer)
        return {card.unit: card for card in self.browser.cards(slug, layer, units, index)}


def _lines(q: str) -> list[str]:
    """The texts, one a line, each once. Raises `BadInput` for too many, and for one that is too long."""
    texts = list(dict.fromkeys(" ".join(line.split()) for line in q.splitlines() if line.strip()))
    if len(texts) > LINES:
        raise BadInput(f"q: at most {LINES} texts can be compared, one a line, not {len(texts)}.", field="q")
    longest = max(map(len, texts), default=0)
    if longest > LONGEST:
        raise BadInput(f"q: a text has at most {LONGEST} characters, not {longest:,}. Shorten it.", field="q")
    return texts


@torch.no_grad()
def _read(clip: Clip, texts: Sequence[str]) -> tuple[Tensor, NDArray[np.float64]]:
    """Texts as embeddings [T, E] and what they ask of each unit, as `unit_scores` has it, [T, C]; on the device thread."""
    embeddings = clip.encode_text(texts)
    return embeddings, bilinear(clip.module.visual, embeddings).double().cpu().numpy()


def _checked(unit: UnitCard, by: float, rise: Rise) -> CausalCheck:
    return CausalCheck(
        unit=unit,
        by=by,
        before=rise.before,
        after=rise.after,
        rise=rise.rise,
        others=list(rise.others),
        as_much=rise.as_much,
        by_chance=rise.by_chance,
    )
