"""Words as pictures: sums of words and pictures, the words nearest to them, and how alike any two terms are."""

import asyncio
from collections import OrderedDict
from collections.abc import Collection, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import NamedTuple

import numpy as np
from PIL import Image

from app import urls
from app.answers.pictured import DrivenUnit, NearWord, PicturedPage, SumTerm, WordRun
from app.clip.clip import Clip
from app.corpus.look import measure
from app.errors import BadInput, NotFound
from app.facets.pictures import restored
from app.lab.expression import PICTURE, Term, parse, written
from app.lab.lexicographic import lexicographic
from app.lab.published import bigrams
from app.lab.top_words import Renderings, WordDrive, driving, undrawable
from app.lab.word_file import WordFile
from app.lab.word_vectors import Vector, WordVectors, cosines, normalised
from app.microscope.browsing import Browser
from app.microscope.lab.desk import LabDesk
from app.microscope.top_words import TopWords
from app.spec import WordsSpec
from app.store import FindingRow, Store
from app.worker import Worker

NAME = "pictured"
NEAR, DRIVEN = 24, 6  # words and units on a page
RECENT = 256  # words that were drawn: 20 KB each of 2,560 units
SPACES = 2  # runs that stay in memory: 100 MB each of 10,000 words and 2,560 units


class Measured(NamedTuple):
    """What a term does to the units, [C], what its like do on average, [C], and whether it was drawn for this."""

    values: Vector
    mean: Vector
    drawn: bool


class PicturedDesk:
    """Answers from the address; words that no run has are drawn on the device thread, and kept for a while."""

    def __init__(self, store: Store, browser: Browser, worker: Worker, lab: LabDesk, words: TopWords) -> None:
        self.store = store
        self.browser = browser
        self.worker = worker
        self.lab = lab
        self.words = words
        self._recent: OrderedDict[tuple[str, ...], Vector] = OrderedDict()
        self._spaces: OrderedDict[tuple[Path, int, bool], WordVectors] = OrderedDict()
        self._reading = Lock()

    def form(
        self, slug: str, q: str = "", layer: str | None = None, run: str | None = None, *, mask: bool = False
    ) -> PicturedPage:
        """The page with nothing answered. A layer or a run that there is not counts as not given.

        Raises:
            NotFound: a model that there is not.
        """
        return self._asked(slug, q, layer, run, mask=mask)[0]

    async def page(self, slug: str, q: str, layer: str | None, run: str | None, *, mask: bool = False) -> PicturedPage:
        """A sum and the words nearest to it, of the newest run over the layer if none of its is named.

        Raises:
            NotFound: a model that there is not.
            NotReady: it is still loading.
            BadInput: an expression, layer, run or picture that cannot be used.
        """
        page, file = await asyncio.to_thread(self._asked, slug, q, layer, run, mask=mask)
        if layer and layer != page.layer:
            raise BadInput(f"layer: {slug} has no layer {layer}: it has {', '.join(page.layers)}.", field="layer")
        if run and (page.run is None or run != page.run.id) and not self._of_other_layer(run, slug, page.layer):
            raise BadInput(f"run: there are no finished words {run[:40]!r} of {page.layer}.", field="run")
        terms = parse(q)
        if file is None or not terms:
            return page
        clip = self.browser.residents.clip(slug)
        space = await asyncio.to_thread(self._space, slug, page.layer, file, mask=mask)
        measured = [await self._measured(clip, page.layer, file.renderings, space, term) for term in terms]
        return await asyncio.to_thread(self._filled, page, terms, space, measured)

    def added(self, slug: str, q: str, picture: str, sign: str) -> str:
        """An expression with a picture more. Raises `NotFound` for a model that there is not, and `BadInput` for an expression
        that cannot be read or has no room."""
        self.browser.residents.clip(slug)
        return written(parse(f"{q} {'-' if sign == '-' else '+'} {PICTURE}{picture}"))

    def _asked(
        self, slug: str, q: str, layer: str | None, run: str | None, *, mask: bool
    ) -> tuple[PicturedPage, WordFile | None]:
        """The page with nothing answered, and the words of the run that it is about."""
        head = self.lab.at_once(slug, NAME)
        layers = self.browser.residents.layers(slug)
        name = layer if layer and layer in layers else str(head["layer"])
        runs = self.words.runs(slug, name, run)
        found = [self._run(row, file) for row, file in runs.values()]
        chosen = next((each for each in found if each.id == run), found[0] if found else None)
        place = {"q": q, "layer": name, "run": chosen and chosen.id, "mask": 1 if mask else None}
        page = PicturedPage(
            **{**head, "layer": name, "url": urls.lab(slug, NAME, **place)},
            q=q,
            mask=mask,
            layers=list(layers),
            units=layers[name].channels,
            masked=0,
            set_aside=len(bigrams(slug, name)) if mask else 0,
            run=chosen,
            runs=found,
            form=self.words.form(slug, name),
            terms=[],
            near=[],
            driven=[],
            cosines=[],
            plain=[],
        )
        return page, runs[chosen.id][1] if chosen else None

    def _of_other_layer(self, run: str, slug: str, layer: str) -> bool:
        """Whether a run is of another layer: whoever chooses a layer sends the run of the one before."""
        with suppress(NotFound):
            row = self.store.findings.get(run)
            return (row.kind, row.model) == ("words", slug) and row.layer != layer
        return False

    def _run(self, row: FindingRow, file: WordFile) -> WordRun:
        source = self.words.source(WordsSpec.model_validate_json(row.spec))
        return WordRun(id=row.id, url=urls.finding(row.id), source=source, words=len(file.words))

    def _space(self, slug: str, layer: str, file: WordFile, *, mask: bool) -> WordVectors:
        """The words of a run, read one run at a time, the last ones kept. Raises `BadInput` if the file has gone."""
        with self._reading:
            try:
                key = (file.path, file.path.stat().st_mtime_ns, mask)
                if key not in self._spaces:
                    self._spaces[key] = _vectors(file, bigrams(slug, layer), mask=mask)
            except FileNotFoundError as error:
                raise BadInput("run: the file of these words is gone: draw them again.", field="run") from error
            self._spaces.move_to_end(key)
            while len(self._spaces) > SPACES:
                self._spaces.popitem(last=False)
            return self._spaces[key]

    async def _measured(
        self, clip: Clip, layer: str, renderings: Renderings, space: WordVectors, term: Term
    ) -> Measured:
        """What a term does to the layer. Raises `BadInput` for a picture that is not here, or a word without letters."""
        if term.picture is not None:
            picture, mean = await asyncio.to_thread(self._picture, clip.slug, layer, term.picture)
            return Measured(await self.worker.call(_looked_at, clip, picture, layer), mean, drawn=False)
        known = space.of(term.text)
        if known is not None:
            return Measured(known, space.mean, drawn=False)
        if undrawable([term.text], renderings.fonts):
            raise BadInput(
                f"q: {term.text!r} cannot be drawn: there are fonts for Latin, Greek and Cyrillic letters only.",
                field="q",
            )
        key = (clip.weights_hash, layer, renderings.model_dump_json(), term.text)
        if key not in self._recent:
            fonts = [renderings.model_copy(update={"fonts": (font,)}) for font in renderings.fonts]
            parts = [
                await self.worker.call(_drawn, clip, term.text, layer, each) for each in fonts
            ]  # others go between
            self._recent[key] = np.mean(parts, axis=0)
            while len(self._recent) > RECENT:
                self._recent.popitem(last=False)
        return Measured(self._recent[key], space.mean, drawn=True)

    def _picture(self, slug: str, layer: str, blob: str) -> tuple[Image.Image, Vector]:
        """An uploaded picture, and what pictures of the model's corpus do to the layer on average."""
        if not blob.isalnum() or not self.store.files.has_blob(blob):
            raise BadInput(f"q: there is no picture {blob[:40]!r} here. Choose the picture again.", field="q")
        index = self.browser.index(slug, layer)
        if index is None:
            raise BadInput(
                f"q: no corpus is indexed for {layer} of {slug}, so nobody knows what any picture does to it. Use words only, "
                "or index a corpus.",
                field="q",
            )
        return restored(self.store.files.blob(blob)), index.mean(layer)

    def _filled(
        self, page: PicturedPage, terms: Sequence[Term], space: WordVectors, measured: Sequence[Measured]
    ) -> PicturedPage:
        assert page.run is not None
        directions = [space.direction(each.values, each.mean) for each in measured]
        plain = [np.where(space.kept, each.values, 0) for each in measured]
        whole = np.sum([term.sign * each for term, each in zip(terms, directions, strict=True)], axis=0)
        whole = normalised(whole) if np.linalg.norm(whole) > 1e-9 else np.zeros_like(whole)
        words = [term.text for term in terms if term.picture is None]
        near = space.nearest(whole, NEAR, without=words) if whole.any() else []
        driven = [unit for unit in np.argsort(-whole, kind="stable")[:DRIVEN].tolist() if whole[unit] > 0]
        cards = self.browser.cards(page.model, page.layer, driven, self.browser.index(page.model, page.layer))
        run = page.run.url
        return page.model_copy(
            update={
                "masked": int((~space.kept).sum()),
                "terms": [
                    SumTerm(
                        sign=term.sign,
                        text=term.text,
                        image=urls.blob(term.picture) if term.picture else None,
                        drawn=each.drawn,
                    )
                    for term, each in zip(terms, measured, strict=True)
                ],
                "near": [NearWord(word=word, cosine=cos, url=urls.with_query(run, q=word)) for word, cos in near],
                "driven": [DrivenUnit(unit=card, weight=float(whole[card.unit] / whole.max())) for card in cards],
                "cosines": cosines(directions).tolist(),
                "plain": cosines(plain).tolist(),
            }
        )


def _vectors(file: WordFile, set_aside: Collection[int], *, mask: bool) -> WordVectors:
    """The words of a file; with `mask` without the units that answer to spelling, and those set aside."""
    values = file.values()
    kept = np.ones(len(values), bool)
    if mask:
        kept = ~lexicographic(file)
        kept[list(set_aside)] = False
    return WordVectors(file.words, values, kept)


def _looked_at(clip: Clip, picture: Image.Image, layer: str) -> Vector:
    """What a picture does to a layer's units, [C]; on the device thread."""
    return measure(clip, clip.prepare([picture]), [layer])[layer][0][0].double().numpy()


def _drawn(clip: Clip, word: str, layer: str, renderings: Renderings) -> Vector:
    """What a word does when it is drawn as those of a run were, [C]; on the device thread."""
    *_, drive = driving(clip, [word], layer, renderings)
    assert isinstance(drive, WordDrive)
    return drive.values[0].double().numpy()
