"""The page of a composition, and its files, from what is kept of it."""

import csv
import io
from collections.abc import Sequence

import numpy as np

from app import urls
from app.answers.composition import (
    AtlasWord,
    CodeTerm,
    CompositionFile,
    CompositionPage,
    Equation,
    EquationTerm,
    Factor,
    UnitTile,
    WordCode,
)
from app.answers.findings import FindingView
from app.corpus.index import Index
from app.corpus.listing import harmless
from app.errors import NotFound
from app.lab.composition import equation
from app.lab.word_atlas import colour
from app.microscope.gallery import Gallery
from app.microscope.instruments import so_far
from app.microscope.naming import Titles
from app.spec import CompositionSpec
from app.store import FindingRow

PAGE = 24
LONGEST_LABEL = 20  # characters of a unit's name in a line of several


class Equations:
    """The words of a finished composition as equations, with the pictures and names of their units."""

    def __init__(self, row: FindingRow, index: Index | None, gallery: Gallery, titles: Titles) -> None:
        self.row = row
        self.index = index
        self.gallery = gallery
        self.titles = titles
        self.words: Sequence[str] = row.result.get("words", ())
        self.codes: Sequence[Sequence[tuple[int, float]]] = row.result.get("codes", ())
        self.shares: Sequence[Sequence[float]] = row.result.get("shares", ())

    def place(self, word: str) -> int | None:
        """Where a word is; for none the first that some unit speaks for. Raises `NotFound` for one that is not there."""
        if word:
            found = next((n for n, each in enumerate(self.words) if each.casefold() == word.casefold()), None)
            if found is None:
                raise NotFound(
                    f"The word {word[:40]!r} is not among the {len(self.words)} of this finding.", field="word"
                )
            return found
        return next((number for number, code in enumerate(self.codes) if code and code[0][1] > 0), None)

    def of(self, place: int) -> Equation:
        """One word's equation."""
        return Equation(
            word=self.words[place],
            url=urls.composition(self.row.id, self.words[place]),
            terms=[EquationTerm(weight=weight, tile=self.tile(unit)) for unit, weight in equation(self.codes[place])],
            units=len(self.codes[place]),
            left_out=self.row.result["left_out"][place],
            factors=list(self.shares[place]),
            colour=colour(np.array(self.shares[place])),
        )

    def atlas(self) -> list[AtlasWord]:
        """Every word in its cell."""
        return [
            AtlasWord(
                word=word,
                url=urls.composition(self.row.id, word),
                x=x,
                y=y,
                colour=colour(np.array(shares)),
                factor=int(np.argmax(shares)) if any(shares) else None,
                said=self._said(code),
            )
            for word, (x, y), shares, code in zip(
                self.words, self.row.result["cells"], self.shares, self.codes, strict=True
            )
        ]

    def factors(self) -> list[Factor]:
        """What the words share."""
        words, units = self.row.result["factor_words"], self.row.result["factor_units"]
        pure = np.eye(len(words))
        return [
            Factor(colour=colour(own) or "", words=top, units=[self.tile(unit) for unit in made_of])
            for own, top, made_of in zip(pure, words, units, strict=True)
        ]

    def tile(self, unit: int) -> UnitTile:
        """A unit with what stands for it."""
        return UnitTile(
            unit=unit,
            url=urls.unit(self.row.model, self.row.layer, unit),
            label=self.titles[unit].text,
            sensitive=bool(self.titles.themes(unit)),
            thumbnail=self.gallery.thumbnail(self.row.model, self.row.layer, unit, self.index),
        )

    def _said(self, code: Sequence[tuple[int, float]]) -> str:
        """An equation in words: `1.00 shock + 0.57 unit 12 − 0.21 crying`."""
        terms = [
            f"{'−' if weight < 0 else '+'} {abs(weight):.2f} {self._named(unit)}" for unit, weight in equation(code)
        ]
        return " ".join(terms).removeprefix("+ ")

    def _named(self, unit: int) -> str:
        """What a unit is called, cut so that four fit into a line."""
        label = self.titles[unit].text or f"unit {unit}"
        return label if len(label) <= LONGEST_LABEL else f"{label[: LONGEST_LABEL - 1]}…"


def as_page(
    row: FindingRow, ahead: int, view: FindingView, found: Equations, *, source: str, outdated: bool
) -> CompositionPage:
    """A composition as an answer. Raises `NotFound` for a word that is not in it."""
    spec = CompositionSpec.model_validate_json(row.spec)
    sizes, done = [len(code) for code in found.codes if code], bool(found.words)
    sought = view.q.strip().casefold()
    matching = [number for number, word in enumerate(found.words) if sought in word.casefold() and number > view.after]
    shown = found.place(view.word) if done else None
    return CompositionPage(
        **so_far(row, ahead),
        spec=spec,
        source=source,
        words=len(found.words),
        without=len(found.words) - len(sizes),
        units=float(np.mean(sizes)) if sizes else 0.0,
        told_apart=row.result.get("told_apart", 0.0),
        penalty=row.result.get("penalty", 0.0),
        q=view.q,
        shown=None if shown is None else found.of(shown),
        equations=[found.of(place) for place in matching[:PAGE]],
        next=urls.with_query(urls.finding(row.id), after=matching[PAGE - 1], q=view.q)
        if len(matching) > PAGE
        else None,
        atlas=found.atlas() if done else [],
        factors=found.factors() if done else [],
        csv=urls.composition_file(row.id, "csv"),
        json_file=urls.composition_file(row.id, "json"),
        layer_url=urls.layer(spec.model, spec.layer),
        outdated=outdated,
    )


def as_file(row: FindingRow) -> CompositionFile:
    """All of a finished composition."""
    result = row.result
    return CompositionFile(
        finding=urls.finding(row.id),
        spec=CompositionSpec.model_validate_json(row.spec),
        penalty=result["penalty"],
        words=[
            WordCode(
                word=word,
                code=[CodeTerm(unit=unit, weight=weight) for unit, weight in code],
                left_out=left_out,
                factors=each,
                cell=cell,
            )
            for word, code, left_out, each, cell in zip(
                result["words"], result["codes"], result["left_out"], result["shares"], result["cells"], strict=True
            )
        ],
    )


def as_csv(page: CompositionFile) -> bytes:
    """The same as a table: a row for each unit of each word, one without a unit for a word that has none."""
    text = io.StringIO()
    writer = csv.writer(text)
    factors = [f"factor_{number + 1}" for number in range(page.spec.factors)]
    writer.writerow(["word", "unit", "weight", "x", "y", *factors])
    for each in page.words:
        for unit, weight in [(term.unit, term.weight) for term in each.code] or [("", "")]:
            writer.writerow([harmless(each.word), unit, weight, *each.cell, *each.factors])
    return text.getvalue().encode()
