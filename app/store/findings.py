"""What instruments found: rows of `findings`."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker

from app.errors import NotFound
from app.spec import FindingSpec
from app.store.again import transactions
from app.store.memory import Memory, remembered
from app.store.tables import UNFINISHED, FindingRow


@transactions
class FindingTable:
    """Methods are short transactions and may be called from any thread."""

    def __init__(self, sessions: sessionmaker[Session], memory: Memory) -> None:
        self._sessions = sessions
        self.memory = memory

    def get(self, finding_id: str) -> FindingRow:
        """One finding. Raises `NotFound`."""
        with self._sessions() as session:
            row = session.get(FindingRow, finding_id)
        if row is None:
            raise NotFound(f"There is no finding {finding_id}. It may have been made on another server.")
        return row

    def find(self, finding_id: str) -> FindingRow | None:
        """One finding, or None."""
        with self._sessions() as session:
            return session.get(FindingRow, finding_id)

    def add(self, spec: FindingSpec) -> bool:
        """Keep a new finding as queued; one that was cancelled or failed is queued again. Returns whether it was new."""
        with self._sessions.begin() as session:
            row = session.get(FindingRow, spec.id)
            if row is None:
                where = {"model": spec.model, "layer": spec.layer, "unit": spec.about}
                session.add(FindingRow(id=spec.id, kind=spec.kind, spec=spec.canonical(), **where))
            elif row.status in ("cancelled", "failed"):
                row.status, row.error, row.step, row.elapsed_s = "queued", None, 0, 0.0
            return row is None

    def requeue(self, finding_id: str, **changes: Any) -> None:
        """Queue a finding again, from its first step."""
        self.change(finding_id, status="queued", error=None, step=0, elapsed_s=0.0, **changes)

    def remove(self, finding_id: str) -> None:
        """Forget a finding that could not be queued."""
        with self._sessions.begin() as session:
            row = session.get(FindingRow, finding_id)
            if row is not None:
                session.delete(row)

    def change(self, finding_id: str, **changes: Any) -> None:
        """Write columns of one finding."""
        with self._sessions.begin() as session:
            session.execute(update(FindingRow).where(FindingRow.id == finding_id).values(**changes))

    def unfinished(self) -> Sequence[FindingRow]:
        """Findings that wait or were interrupted, oldest first."""
        query = select(FindingRow).where(FindingRow.status.in_(UNFINISHED)).order_by(FindingRow.created)
        with self._sessions() as session:
            return session.scalars(query).all()

    @remembered(FindingRow)
    def of_layer(
        self, kind: str, model: str, layer: str | None = None, status: Collection[str] = (), limit: int = 12
    ) -> Sequence[FindingRow]:
        """The findings of a kind about a whole layer, or about any layer of a model, newest first; with a `status` those
        that have one of these."""
        query = select(FindingRow).filter_by(kind=kind, model=model).where(FindingRow.unit.is_(None))
        query = query.filter_by(layer=layer) if layer else query
        query = query.where(FindingRow.status.in_(status)) if status else query
        with self._sessions() as session:
            return session.scalars(query.order_by(FindingRow.created.desc()).limit(limit)).all()

    @remembered(FindingRow)
    def of_unit(self, kind: str, model: str, layer: str, unit: int, limit: int = 12) -> Sequence[FindingRow]:
        """The findings of a kind about a unit, newest first."""
        query = select(FindingRow).filter_by(kind=kind, model=model, layer=layer, unit=unit)
        with self._sessions() as session:
            return session.scalars(query.order_by(FindingRow.created.desc()).limit(limit)).all()
