"""What people call units and how they voted: rows of `unit_labels` and `label_votes`."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session, sessionmaker

from app.store.tables import LabelVoteRow, UnitLabelRow


@dataclass(frozen=True)
class Votes:
    """How many think that a label is right, and how many that it is wrong."""

    up: int = 0
    down: int = 0


class LabelTable:
    """Methods are short transactions and may be called from any thread."""

    def __init__(self, sessions: sessionmaker[Session]) -> None:
        self._sessions = sessions

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

    def unvote(self, model: str, layer: str, unit: int, browser: str) -> None:
        """Take a browser's votes on a unit back."""
        with self._sessions.begin() as session:
            session.execute(
                delete(LabelVoteRow).where(
                    LabelVoteRow.model == model,
                    LabelVoteRow.layer == layer,
                    LabelVoteRow.unit == unit,
                    LabelVoteRow.browser == browser,
                )
            )

    def votes(self, model: str, layer: str, unit: int | None = None) -> dict[tuple[int, str], Votes]:
        """The votes of a layer, or of one unit, by unit and word."""
        query = (
            select(LabelVoteRow.unit, LabelVoteRow.word, LabelVoteRow.up, func.count())
            .filter_by(model=model, layer=layer)
            .group_by(LabelVoteRow.unit, LabelVoteRow.word, LabelVoteRow.up)
        )
        query = query if unit is None else query.filter_by(unit=unit)
        found: dict[tuple[int, str], Votes] = {}
        with self._sessions() as session:
            for number, word, up, count in session.execute(query):
                known = found.get((number, word), Votes())
                found[number, word] = Votes(count, known.down) if up else Votes(known.up, count)
        return found

    def voted(self, model: str, layer: str, unit: int, word: str, browser: str) -> bool | None:
        """How a browser voted: up, down, or not at all."""
        with self._sessions() as session:
            row = session.get(LabelVoteRow, (model, layer, unit, word, browser))
        return None if row is None else row.up
