"""How much there is: rows by their state, and what the database takes up."""

from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine, func, select, text

from app.store.migrate import revision_of
from app.store.tables import FacetRow, FindingRow, RenderRow


class Tally:
    """Counts; each is one short query and may be asked from any thread."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def renders(self, since: datetime | None = None) -> dict[str, int]:
        """Renders by status: all, or those asked for since."""
        query = select(RenderRow.status, func.count()).group_by(RenderRow.status)
        query = query if since is None else query.where(RenderRow.created >= since)
        with self._engine.connect() as connection:
            return {row[0]: row[1] for row in connection.execute(query)}

    def findings(self, since: datetime | None = None) -> dict[tuple[str, str], int]:
        """Findings by kind and status: all, or those asked for since."""
        query = select(FindingRow.kind, FindingRow.status, func.count()).group_by(FindingRow.kind, FindingRow.status)
        query = query if since is None else query.where(FindingRow.created >= since)
        with self._engine.connect() as connection:
            return {(kind, status): count for kind, status, count in connection.execute(query)}

    def facets(self) -> dict[str, int]:
        """Facets by status."""
        with self._engine.connect() as connection:
            query = select(FacetRow.status, func.count()).group_by(FacetRow.status)
            return {row[0]: row[1] for row in connection.execute(query)}

    @property
    def kind(self) -> str:
        """What database it is: `sqlite`, `postgresql`."""
        return self._engine.dialect.name

    def revision(self) -> str | None:
        """The revision that the database's schema is at; None for an empty one."""
        with self._engine.connect() as connection:
            return revision_of(connection)

    def database_bytes(self) -> int:
        """What the database takes up; 0 where that cannot be asked."""
        if self.kind == "sqlite":
            path = Path(self._engine.url.database or "")
            return sum(each.stat().st_size for each in path.parent.glob(f"{path.name}*") if each.is_file())
        if self.kind == "postgresql":
            with self._engine.connect() as connection:
                return int(connection.scalar(text("SELECT pg_database_size(current_database())")) or 0)
        return 0
