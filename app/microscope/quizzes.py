"""Quizzes: which of two pictures excites a unit more, asked one after the other, and how often people are right."""

from collections.abc import Sequence
from contextlib import suppress

from app import urls
from app.answers.quizzes import (
    AnsweredTrial,
    QuizChoice,
    QuizPage,
    QuizPicture,
    QuizScore,
    QuizStart,
    Reference,
    TrialPage,
)
from app.corpus.index import Index
from app.errors import BadInput, NotFound, NotReady
from app.lab.proportion import share
from app.lab.quiz import PUBLISHED
from app.microscope.browsing import Browser
from app.microscope.references import References
from app.microscope.said import hashed, is_of
from app.microscope.trials import KINDS, Trials, kind_of
from app.spec import content_id
from app.store import QuizRow, QuizTrialRow, Store
from app.store.quizzes import Tally

ANOTHERS = "This quiz is another person's. Begin one of your own on the unit's page."


class QuizDesk:
    """Begins quizzes, asks, and keeps what is answered."""

    def __init__(self, store: Store, browser: Browser, references: References) -> None:
        self.store = store
        self.browser = browser
        self.trials = Trials(browser, references)

    def start(self, slug: str, layer: str, unit: int | None, corpus: str | None, browser: str | None) -> QuizStart:
        """Where a quiz begins. Raises `NotFound` for a layer or unit that there is not."""
        index = self._index(slug, layer, unit, corpus)
        return QuizStart(
            model=slug,
            layer=layer,
            unit=unit,
            url=urls.quiz_start(slug, layer, unit, corpus),
            layer_url=urls.layer(slug, layer),
            unit_url=None if unit is None else urls.unit(slug, layer, unit),
            corpus=index.manifest.name if index else None,
            choices=[self._choice(slug, index, layer, unit, kind, browser) for kind in KINDS],
            scores=self._scores(slug, layer, unit, hashed(browser) if browser else None),
        )

    def begin(
        self, slug: str, layer: str, unit: int | None, *, reference: object, corpus: str | None, browser: str
    ) -> tuple[str, int]:
        """The id of a browser's quiz, begun if there is none, and the number of the trial that waits for an answer.

        Raises:
            NotFound: no such layer or unit.
            BadInput: another kind of references, or there are none, or too few images.
        """
        if reference not in KINDS:
            raise BadInput(f"reference: choose one of {', '.join(KINDS)}.", field="reference")
        index = self._index(slug, layer, unit, corpus)
        why = self.trials.missing(slug, index, layer, unit, reference)
        if index is None or why:
            raise BadInput(why, field="reference")
        quiz_id = _id(index, layer, unit, reference, browser)
        row = QuizRow(
            id=quiz_id,
            model=slug,
            layer=layer,
            unit=unit,
            corpus=index.manifest.name,
            key=index.manifest.activations_key,
            reference=reference,
            browser=hashed(browser),
        )
        self.store.quizzes.add(row)
        self._ask(quiz_id)
        waiting = _waiting(self.store.quizzes.get(quiz_id))
        if waiting is None:
            raise NotReady("No question could be made just now. Try again in a moment.")
        return quiz_id, waiting

    def answer(self, quiz_id: str, number: int, browser: str | None, picture: object) -> None:
        """Keep which picture of a trial was chosen, `1` or `2`, and ask the next. The first answer stays.

        Raises:
            NotFound: no such trial, or it is another's.
            BadInput: neither of the two.
        """
        row = self.store.quizzes.get(quiz_id)
        asked = _trial(row, number)
        if not is_of(row.browser, browser):
            raise NotFound(ANOTHERS)
        self._need_corpus(row)
        if str(picture) not in ("1", "2"):
            raise BadInput("picture: send 1 for the first picture or 2 for the second.", field="picture")
        self.store.quizzes.answer(quiz_id, asked.number, int(str(picture)) - 1)
        self._ask(quiz_id)

    def image(self, quiz_id: str, number: int, place: int, browser: str | None) -> tuple[str, int]:
        """The corpus and the number of a trial's first (1) or second (2) picture. Raises `NotFound`, also for another
        person's trial before it is answered."""
        row = self.store.quizzes.get(quiz_id)
        asked = _trial(row, number)
        if place not in (1, 2) or (asked.chosen is None and not is_of(row.browser, browser)):
            raise NotFound("There is no such picture.")
        self._need_corpus(row)
        return row.corpus, asked.pair[place - 1]

    def page(self, quiz_id: str, browser: str | None) -> QuizPage:
        """A quiz as an answer. Raises `NotFound`."""
        row = self.store.quizzes.get(quiz_id)
        yours, waiting = is_of(row.browser, browser), _waiting(row)
        return QuizPage(
            id=row.id,
            url=urls.quiz(row.id),
            model=row.model,
            layer=row.layer,
            unit=row.unit,
            start_url=urls.quiz_start(row.model, row.layer, row.unit, row.corpus),
            layer_url=urls.layer(row.model, row.layer),
            unit_url=None if row.unit is None else urls.unit(row.model, row.layer, row.unit),
            corpus=row.corpus,
            reference=kind_of(row),
            published=PUBLISHED[kind_of(row)],
            yours=yours,
            trials=[_answered(row, each, each.chosen) for each in row.trials if each.chosen is not None],
            next=urls.quiz_trial(row.id, waiting) if yours and waiting else None,
            scores=self._scores(row.model, row.layer, row.unit, row.browser),
        )

    def trial_page(self, quiz_id: str, number: int, browser: str | None) -> TrialPage:
        """A trial as an answer; before it is answered, nothing in it says which picture is the right one. Raises
        `NotFound`."""
        row = self.store.quizzes.get(quiz_id)
        asked, yours, waiting = _trial(row, number), is_of(row.browser, browser), _waiting(row)
        shown, told = yours or asked.chosen is not None, asked.chosen is not None
        self._need_corpus(row)
        titles = self.browser.titles(row.model, row.layer, row.corpus)
        return TrialPage(
            quiz=urls.quiz(row.id),
            url=urls.quiz_trial(row.id, number),
            number=number,
            model=row.model,
            layer=row.layer,
            unit=asked.unit,
            start_url=urls.quiz_start(row.model, row.layer, row.unit, row.corpus),
            layer_url=urls.layer(row.model, row.layer),
            unit_url=urls.unit(row.model, row.layer, asked.unit),
            corpus=row.corpus,
            sensitive=bool(titles.themes(asked.unit)),
            reference=kind_of(row),
            published=PUBLISHED[kind_of(row)],
            yours=yours,
            strongest=_addresses(row.corpus, asked.strongest) if shown else [],
            weakest=_addresses(row.corpus, asked.weakest) if shown else [],
            pictures=[
                QuizPicture(
                    image=urls.quiz_picture(row.id, number, place + 1),
                    page=urls.corpus_page(row.corpus, asked.pair[place], row.layer, asked.unit) if told else None,
                    activation=asked.activations[place] if told else None,
                    sd=asked.sds[place] if told else None,
                )
                for place in range(2)
                if shown
            ],
            chosen=None if asked.chosen is None else asked.chosen + 1,
            answer=asked.answer + 1 if told else None,
            previous=urls.quiz_trial(row.id, number - 1) if shown and number > 1 else None,
            next=urls.quiz_trial(row.id, waiting) if yours and told and waiting else None,
            scores=self._scores(row.model, row.layer, row.unit, row.browser),
        )

    def _index(self, slug: str, layer: str, unit: int | None, corpus: str | None) -> Index | None:
        self.browser.layer(slug, layer) if unit is None else self.browser.unit(slug, layer, unit)
        return self.browser.index(slug, layer, corpus)

    def _choice(
        self, slug: str, index: Index | None, layer: str, unit: int | None, kind: Reference, browser: str | None
    ) -> QuizChoice:
        quiz_id = _id(index, layer, unit, kind, browser) if index and browser else None
        row = self.store.quizzes.find(quiz_id) if quiz_id else None
        return QuizChoice(
            reference=kind,
            published=PUBLISHED[kind],
            quiz=urls.quiz(row.id) if row else None,
            answered=sum(each.chosen is not None for each in row.trials) if row else 0,
            why=self.trials.missing(slug, index, layer, unit, kind),
        )

    def _ask(self, quiz_id: str) -> None:
        """Draw the next trial unless one waits; nothing where its corpus is not there just now."""
        row = self.store.quizzes.get(quiz_id)
        if _waiting(row) is not None:
            return
        with suppress(NotFound, NotReady):
            asked = self.trials.draw(self._need_corpus(row), row)
            if asked is not None:
                self.store.quizzes.ask(asked)

    def _need_corpus(self, row: QuizRow) -> Index:
        return self.browser.indexes.begun_on(row.corpus, row.key)

    def _scores(self, slug: str, layer: str, unit: int | None, browser: str | None) -> list[QuizScore]:
        tallies, place = self.store.quizzes.tallies, "layer" if unit is None else "unit"
        found = [
            ("person", place, tallies(slug, layer, unit, browser) if browser else {}),
            ("everybody", place, tallies(slug, layer, unit)),
            ("everybody", "model", tallies(slug)),
        ]
        return [
            QuizScore.model_validate({"reference": kind, "who": who, "of": of, **_scored(tally.get(kind, Tally()))})
            for kind in KINDS
            for who, of, tally in found
        ]


def _scored(tally: Tally) -> dict[str, float | int | None]:
    found = share(tally.right, tally.trials)
    return {"right": tally.right, "trials": tally.trials, "share": found.share, "low": found.low, "high": found.high}


def _addresses(corpus: str, references: Sequence[int | str]) -> list[str]:
    return [each if isinstance(each, str) else urls.corpus_image(corpus, each) for each in references]


def _answered(row: QuizRow, asked: QuizTrialRow, chosen: int) -> AnsweredTrial:
    return AnsweredTrial(
        number=asked.number,
        url=urls.quiz_trial(row.id, asked.number),
        unit=asked.unit,
        unit_url=urls.unit(row.model, row.layer, asked.unit),
        seed=asked.seed,
        strongest=asked.strongest,
        weakest=asked.weakest,
        pair=asked.pair,
        activations=asked.activations,
        sds=asked.sds,
        answer=asked.answer + 1,
        chosen=chosen + 1,
        answered=asked.answered,
    )


def _id(index: Index, layer: str, unit: int | None, reference: str, browser: str) -> str:
    """A browser has one quiz on a unit, or layer, with each kind of references: whoever comes back goes on with it."""
    return content_id("quiz", index.manifest.activations_key, layer, str(unit), reference, hashed(browser))


def _waiting(row: QuizRow) -> int | None:
    """The number of the trial that waits for an answer."""
    return next((each.number for each in row.trials if each.chosen is None), None)


def _trial(row: QuizRow, number: int) -> QuizTrialRow:
    found = next((each for each in row.trials if each.number == number), None)
    if found is None:
        raise NotFound(f"Quiz {row.id} has no question {number}: it has {len(row.trials)} so far.")
    return found
