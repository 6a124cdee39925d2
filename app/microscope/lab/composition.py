"""Emotion composition and atlas as a finding: any words as sums of units, and what these share."""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

import numpy as np

from app.answers.composition import CompositionFile, CompositionPage
from app.answers.findings import FindingView
from app.clip.clip import Clip
from app.errors import BadInput, NotFound, NotReady
from app.lab import composition
from app.lab.composition import (
    FEWEST,
    LONGEST,
    MOST,
    MOST_TEXTS,
    Code,
    Samples,
    asked,
    even,
    fitting,
    kept,
    of_code,
    penalty,
    reading,
    texts,
    told_apart,
    usable,
)
from app.lab.multimodal import CONCEPT
from app.lab.published import bigrams, feelings, published_layer
from app.lab.word_atlas import FACTORS, factorise, placed
from app.lab.words import different
from app.microscope.captions import speaks
from app.microscope.columns import ColumnDesk
from app.microscope.gallery import Gallery
from app.microscope.indexes import Indexes
from app.microscope.instruments import Files, Found, Step
from app.microscope.lab.composition_page import Equations, as_file, as_page
from app.microscope.naming import Naming
from app.spec import CompositionSpec
from app.store import FindingRow, Store

SAY_EVERY_S = 0.25
PAUSE_S = 0.02
PROMPTS = {"feelings": composition.PROMPTS, "concepts": composition.THINGS, "pasted": composition.THINGS}
SHARED = {"feelings": "codes", "concepts": "scores", "pasted": "scores"}
"""Codes of things have hardly a unit in common: one names them. All that their texts ask for has much."""


class Compositions:
    """The instrument."""

    title = "Emotion composition and atlas"
    lede = (
        "Words for feelings, or any others, each as a sum of the few units that texts with it ask for, and all of them on a "
        "disc, coloured by what their sums share."
    )

    def __init__(self, store: Store, indexes: Indexes, columns: ColumnDesk, gallery: Gallery, naming: Naming) -> None:
        self.store = store
        self.indexes = indexes
        self.columns = columns
        self.gallery = gallery
        self.naming = naming

    def check(self, clip: Clip, spec: CompositionSpec) -> None:
        """Raise `BadInput` for another layer than the last, words that cannot be told apart, too many texts, or a unit that
        there is not; `NotFound` for a layer or a list that there is not."""
        layer = clip.layer(spec.layer)
        if not speaks(clip, spec.layer):
            raise BadInput(
                f"layer: texts ask for units of the last layer only, {clip.default_layer}, not of {spec.layer}.",
                field="layer",
            )
        words = self.words(spec)
        composition.check_words(words)
        if len(words) * len(spec.prompts) > MOST_TEXTS:
            raise BadInput(
                f"prompts: {len(words)} words with {len(spec.prompts)} texts each are more than {MOST_TEXTS:,} texts. Write "
                "fewer.",
                field="prompts",
            )
        if spec.set_aside and spec.set_aside[-1] >= layer.channels:
            raise BadInput(
                f"set_aside: there is no unit {spec.set_aside[-1]} in {spec.layer}: they go from 0 to "
                f"{layer.channels - 1}.",
                field="set_aside",
            )

    def steps(self, clip: Clip, spec: CompositionSpec, _before: Found) -> Iterator[Step | None]:
        """Read the texts, fit word after word, factorise."""
        words, prompts = self.words(spec), len(spec.prompts)
        written, samples = texts(words, spec.prompts), np.empty((0, 0))
        for read in reading(clip, written):
            if isinstance(read, int):
                yield Step("Reading texts.", read, len(written), {})
            else:
                samples = even(read, prompts)
        c, codes, said = penalty(samples, prompts, spec.level), [], time.monotonic()
        for code in fitting(samples, prompts, c, spec.seed):
            codes.append(code)
            if fresh := time.monotonic() - said >= SAY_EVERY_S:
                said = time.monotonic()
            yield Step("Fitting words.", len(codes), len(words), {}) if fresh else None
        yield Step("Looking for what they share.", len(words), len(words), {})
        for found in _meanwhile(lambda: self._found(spec, words, samples, codes)):
            if found is None:
                yield None
            else:
                yield Step("", len(words), len(words), {**found, "penalty": c})

    def page(self, row: FindingRow, ahead: int, view: FindingView) -> CompositionPage:
        """What was found as an answer. Raises `NotFound` for a word that is not among them."""
        spec = CompositionSpec.model_validate_json(row.spec)
        clip = self.indexes.residents.find(spec.model)
        outdated = bool(row.result) and clip is not None and row.result["weights_hash"] != clip.weights_hash
        return as_page(row, ahead, view, self._equations(row), source=self.source(spec), outdated=outdated)

    def file(self, row: FindingRow) -> CompositionFile:
        """All words with all units. Raises `NotFound` for a finding of another kind, `NotReady` before it has ended."""
        if row.kind != "composition":
            raise NotFound(f"The finding {row.id} is not about words as sums of units.")
        if row.status != "done":
            raise NotReady("The words are not all fitted yet: wait until the finding has ended.")
        return as_file(row)

    def remains(self, _row: FindingRow) -> bool:
        """What was found is all in the database."""
        return True

    def said(self, spec: CompositionSpec) -> str:
        """Which words, and how."""
        return f"{self.source(spec)}, level {spec.level}, {spec.factors} factors"

    def choices(self, slug: str) -> dict[str, Any]:
        """Word lists with their prompts, levels, factors."""
        index = self.indexes.find(slug)
        return {
            "feelings": len(feelings()),
            "concepts": len(concepts) if usable(concepts := self._concepts(slug)) else 0,
            "corpus": index.manifest.name if index else None,
            "prompts": {source: list(prompts) for source, prompts in PROMPTS.items()},
            "levels": list(composition.LEVELS),
            "factors": list(FACTORS),
            "fewest": composition.FEWEST,
            "most": composition.MOST,
            "bigrams": len(bigrams(slug, published_layer(slug) or "")),
        }

    def take_in(self, values: dict[str, Any], _files: Files) -> dict[str, Any]:
        """Keep the list that was pasted, or that the corpus records, and fill in the texts and the atlas that go with it."""
        fields = {name: value for name, value in values.items() if name != "list"}
        pasted = values.get("list") or ""
        if not isinstance(pasted, str):
            raise BadInput("list: send text, one word a line.", field="list")
        pasted = pasted.strip()
        source = fields["source"] = str(values.get("source") or ("pasted" if pasted else "feelings"))
        if pasted and source != "pasted":
            raise BadInput(
                f"list: words were pasted, but source says {source[:20]}. Choose a list of your own, or empty it.",
                field="list",
            )
        if pasted:
            fields["pasted"] = self.store.files.keep_words(composition.word_list(pasted))
        elif source == "concepts" and not fields.get("pasted"):
            fields["pasted"] = self.store.files.keep_words(self._need_concepts(str(fields["model"])))
        if not fields.get("prompts"):
            fields["prompts"] = PROMPTS.get(source, composition.THINGS)
        if not fields.get("shared"):
            fields["shared"] = SHARED.get(source, "scores")
        return fields

    def words(self, spec: CompositionSpec) -> tuple[str, ...]:
        """The words of a spec. Raises `NotFound` for a list that there is not."""
        return self.store.files.word_list(spec.pasted) if spec.pasted else feelings()

    def source(self, spec: CompositionSpec) -> str:
        """Which words they are, as a part of a sentence."""
        count = f"{len(self.words(spec)):,} words"
        return {
            "feelings": f"{count} for feelings",
            "concepts": f"{count} for what the corpus shows",
            "pasted": f"{count} of a list",
        }[spec.source]

    def _found(
        self, spec: CompositionSpec, words: Sequence[str], samples: Samples, codes: Sequence[Code]
    ) -> dict[str, Any]:
        """What the page is made of, as JSON."""
        aside = {*spec.set_aside, *(bigrams(spec.model, spec.layer) if spec.bigrams == "aside" else ())}
        left = [kept(of_code(code), aside) for code in codes]
        table = np.stack([c.weights for c in codes]) if spec.shared == "codes" else asked(samples, len(spec.prompts))
        table[:, [unit for unit in aside if unit < table.shape[1]]] = 0
        factors = factorise(table, spec.factors, spec.seed)
        return {
            "words": list(words),
            "codes": left,
            "left_out": [[unit for unit, _ in of_code(code) if unit in aside] for code in codes],
            "told_apart": told_apart(samples, len(spec.prompts), codes),
            "shares": factors.shares.tolist(),
            "factor_words": factors.top(words),
            "factor_units": factors.largest(),
            "cells": placed(factors),
        }

    def _equations(self, row: FindingRow) -> Equations:
        index = self.indexes.with_layer(row.model, row.layer)
        return Equations(row, index, self.gallery, self.naming.titles(row.model, row.layer, index))

    def _concepts(self, slug: str) -> tuple[str, ...]:
        """What the corpus of a model shows; empty where that is not recorded, or not yet read."""
        columns = self.columns.find(self.indexes.find(slug))
        recorded = columns is not None and CONCEPT in columns.categories.columns
        return different(columns.categories.values(CONCEPT)) if columns and recorded else ()

    def _need_concepts(self, slug: str) -> tuple[str, ...]:
        """The same. Raises `NotReady` where it is not read yet, `BadInput` where it is not recorded or cannot be used."""
        index = self.indexes.need(slug)
        self.columns.need(index)
        words = self._concepts(slug)
        if not usable(words):
            has = f"{len(words):,} concepts" if words else f"no label column `{CONCEPT}`"
            raise BadInput(
                f"source: the corpus {index.manifest.name} has {has}; from {FEWEST} to {MOST} words of at most {LONGEST} "
                "characters can be told apart. Choose the feelings, or paste words of your own.",
                field="source",
            )
        return words


def _meanwhile(work: Callable[[], dict[str, Any]]) -> Iterator[dict[str, Any] | None]:
    """Do what has no steps in a thread, so that the device is free for others: None until it is done, then what came of
    it."""
    pool = ThreadPoolExecutor(1, thread_name_prefix="factorise")
    found = pool.submit(work)
    pool.shutdown(wait=False)
    while not found.done():
        wait([found], PAUSE_S)
        yield None
    yield found.result()
