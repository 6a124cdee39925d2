"""Lists of units: rows of `unit_lists` and `list_entries`."""

from collections.abc import Callable, Iterator, Sequence

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, sessionmaker

from app.errors import NotFound
from app.store.again import transactions
from app.store.labels import BATCH
from app.store.memory import Memory, remembered
from app.store.tables import ListEntryRow, UnitListRow, now


@transactions
class ListTable:
    """Methods are short transactions and may be called from any thread."""

    def __init__(self, sessions: sessionmaker[Session], memory: Memory) -> None:
        self._sessions = sessions
        self.memory = memory

    def get(self, list_id: str) -> UnitListRow:
        """One list with its entries. Raises `NotFound`."""
        with self._sessions() as session:
            return _need(session, list_id)

    def add(self, row: UnitListRow) -> None:
        """Keep a new list."""
        with self._sessions.begin() as session:
            session.add(row)

    def change(self, list_id: str, how: Callable[[UnitListRow], None]) -> None:
        """Change a list inside one transaction. Raises `NotFound`, and whatever `how` raises: then nothing is changed."""
        with self._sessions.begin() as session:
            row = _need(session, list_id)
            how(row)
            for position, entry in enumerate(row.entries):
                entry.position = position
            row.changed = now()

    def remove(self, list_id: str, check: Callable[[UnitListRow], None]) -> None:
        """Forget a list with its entries. Raises `NotFound`, and whatever `check` raises: then it stays."""
        with self._sessions.begin() as session:
            row = _need(session, list_id)
            check(row)
            session.delete(row)

    def public(self, *, before: str | None = None, limit: int) -> Sequence[UnitListRow]:
        """The lists that anybody may find, the newest first; `before` is the id of the last one already seen."""
        query = _public().limit(limit)
        with self._sessions() as session:
            last = session.get(UnitListRow, before) if before else None
            if last is not None:
                query = query.where(
                    (UnitListRow.created < last.created)
                    | ((UnitListRow.created == last.created) & (UnitListRow.id < last.id))
                )
            return session.scalars(query).all()

    def every_public(self) -> Iterator[UnitListRow]:
        """All the lists that anybody may find, the newest first."""
        with self._sessions() as session:
            yield from session.scalars(_public().execution_options(yield_per=BATCH))

    def of_browser(self, browser: str) -> Sequence[UnitListRow]:
        """The lists that a browser made, the newest first."""
        with self._sessions() as session:
            return session.scalars(_newest().where(UnitListRow.browser == browser)).all()

    @remembered(UnitListRow, ListEntryRow)
    def with_unit(self, model: str, layer: str, unit: int, limit: int) -> Sequence[UnitListRow]:
        """The lists that anybody may find and that have a unit, the newest first."""
        on = (ListEntryRow.model == model) & (ListEntryRow.layer == layer) & (ListEntryRow.unit == unit)
        query = _newest().where(UnitListRow.listed, UnitListRow.entries.any(on)).limit(limit)
        with self._sessions() as session:
            return session.scalars(query).all()


def _newest() -> Select[UnitListRow]:
    return select(UnitListRow).order_by(UnitListRow.created.desc(), UnitListRow.id.desc())


def _public() -> Select[UnitListRow]:
    return _newest().where(UnitListRow.listed, UnitListRow.entries.any())


def _need(session: Session, list_id: str) -> UnitListRow:
    row = session.get(UnitListRow, list_id)
    if row is None:
        raise NotFound(f"There is no list {list_id}. It may have been deleted, or made on another server.")
    return row
