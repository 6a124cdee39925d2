"""Surveys: rows of `surveys` and `judgements`."""

from collections.abc import Sequence
from contextlib import suppress

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, sessionmaker

from app.errors import NotFound
from app.store.again import transactions
from app.store.tables import JudgementRow, SurveyRow


@transactions
class SurveyTable:
    """Methods are short transactions and may be called from any thread."""

    def __init__(self, sessions: sessionmaker[Session]) -> None:
        self._sessions = sessions

    def get(self, survey_id: str) -> SurveyRow:
        """One survey with its judgements. Raises `NotFound`."""
        with self._sessions() as session:
            row = session.get(SurveyRow, survey_id)
        if row is None:
            raise NotFound(f"There is no survey {survey_id}. It may have been made on another server.")
        return row

    def add(self, row: SurveyRow) -> None:
        """Keep a new survey, unless there is one of the same id."""
        with suppress(IntegrityError), self._sessions.begin() as session:  # another tab was quicker
            if session.get(SurveyRow, row.id) is None:
                session.add(row)

    def judge(self, row: JudgementRow) -> None:
        """Keep a judgement, in the place of an earlier one of the same unit."""
        with self._sessions.begin() as session:
            session.merge(row)

    def of_layer(self, model: str, layer: str) -> Sequence[SurveyRow]:
        """The surveys of a layer, the oldest first."""
        query = select(SurveyRow).filter_by(model=model, layer=layer).order_by(SurveyRow.created, SurveyRow.id)
        with self._sessions() as session:
            return session.scalars(query).all()
