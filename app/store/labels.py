"""What people call units and how they voted: rows of `unit_labels` and `label_votes`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session, sessionmaker

from app.store.again import transactions
from app.store.memory import Memory, remembered
from app.store.tables import LabelVoteRow, UnitLabelRow


@dataclass(frozen=True)
class Votes:
    """How many think that a label is right, and how many that it is wrong."""

    up: int = 0
    down: int = 0


BATCH = 500  # rows that are read ahead where all are asked for


def counted(up: InstrumentedAttribute[bool]) -> tuple[ColumnElement[int], ColumnElement[int]]:
    """How many votes of a group are for something, and how many against it."""
    return func.count().filter(up.is_(True)), func.count().filter(up.is_(False))


@transactions
class LabelTable:
    """Methods are short transactions and may be called from any thread."""

    def __init__(self, sessions: sessionmaker[Session], memory: Memory) -> None:
        self._sessions = sessions
        self.memory = memory

    @remembered(UnitLabelRow)
    def of_layer(self, model: str, layer: str, unit: int | None = None) -> Sequence[UnitLabelRow]:
        """All labels of a layer, or of one unit, the oldest first."""
        query = select(UnitLabelRow).filter_by(model=model, layer=layer)
        query = query if unit is None else query.filter_by(unit=unit)
        with self._sessions() as session:
            return session.scalars(query.order_by(UnitLabelRow.created, UnitLabelRow.browser)).all()

    def put(self, row: UnitLabelRow) -> None:
        """Keep a label, in the place of the one that the same browser gave before."""
        with self._sessions.begin() as session:
            session.merge(row)

    def remove(self, model: str, layer: str, unit: int, browser: str) -> None:
        """Take a browser's label back; does nothing where it gave none."""
        with self._sessions.begin() as session:
            session.execute(
                delete(UnitLabelRow).where(
                    UnitLabelRow.model == model,
                    UnitLabelRow.layer == layer,
                    UnitLabelRow.unit == unit,
                    UnitLabelRow.browser == browser,
                )
            )

    def vote(self, row: LabelVoteRow) -> None:
        """Count a vote, in the place of the one that the same browser cast before."""
        with self._sessions.begin() as session:
            session.merge(row)

    def unvote(self, model: str, layer: str, unit: int, word: str, browser: str) -> None:
        """Take a browser's vote on a word for a unit back."""
        with self._sessions.begin() as session:
            session.execute(
                delete(LabelVoteRow).where(
                    LabelVoteRow.model == model,
                    LabelVoteRow.layer == layer,
                    LabelVoteRow.unit == unit,
                    LabelVoteRow.word == word,
                    LabelVoteRow.browser == browser,
                )
            )

    @remembered(LabelVoteRow)
    def votes(self, model: str, layer: str, unit: int | None = None) -> dict[tuple[int, str], Votes]:
        """The votes of a layer, or of one unit, by unit and word."""
        row = LabelVoteRow
        query = select(row.unit, row.word, *counted(row.up)).where(row.model == model, row.layer == layer)
        query = (query if unit is None else query.where(row.unit == unit)).group_by(row.unit, row.word)
        with self._sessions() as session:
            return {(number, word): Votes(up, down) for number, word, up, down in session.execute(query)}

    @remembered(LabelVoteRow, UnitLabelRow)
    def votes_on_people(self, model: str, layer: str, unit: int | None = None) -> Sequence[LabelVoteRow]:
        """The votes of a layer, or of one unit, on what some person calls the unit."""
        said = select(UnitLabelRow.unit).where(
            UnitLabelRow.model == LabelVoteRow.model,
            UnitLabelRow.layer == LabelVoteRow.layer,
            UnitLabelRow.unit == LabelVoteRow.unit,
            UnitLabelRow.text == LabelVoteRow.word,
        )
        query = select(LabelVoteRow).filter_by(model=model, layer=layer).where(said.exists())
        query = query if unit is None else query.filter_by(unit=unit)
        with self._sessions() as session:
            return session.scalars(query).all()

    @remembered(LabelVoteRow)
    def voted(self, model: str, layer: str, unit: int, browser: str) -> dict[str, bool]:
        """How a browser voted on a unit's labels, by word: up or down; those that it did not vote on are not in it."""
        query = select(LabelVoteRow.word, LabelVoteRow.up).filter_by(
            model=model, layer=layer, unit=unit, browser=browser
        )
        with self._sessions() as session:
            return {row.word: row.up for row in session.execute(query)}

    def every(self) -> Iterator[UnitLabelRow]:
        """What people call units, all of it, unit by unit and then the oldest first."""
        row = UnitLabelRow
        query = select(row).order_by(row.model, row.layer, row.unit, row.created, row.browser)
        with self._sessions() as session:
            yield from session.scalars(query.execution_options(yield_per=BATCH))

    def every_vote(self) -> Iterator[tuple[str, str, int, str, Votes]]:
        """The votes on every label: model, layer, unit, word, votes."""
        row = LabelVoteRow
        key = (row.model, row.layer, row.unit, row.word)
        query = select(*key, *counted(row.up)).group_by(*key).order_by(*key)
        with self._sessions() as session:
            for model, layer, unit, word, ups, downs in session.execute(query.execution_options(yield_per=BATCH)):
                yield model, layer, unit, word, Votes(ups, downs)
