"""Quizzes: rows of `quizzes` and `quiz_trials`."""

from contextlib import suppress
from typing import NamedTuple

from sqlalchemy import case, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, sessionmaker

from app.errors import NotFound
from app.store.again import transactions
from app.store.tables import QuizRow, QuizTrialRow, now


class Tally(NamedTuple):
    """How many trials were answered, and how many of them rightly."""

    right: int = 0
    trials: int = 0


@transactions
class QuizTable:
    """Methods are short transactions and may be called from any thread."""

    def __init__(self, sessions: sessionmaker[Session]) -> None:
        self._sessions = sessions

    def find(self, quiz_id: str) -> QuizRow | None:
        """One quiz with its trials, or None."""
        with self._sessions() as session:
            return session.get(QuizRow, quiz_id)

    def get(self, quiz_id: str) -> QuizRow:
        """One quiz with its trials. Raises `NotFound`."""
        row = self.find(quiz_id)
        if row is None:
            raise NotFound(f"There is no quiz {quiz_id}. It may have been made on another server.")
        return row

    def add(self, row: QuizRow) -> None:
        """Keep a new quiz, unless there is one of the same id."""
        with suppress(IntegrityError), self._sessions.begin() as session:  # another tab was quicker
            if session.get(QuizRow, row.id) is None:
                session.add(row)

    def ask(self, trial: QuizTrialRow) -> None:
        """Keep a quiz's next trial, unless there is one of the same number."""
        with suppress(IntegrityError), self._sessions.begin() as session:  # another tab was quicker
            if session.get(QuizTrialRow, (trial.quiz_id, trial.number)) is None:
                session.add(trial)

    def answer(self, quiz_id: str, number: int, chosen: int) -> None:
        """Keep which picture of a trial was chosen; the first answer stays."""
        row = QuizTrialRow
        unanswered = (row.quiz_id == quiz_id, row.number == number, row.chosen.is_(None))
        with self._sessions.begin() as session:
            session.execute(update(row).where(*unanswered).values(chosen=chosen, answered=now()))

    def tallies(
        self, model: str, layer: str | None = None, unit: int | None = None, browser: str | None = None
    ) -> dict[str, Tally]:
        """By the kind of references, the tally of all answered trials on a model, of a layer's or a unit's, or of one
        browser's among these."""
        right = func.sum(case((QuizTrialRow.chosen == QuizTrialRow.answer, 1), else_=0))
        query = select(QuizRow.reference, right, func.count()).join(QuizRow.trials).group_by(QuizRow.reference)
        wanted = {
            QuizRow.model: model,
            QuizRow.layer: layer,
            QuizTrialRow.unit: unit,
            QuizRow.browser: browser,
        }
        query = query.where(QuizTrialRow.chosen.is_not(None))
        query = query.where(*(column == value for column, value in wanted.items() if value is not None))
        with self._sessions() as session:
            return {reference: Tally(right, trials) for reference, right, trials in session.execute(query)}
