"""What the experiments work with: a model and what it brings along, made when first asked for, or the reason why not."""

from collections.abc import Generator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, TypeVar

import numpy as np

from app.clip import vocabulary
from app.clip.clip import Clip
from app.clip.vocabulary import Vocabulary
from app.corpus.column_writer import making
from app.corpus.columns import FOLDER, Columns
from app.corpus.index import Index
from app.errors import FacetscopeError, NotFound, NotReady
from app.lab.multimodal import Concept, concepts, multimodal
from app.lab.reproduce.reference import Reference, ReferenceUnit, need_paper
from app.lab.top_words import COMMON, WordDrive, common, driving, undrawable

T = TypeVar("T")
LANGUAGE = "en"


class Step(NamedTuple):
    """How far something is that takes a while."""

    what: str
    done: int
    total: int


@dataclass
class Material:
    """A model under test.

    `clip` and `index` are the error that says why where they are not here; `fixed` indexes are not written to. `reference`
    is the folder of published figures, `data` where vocabularies are kept. `words` are so many common words to draw, `units`
    so many units to search captions for, and so many classes at most to attack with; all of them otherwise.
    """

    slug: str
    clip: Clip | FacetscopeError
    index: Index | FacetscopeError
    data: Path
    fixed: bool = False
    reference: Path | None = None
    words: int = COMMON
    units: int | None = None
    _concepts: list[Concept] | None = field(default=None, init=False)
    _known: dict[int, Concept] | None = field(default=None, init=False)
    _drive: WordDrive | None = field(default=None, init=False)

    def need_clip(self) -> Clip:
        """The model. Raises why it is not here."""
        if isinstance(self.clip, FacetscopeError):
            raise self.clip
        return self.clip

    def need_index(self) -> Index:
        """The index of the model's corpus. Raises why there is none."""
        if isinstance(self.index, FacetscopeError):
            raise self.index
        return self.index

    def columns(self) -> Generator[Step, None, Columns]:
        """The columns of the index, made if they are missing. Raises `NotFound` where they may not be."""
        clip, index = self.need_clip(), self.need_index()
        if not self.fixed:
            for done, total in making(clip, index):
                yield Step("pictures of the corpus", done, total)
        return Columns.open(index.folder / FOLDER, index)

    def concepts(self) -> Generator[Step, None, list[Concept]]:
        """The concepts of the corpus. Raises `NotReady` where it does not record what its images show in two ways."""
        columns = yield from self.columns()
        if self._concepts is None:
            self._concepts = concepts(columns, self.need_index())
        return self._concepts

    def known(self) -> Generator[Step, None, dict[int, Concept]]:
        """The multimodal units of the last layer, each with its concept.

        Raises:
            NotReady: there are none, or the corpus does not record what its images show in at least two ways.
        """
        everything, columns = (yield from self.concepts()), (yield from self.columns())
        if self._known is None:
            index, layer = self.need_index(), self.need_clip().default_layer
            found = multimodal(columns, index, layer)
            if not found:
                raise NotReady(f"No unit of {layer} is multimodal by what {index.manifest.name} records of its images.")
            self._known = {unit: everything[concept] for unit, concept in found.items()}
        return self._known

    def some(self, units: Mapping[int, T]) -> dict[int, T]:
        """As many of the units as are to be searched one by one, drawn evenly."""
        chosen = list(units)
        if self.units is not None and self.units < len(chosen):
            places = np.linspace(0, len(chosen) - 1, self.units).round().astype(int)
            chosen = [chosen[place] for place in places]
        return {unit: units[unit] for unit in chosen}

    def drive(self) -> Generator[Step, None, WordDrive]:
        """What drawn words do to the last layer's units: the published words, as many as are asked for, and the commonest
        others up to that number. The paper's list is not published, but the published words are known to be on it."""
        if self._drive is None:
            for drawn in driving(self.need_clip(), self._words(), self.need_clip().default_layer):
                if isinstance(drawn, WordDrive):
                    self._drive = drawn
                else:
                    yield Step("words drawn", *drawn)
        assert self._drive is not None
        return self._drive

    def _words(self) -> list[str]:
        published: list[str] = []
        if self.reference is not None:
            with suppress(NotFound, NotReady):
                published = [word for known in self.published().values() for word in known.top_words]
        words = list(dict.fromkeys([*published, *common(LANGUAGE, self.words)]))
        missing = set(undrawable(words))
        return [word for word in words if word not in missing][: self.words]

    def vocabulary(self) -> Generator[Step, None, Vocabulary]:
        """The model's vocabulary, read if it was not before."""
        for read in vocabulary.kept(self.need_clip(), self.data):
            if isinstance(read, Vocabulary):
                return read
            yield Step("tokens", *read)
        raise AssertionError("a vocabulary ends with itself")

    def published(self) -> dict[int, ReferenceUnit]:
        """What was published of the last layer's units. Raises `NotFound` or `NotReady` where that is not here."""
        clip = self.need_clip()
        assert self.reference is not None, "experiments that compare run only where a reference is given"
        return Reference.read(self.reference).of(self.slug, clip.default_layer)

    def need_published(self, architecture: str) -> Clip:
        """The model, if it is the one that a single published figure is of. Raises `NotFound` or `NotReady` where it is
        another, or what is published is not here."""
        self.published()
        need_paper(self.slug, architecture)
        return self.need_clip()
