"""Blind labellings: rows of `labellings`."""

from collections.abc import Callable, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from app.errors import NotFound
from app.store.again import transactions
from app.store.memory import Memory, remembered
from app.store.tables import LabellingRow


@transactions
class LabellingTable:
    """Methods are short transactions and may be called from any thread."""

    def __init__(self, sessions: sessionmaker[Session], memory: Memory) -> None:
        self._sessions = sessions
        self.memory = memory

    def get(self, labelling_id: str) -> LabellingRow:
        """One labelling. Raises `NotFound`."""
        with self._sessions() as session:
            return _need(session, labelling_id)

    def add(self, row: LabellingRow) -> None:
        """Keep a new labelling, unless there is one of the same id."""
        with self._sessions.begin() as session:
            if session.get(LabellingRow, row.id) is None:
                session.add(row)

    def change(self, labelling_id: str, how: Callable[[LabellingRow], None]) -> None:
        """Change a labelling inside one transaction. Raises `NotFound`, and whatever `how` raises: then nothing is changed."""
        with self._sessions.begin() as session:
            how(_need(session, labelling_id))

    @remembered(LabellingRow)
    def of_unit(self, model: str, layer: str, unit: int) -> Sequence[LabellingRow]:
        """The labellings of a unit, the oldest first."""
        query = select(LabellingRow).filter_by(model=model, layer=layer, unit=unit)
        with self._sessions() as session:
            return session.scalars(query.order_by(LabellingRow.created, LabellingRow.id)).all()


def _need(session: Session, labelling_id: str) -> LabellingRow:
    row = session.get(LabellingRow, labelling_id)
    if row is None:
        raise NotFound(f"There is no labelling {labelling_id}. It may have been made on another server.")
    return row
