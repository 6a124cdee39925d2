"""Top words as a finding: what the commonest words of a language, or a list of one's own, do to all units of a layer."""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import lru_cache
from typing import Any

import numpy as np

from app import images, urls
from app.answers.findings import FindingView
from app.answers.words import UnitWordsFile, WordsOfUnit, WordsPage, WordsRow, WordsSection
from app.clip.clip import Clip
from app.errors import BadInput, NotFound, NotReady
from app.lab import word_file
from app.lab.drawn import sheet
from app.lab.sensitive import sensitive
from app.lab.top_words import COMMON, LANGUAGES, RENDERINGS, WordDrive, common, driving, pasted, undrawable
from app.lab.word_file import Ranked, WordFile
from app.microscope.instruments import Files, Found, Step, so_far
from app.microscope.naming import Titles
from app.microscope.residents import Residents
from app.microscope.word_answers import drawn, ranked_words
from app.spec import WordsSpec
from app.store import UNFINISHED, FindingRow, Store

DONE = ("done",)
SHOWN = 20
BRIEF = 12, 6  # strongest and weakest on a unit's own page
NAMED, LOOKED_AT = 3, 5  # words of a unit in the list of all; those that a search looks at
PAGE = 48
SAY_EVERY_S = 0.5
DRAWING_S = 0.001  # of a picture, on the CPU
FORWARD = 1 / 3  # of a step of a render, which also goes back

TitlesOf = Callable[[str, str], Titles | None]


class TopWords:
    """The instrument. `titles` gives what the units of a layer are called, None for a model that is not served."""

    def __init__(self, store: Store, residents: Residents, titles: TitlesOf) -> None:
        self.store = store
        self.residents = residents
        self.titles = titles

    def take_in(self, values: dict[str, Any], _files: Files) -> dict[str, Any]:
        """Keep a list of words that was pasted: its id takes its place. Raises `BadInput`."""
        fields = {name: value for name, value in values.items() if name != "list"}
        own = values.get("list") or ""
        if not isinstance(own, str):
            raise BadInput("list: send text, one word a line.", field="list")
        return {**fields, "pasted": self.store.files.keep_words(pasted(own))} if own else fields

    def check(self, clip: Clip, spec: WordsSpec) -> None:
        """Raise `NotFound` for a layer or a list that there is not, `BadInput` where no word can be drawn."""
        clip.layer(spec.layer)
        words, left_out = self._words(spec)
        if not words:
            raise BadInput(
                f"list: none of the {len(left_out):,} words can be drawn: there are fonts for Latin, Greek and Cyrillic "
                "letters only.",
                field="list",
            )

    def steps(self, clip: Clip, spec: WordsSpec, _before: Found) -> Iterator[Step | None]:
        """Draw the words and measure the layer; the file is written before the last step is announced."""
        words, left_out = self._words(spec)
        result = {"words": len(words), "left_out": list(left_out)}
        yield Step("Drawing words.", 0, len(words), result)
        said = time.monotonic()
        for found in driving(clip, words, spec.layer):
            if isinstance(found, WordDrive):
                word_file.write(self.store.files.finding(spec.id), found, RENDERINGS, clip.weights_hash)
                yield Step("", len(words), len(words), result)
            elif time.monotonic() - said >= SAY_EVERY_S:
                said = time.monotonic()
                yield Step("Drawing words.", *found, result)
            else:
                yield None

    def remains(self, row: FindingRow) -> bool:
        """Whether the file is there, and of the model's weights."""
        return self._file(row) is not None

    def page(self, row: FindingRow, ahead: int, view: FindingView) -> WordsPage:
        """A run as an answer. Raises `NotFound` for a unit that the layer has not."""
        spec = WordsSpec.model_validate_json(row.spec)
        page = WordsPage(
            **so_far(row, ahead),
            spec=spec,
            source=self.source(spec),
            words=row.result.get("words", 0),
            left_out=row.result.get("left_out", []),
            drawn=None,
            unit=None,
            centred=view.centred,
            other=urls.words(row.id, view.unit, centred=not view.centred),
            found=None,
            q=view.q,
            units=[],
            next=None,
            csv=None,
            json_file=None,
            layer_url=urls.layer(spec.model, spec.layer),
            outdated=False,
        )
        if row.status != "done":
            return page
        try:
            file = WordFile.open(self.store.files.finding(row.id))
        except NotReady as gone:
            return page.model_copy(update={"status": "failed", "error": gone.detail})
        clip = self.residents.find(spec.model)
        update: dict[str, object] = {"outdated": clip is not None and clip.weights_hash != file.weights_hash}
        if view.unit is None:
            update |= self._rows(spec, row.id, file, view)
        else:
            ranked = self._unit(file, view.unit)
            update |= {
                "unit": view.unit,
                "found": self._of_unit(spec, view.unit, ranked, (SHOWN, SHOWN), centred=view.centred),
                "csv": urls.words_file(row.id, view.unit, "csv"),
                "json_file": urls.words_file(row.id, view.unit, "json"),
            }
        word = file.words[0] if view.unit is None else file.words[file.strongest[view.unit][0]]
        return page.model_copy(update={**update, "drawn": drawn(row.id, file, word)})

    def source(self, spec: WordsSpec) -> str:
        """Which words, as a part of a sentence."""
        parts = [f"the {spec.count:,} commonest words of {LANGUAGES[spec.language]}"] if spec.language else []
        if spec.pasted:
            count = len(self.store.files.word_list(spec.pasted))
            parts.append(f"a list of {count:,} {'word' if count == 1 else 'words'}")
        return " and ".join(parts)

    def section(self, slug: str, layer: str, unit: int) -> WordsSection:
        """What a unit's own page says: of the newest run over its layer, and whether one is under way."""
        rows = self.store.findings.of_layer("words", slug, layer, DONE)
        files = ((row, self._file(row)) for row in rows)
        done, file = next(((row, file) for row, file in files if file), (None, None))
        section = self.form(slug, layer)
        if done is None or file is None:
            return section
        spec = WordsSpec.model_validate_json(done.spec)
        ranked = self._unit(file, unit)
        found = self._of_unit(spec, unit, ranked, BRIEF)
        return section.model_copy(
            update={"url": urls.words(done.id, unit), "source": self.source(spec), "found": found}
        )

    def runs(self, slug: str, layer: str, named: str | None = None) -> dict[str, tuple[FindingRow, WordFile]]:
        """The finished runs over a layer whose files are there and of the model's weights, by id: the newest first, and at
        last the one that is `named`, however old."""
        rows = [*self.store.findings.of_layer("words", slug, layer, DONE)]
        if named and all(row.id != named for row in rows):
            with suppress(NotFound):
                rows.append(self.store.findings.get(named))
        place = ("words", slug, layer, "done")
        files = [(row, self._file(row)) for row in rows if (row.kind, row.model, row.layer, row.status) == place]
        return {row.id: (row, file) for row, file in files if file}

    def form(self, slug: str, layer: str | None = None) -> WordsSection:
        """What there is to choose from for a run of a model, and nothing found yet; whether one over a layer is under way."""
        seconds = self.seconds(slug, COMMON)
        rows = self.store.findings.of_layer("words", slug, layer, UNFINISHED) if layer else ()
        running = next((urls.finding(row.id) for row in rows), None)
        return WordsSection(url=None, source="", found=None, running=running, seconds=seconds, languages=LANGUAGES)

    def seconds(self, slug: str, words: int) -> float | None:
        """About how long so many words take here: as the newest run of the model took, or by the pace of its renders."""
        pictures = words * RENDERINGS.count
        for row in self.store.findings.of_layer("words", slug, status=DONE):
            if row.result.get("words") and row.elapsed_s > 1:
                return row.elapsed_s / row.result["words"] * words
        clip, pace = self.residents.find(slug), self.residents.pace(slug)
        if clip is None or pace is None:
            return None
        return pictures * (DRAWING_S + FORWARD * pace.per_pixel * clip.image_size**2)

    def unit_file(self, finding_id: str, unit: int) -> UnitWordsFile:
        """All words of one unit. Raises `NotFound`, and `NotReady` before the run has ended."""
        row, file = self._finished(finding_id)
        spec, ranked = WordsSpec.model_validate_json(row.spec), self._unit(file, unit)
        return UnitWordsFile(
            finding=urls.finding(row.id),
            model=spec.model,
            layer=spec.layer,
            unit=unit,
            mean=ranked.mean,
            std=ranked.std,
            words=ranked_words(ranked, ranked.order, 1),
        )

    def sheet(self, finding_id: str, word: str | None) -> bytes:
        """A word of the run drawn in all ways, as WebP. Raises `NotFound` for another word."""
        _, file = self._finished(finding_id)
        if word is not None and word not in file.words:
            raise NotFound(f"The word {word[:40]!r} is not among those that were drawn.")
        return images.encode_webp(sheet(word or file.words[0], file.renderings.fonts, file.renderings.layouts))

    def _file(self, row: FindingRow) -> WordFile | None:
        """The file of a run; None where it is gone or broken, or of other weights than those that are loaded."""
        try:
            file = WordFile.open(self.store.files.finding(row.id))
        except NotReady:
            return None
        clip = self.residents.find(row.model)
        return file if clip is None or clip.weights_hash == file.weights_hash else None

    def _finished(self, finding_id: str) -> tuple[FindingRow, WordFile]:
        row = self.store.findings.get(finding_id)
        if row.kind != "words":
            raise NotFound(f"The finding {finding_id} is not about words.")
        if row.status != "done":
            raise NotReady("The words are not all measured yet: wait until the finding has ended.")
        return row, WordFile.open(self.store.files.finding(row.id))

    def _unit(self, file: WordFile, unit: int) -> Ranked:
        if unit >= len(file.strongest):
            raise NotFound(f"There is no unit {unit}: they go from 0 to {len(file.strongest) - 1}.", field="unit")
        return file.unit(unit)

    def _words(self, spec: WordsSpec) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The words of a spec that can be drawn, and those that cannot. Raises `NotFound` for a list that there is not."""
        own = self.store.files.word_list(spec.pasted) if spec.pasted else ()
        return _sorted_out(spec.language, spec.count, own)

    def _of_unit(
        self, spec: WordsSpec, unit: int, ranked: Ranked, count: tuple[int, int], *, centred: bool = False
    ) -> WordsOfUnit:
        titles = self.titles(spec.model, spec.layer)
        strongest, weakest, last = ranked.order[: count[0]], ranked.order[::-1][: count[1]], len(ranked.order)
        themes = titles.themes(unit) if titles else []
        spoken = sensitive(word_file.named(ranked.words, strongest[:LOOKED_AT]))
        return WordsOfUnit(
            model=spec.model,
            layer=spec.layer,
            unit=unit,
            url=urls.unit(spec.model, spec.layer, unit),
            label=titles[unit].text if titles else "",
            sensitive=[*themes, *(each for each in spoken if each not in themes)],
            mean=ranked.mean,
            std=ranked.std,
            strongest=ranked_words(ranked, strongest, 1, centred=centred),
            weakest=ranked_words(ranked, weakest, last, step=-1, centred=centred),
        )

    def _rows(self, spec: WordsSpec, finding_id: str, file: WordFile, view: FindingView) -> dict[str, object]:
        """A page of the units with their strongest words."""
        titles = self.titles(spec.model, spec.layer)
        matching, sought = range(len(file.strongest)), view.q.strip().casefold()
        if sought:
            places = [place for place, word in enumerate(file.words) if word.casefold() == sought]
            among = np.isin(file.strongest[:, :LOOKED_AT], places).any(1)
            matching = np.flatnonzero(among).tolist()
        left = [unit for unit in matching if unit > view.after]
        rows = [
            WordsRow(
                unit=unit,
                url=urls.words(finding_id, unit),
                label=titles[unit].text if titles else "",
                words=word_file.named(file.words, file.strongest[unit][:NAMED]),
            )
            for unit in left[:PAGE]
        ]
        more = urls.with_query(urls.finding(finding_id), after=left[PAGE - 1], q=view.q) if len(left) > PAGE else None
        return {"units": rows, "next": more}


@lru_cache(maxsize=16)
def _sorted_out(language: str, count: int, own: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    both = tuple(dict.fromkeys([*(common(language, count) if language else ()), *own]))
    left_out = frozenset(undrawable(both))
    return tuple(word for word in both if word not in left_out), tuple(word for word in both if word in left_out)
