"""What units are called: by people, by what their strongest examples are recorded as, automatically; and who says so."""

import csv
import io
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from app import urls
from app.answers.labels import (
    AutomaticLabel,
    DrawnWord,
    LabelBy,
    LabelledUnit,
    LabelsOfLayer,
    LabelVotes,
    PersonLabel,
    UnitLabels,
    WordScore,
)
from app.corpus.index import Index
from app.corpus.listing import harmless
from app.errors import BadInput, NotFound
from app.lab.labels import LayerLabels
from app.lab.published import PublishedUnit, published
from app.lab.sensitive import sensitive
from app.microscope.indexes import labels
from app.microscope.labels import LabelDesk
from app.microscope.said import chosen_vote, hashed, line
from app.store import LabelVoteRow, Store, UnitLabelRow
from app.store.labels import Votes
from app.store.tables import now

LONGEST_LABEL, LONGEST_NAME = 80, 40  # characters
MOST_LABELS = 200  # of one unit: nobody reads more
CSV_COLUMNS = (
    "unit", "label", "label_by", "automatic", "score", "margin", "sure", "rivals", "drawn", "votes_up", "votes_down",
    "people",
)  # fmt: skip


class Title(NamedTuple):
    """What a unit is called in titles and lists, and who says so."""

    text: str
    by: LabelBy


NAMELESS = Title("", "")


class Titles:
    """What the units of a layer are called; of a unit that nobody and nothing names, an empty title."""

    def __init__(
        self, by_machine: Sequence[Title], by_people: Mapping[int, str], by_paper: Mapping[int, PublishedUnit]
    ) -> None:
        self._by_machine, self._by_people, self._by_paper = by_machine, by_people, by_paper

    def __getitem__(self, unit: int) -> Title:
        if unit in self._by_people:
            return Title(self._by_people[unit], "person")
        if unit in self._by_paper and self._by_paper[unit].label:
            return Title(self._by_paper[unit].label, "published")
        return self._by_machine[unit] if self._by_machine else NAMELESS

    def themes(self, unit: int) -> list[str]:
        """The sensitive themes that a unit's names touch: its title, and what the paper calls it and files it under."""
        paper = self._by_paper.get(unit)
        return sensitive([self[unit].text, paper.label if paper else ""], paper.families if paper else ())

    def named(self) -> Iterator[tuple[int, str]]:
        """The units that are called something, and what."""
        for unit in sorted({*range(len(self._by_machine)), *self._by_people, *self._by_paper}):
            if self[unit].text:
                yield unit, self[unit].text


class Naming:
    """Joins the automatic labels with what people say. Every title goes by one rule: a person's label, else the
    paper's, else what the unit's strongest examples are recorded as, else the automatic label if it is sure."""

    def __init__(self, store: Store, desk: LabelDesk) -> None:
        self.store = store
        self.desk = desk

    def titles(self, slug: str, layer: str, index: Index | None) -> Titles:
        """What the units of a layer are called; `index` may be None or lack the layer."""
        known = index if index is not None and layer in index.manifest.layers else None
        by_machine = _by_machine(known, layer, self.desk, self.desk.written(known, layer)) if known else ()
        said = self.store.labels.of_layer(slug, layer)
        cast = self.store.labels.votes_on_people(slug, layer) if said else ()
        return Titles(by_machine, _by_people(said, cast), published(slug, layer))

    def called(self, slug: str, layer: str, index: Index | None, part: str) -> set[int]:
        """The units of which some name has the part in it, in whatever case: the title, any person's, the automatic one
        if it is sure."""
        index = index if index is not None and layer in index.manifest.layers else None
        part, automatic = part.casefold(), self.desk.find(index, layer)
        named = list(self.titles(slug, layer, index).named())
        named += [(row.unit, row.text) for row in self.store.labels.of_layer(slug, layer)]
        if automatic:
            named += [(u, each.named[0].word) for u, each in enumerate(automatic.units) if automatic.sure(u)]
        return {unit for unit, text in named if part in text.casefold()}

    def section(self, slug: str, layer: str, unit: int, index: Index | None, browser: str | None) -> UnitLabels:
        """All that a unit may be called, as its page shows it to a browser."""
        automatic = self.desk.find(index, layer)
        own = hashed(browser) if browser else None
        rows = self.store.labels.of_layer(slug, layer, unit)
        label = _automatic(index, automatic, unit) if index and automatic else None
        cast = self.store.labels.votes(slug, layer, unit)
        voted = self.store.labels.voted(slug, layer, unit, own) if own else {}

        def votes(word: str) -> LabelVotes:
            return counted(cast.get((unit, word)), voted.get(word))

        upheld = _standing(rows, self.store.labels.votes_on_people(slug, layer, unit))
        newest_first = rows[::-1]
        best_first = sorted(newest_first, key=lambda row: -upheld[unit, row.text])
        return UnitLabels(
            automatic=label,
            status=self.desk.status(index, layer) if index else "",
            drawn=_drawn(automatic, unit),
            any_word=automatic.units[unit].any_word if automatic else None,
            drawn_words=automatic.drawn_words if automatic else 0,
            people=[_person(row, own, votes(row.text)) for row in best_first],
            votes=votes(label.word) if label else counted(None),
            action=urls.unit_labels(slug, layer, unit),
            vote_action=urls.label_votes(slug, layer, unit),
        )

    def of_layer(self, slug: str, layer: str, units: int, index: Index | None) -> LabelsOfLayer:
        """The names of every one of a layer's units, people's and the automatic ones apart."""
        automatic = self.desk.find(index, layer)
        votes = self.store.labels.votes(slug, layer)
        people: dict[int, list[PersonLabel]] = {}
        for row in self.store.labels.of_layer(slug, layer):
            person = _person(row, None, counted(votes.get((row.unit, row.text))))
            people.setdefault(row.unit, []).insert(0, person)
        titles = self.titles(slug, layer, index)
        found = [_automatic(index, automatic, unit) if index and automatic else None for unit in range(units)]
        cast = [counted(votes.get((unit, each.word)) if each else None) for unit, each in enumerate(found)]
        return LabelsOfLayer(
            model=slug,
            layer=layer,
            corpus=index.manifest.name if index else None,
            status=self.desk.status(index, layer) if index else "",
            units=[
                LabelledUnit(
                    unit=unit,
                    url=urls.unit(slug, layer, unit),
                    label=titles[unit].text,
                    label_by=titles[unit].by,
                    automatic=found[unit],
                    drawn=_drawn(automatic, unit),
                    people=people.get(unit, []),
                    votes=cast[unit],
                )
                for unit in range(units)
            ],
        )

    def say(
        self, slug: str, layer: str, unit: int, index: Index | None, *, text: object, name: object, browser: str
    ) -> str:
        """Keep what somebody calls a unit, in the place of what the same browser called it before; returns the label.

        Raises:
            BadInput: no label, not one line, too long, or the unit has very many already.
        """
        label, who = line(text, "text", LONGEST_LABEL), line(name, "name", LONGEST_NAME)
        if not label:
            raise BadInput("text is missing. Say in a few words what the unit stands for.", field="text")
        own, known = hashed(browser), self.store.labels.of_layer(slug, layer, unit)
        if len(known) >= MOST_LABELS and own not in {row.browser for row in known}:
            raise BadInput(f"text: this unit has {MOST_LABELS} labels already. Vote for one of them.", field="text")
        automatic = self.desk.find(index, layer)
        accepted = automatic is not None and automatic.units[unit].named[0].word == label
        self.store.labels.put(
            UnitLabelRow(
                model=slug,
                layer=layer,
                unit=unit,
                browser=own,
                text=label,
                accepted=accepted,
                name=who,
                created=now(),
            )
        )
        return label

    def unsay(self, slug: str, layer: str, unit: int, browser: str | None) -> None:
        """Take back what a browser called a unit."""
        if browser:
            self.store.labels.remove(slug, layer, unit, hashed(browser))

    def vote(
        self, slug: str, layer: str, unit: int, index: Index | None, *, vote: object, word: object, browser: str
    ) -> None:
        """Count a browser's vote on one of a unit's labels, the automatic one unless `word` is a person's: `up`, `down`, or
        `none` to take it back.

        Raises:
            NotFound: no `word` is given, and the unit has no automatic label.
            BadInput: another vote, or nobody and nothing calls the unit `word` any more.
        """
        automatic = self.desk.find(index, layer)
        current = automatic.units[unit].named[0].word if automatic else None
        chosen = word or current
        if chosen is None:
            raise NotFound(f"Unit {unit} of {layer} has no automatic label, so there is nothing to vote on.")
        by_people = {row.text for row in self.store.labels.of_layer(slug, layer, unit)}
        if not isinstance(chosen, str) or (chosen != current and chosen not in by_people):
            raise BadInput(
                f"word: neither a person nor the automatic label{f', {current!r} by now,' if current else ''} calls the unit "
                "so any more. Look again, and vote on what is there.",
                field="word",
            )
        up, own = chosen_vote(vote), hashed(browser)
        if up is None:
            self.store.labels.unvote(slug, layer, unit, chosen, own)
            return
        self.store.labels.vote(
            LabelVoteRow(model=slug, layer=layer, unit=unit, word=chosen, browser=own, up=up, created=now())
        )


def as_csv(page: LabelsOfLayer) -> bytes:
    """A layer's names as a table, one unit a row; several words in one cell stand apart by semicolons."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(CSV_COLUMNS)
    for each in page.units:
        label = each.automatic
        scores = [label.word, label.score, label.margin, label.sure] if label else [""] * 4
        rivals = "; ".join(rival.word for rival in label.rivals) if label else ""
        drawn, people = "; ".join(each.word for each in each.drawn), "; ".join(said.text for said in each.people)
        row = [each.unit, each.label, each.label_by, *scores, rivals, drawn, each.votes.up, each.votes.down, people]
        writer.writerow([harmless(cell) if isinstance(cell, str) else cell for cell in row])
    return text.getvalue().encode()


def counted(votes: Votes | None, yours: bool | None = None) -> LabelVotes:
    """Votes as an answer, with how the one voted who asks."""
    votes = votes or Votes()
    return LabelVotes(up=votes.up, down=votes.down, yours=None if yours is None else "up" if yours else "down")


@lru_cache(maxsize=64)
def _by_machine(index: Index, layer: str, desk: LabelDesk, _written: int | None) -> Sequence[Title]:
    recorded, automatic = labels(index, layer), desk.find(index, layer)

    def title(unit: int, text: str) -> Title:
        if text:
            return Title(text, "corpus")
        sure = automatic is not None and automatic.sure(unit)
        return Title(automatic.units[unit].named[0].word, "automatic") if automatic and sure else NAMELESS

    return [title(unit, text) for unit, text in enumerate(recorded)]


def _standing(rows: Sequence[UnitLabelRow], cast: Sequence[LabelVoteRow]) -> dict[tuple[int, str], int]:
    """Of each unit and what people call it: how many say so or vote for it, less those that vote against it. Whoever
    does both counts once."""
    for_it: dict[tuple[int, str], set[str]] = {}
    for row in rows:
        for_it.setdefault((row.unit, row.text), set()).add(row.browser)
    said, against = {key: set(browsers) for key, browsers in for_it.items()}, Counter[tuple[int, str]]()
    for vote in cast:
        key = (vote.unit, vote.word)
        if vote.up:
            for_it.setdefault(key, set()).add(vote.browser)
        elif vote.browser not in said.get(key, ()):
            against[key] += 1
    return {key: len(browsers) - against[key] for key, browsers in for_it.items()}


def _by_people(rows: Sequence[UnitLabelRow], cast: Sequence[LabelVoteRow]) -> dict[int, str]:
    """Of each unit the label that stands best, of two that are level the newer, unless more are against it than for it;
    `rows` are the oldest first."""
    upheld, best = _standing(rows, cast), dict[int, tuple[int, str]]()
    for row in rows:
        stands = upheld[row.unit, row.text]
        if stands >= 0 and (row.unit not in best or stands >= best[row.unit][0]):
            best[row.unit] = stands, row.text
    return {unit: text for unit, (_, text) in best.items()}


def _automatic(index: Index, found: LayerLabels, unit: int) -> AutomaticLabel:
    best, *rivals = found.units[unit].named
    return AutomaticLabel(
        word=best.word,
        score=best.score,
        margin=round(best.score - rivals[0].score, 3) if rivals else None,
        threshold=found.threshold,
        sure=found.sure(unit),
        rivals=[WordScore(word=each.word, score=each.score) for each in rivals],
        corpus=index.manifest.name,
        images=found.images,
        words=found.words,
        words_hash=found.words_hash,
        weights_hash=found.weights_hash,
        key=found.key,
        version=found.version,
        made=found.made,
    )


def _drawn(found: LayerLabels | None, unit: int) -> list[DrawnWord]:
    return [DrawnWord(word=each.word, sd=each.sd) for each in found.units[unit].drawn] if found else []


def _person(row: UnitLabelRow, browser: str | None, votes: LabelVotes) -> PersonLabel:
    return PersonLabel(
        text=row.text,
        accepted=row.accepted,
        name=row.name,
        created=row.created,
        yours=row.browser == browser,
        votes=votes,
    )
