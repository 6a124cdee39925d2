"""The only writer: rows and files of what people made, behind methods in the project's words."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import select, update
from sqlalchemy.orm import Session, raiseload, sessionmaker

from app.errors import NotFound
from app.spec import RenderSpec
from app.store.again import transactions
from app.store.blobs import blobs_at
from app.store.database import connect
from app.store.files import Files
from app.store.findings import FindingTable
from app.store.keeping import Keeping
from app.store.keys import KeyTable
from app.store.labellings import LabellingTable
from app.store.labels import LabelTable
from app.store.lists import ListTable
from app.store.memory import Memory, remembered
from app.store.migrate import migrate
from app.store.notes import NoteTable
from app.store.quizzes import QuizTable
from app.store.surveys import SurveyTable
from app.store.tables import UNDRAWN, UNFINISHED, Base, FacetImageRow, FacetRow, LookRow, RenderRow
from app.store.tally import Tally

Row = TypeVar("Row", bound=Base)


@transactions
class Store:
    """One data folder, its database, and where its pictures are kept. Methods are short transactions and may be called from
    any thread."""

    def __init__(self, data: Path, url: str, blobs: str = "") -> None:
        data.mkdir(parents=True, exist_ok=True)
        self.files = Files(data, blobs_at(blobs, data))
        self._engine = connect(url)
        self._sessions = sessionmaker(self._engine, expire_on_commit=False)
        try:
            migrate(self._engine)
        except BaseException:
            self._engine.dispose()
            raise
        self.memory = Memory(self._engine, data / "changes")
        self.labels = LabelTable(self._sessions, self.memory)
        self.findings = FindingTable(self._sessions, self.memory)
        self.labellings = LabellingTable(self._sessions, self.memory)
        self.quizzes = QuizTable(self._sessions)
        self.surveys = SurveyTable(self._sessions)
        self.notes = NoteTable(self._sessions, self.memory)
        self.lists = ListTable(self._sessions, self.memory)
        self.keys = KeyTable(self._sessions)
        self.tally = Tally(self._engine)
        self.keeping = Keeping(self._sessions, self.files)

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()
        self.files.blobs.close()

    @contextmanager
    def _write(self) -> Iterator[Session]:
        with self._sessions.begin() as session:
            yield session

    def _get(self, table: type[Row], key: str, what: str) -> Row:
        with self._sessions() as session:
            row = session.get(table, key)
        if row is None:
            raise NotFound(f"There is no {what} {key}. It may have been made on another server.")
        return row

    def _change(self, table: type[Row], key: str, changes: dict[str, Any]) -> None:
        with self._write() as session:
            session.execute(update(table).where(table.__table__.c.id == key).values(**changes))

    def facet(self, facet_id: str) -> FacetRow:
        """One facet. Raises `NotFound`."""
        return self._get(FacetRow, facet_id, "facet")

    @remembered(FacetRow, FacetImageRow)
    def facets(self, *, model: str | None = None, images: bool = True) -> Sequence[FacetRow]:
        """All facets, the shipped ones first, then the newest first; without their `images` it takes a tenth of the time."""
        query = select(FacetRow).order_by(FacetRow.shipped.desc(), FacetRow.created.desc(), FacetRow.name)
        query = query if images else query.options(raiseload(FacetRow.images))
        with self._sessions() as session:
            return session.scalars(query if model is None else query.where(FacetRow.model == model)).all()

    def add_facet(self, facet: FacetRow, images: Sequence[tuple[str, str]]) -> bool:
        """Keep a new facet with its images as (blob, name); returns whether it was new."""
        with self._write() as session:
            if session.get(FacetRow, facet.id) is not None:
                return False
            facet.images = [FacetImageRow(position=i, blob=blob, name=name) for i, (blob, name) in enumerate(images)]
            session.add(facet)
        return True

    def change_facet(self, facet_id: str, **changes: Any) -> None:
        """Write columns of one facet."""
        self._change(FacetRow, facet_id, changes)

    def render(self, render_id: str) -> RenderRow:
        """One render. Raises `NotFound`."""
        return self._get(RenderRow, render_id, "render")

    def find_render(self, render_id: str) -> RenderRow | None:
        """One render, or None."""
        with self._sessions() as session:
            return session.get(RenderRow, render_id)

    def add_render(self, spec: RenderSpec) -> bool:
        """Keep a new render as queued; one that was cancelled, failed or cleared is queued again. Returns whether it was new."""
        with self._write() as session:
            row = session.get(RenderRow, spec.id)
            if row is None:
                session.add(
                    RenderRow(
                        id=spec.id,
                        spec=spec.canonical(),
                        model=spec.model,
                        layer=spec.layer,
                        unit=spec.unit,
                        picture=spec.picture,
                        facet=spec.facet,
                    )
                )
            elif row.status in UNDRAWN:
                row.status, row.error, row.step, row.elapsed_s = "queued", None, 0, 0.0
            return row is None

    def remove_render(self, render_id: str) -> None:
        """Forget a render that could not be queued."""
        with self._write() as session:
            row = session.get(RenderRow, render_id)
            if row is not None:
                session.delete(row)

    def change_render(self, render_id: str, **changes: Any) -> None:
        """Write columns of one render."""
        self._change(RenderRow, render_id, changes)

    def unfinished_renders(self) -> Sequence[RenderRow]:
        """Renders that wait or were interrupted, oldest first."""
        query = select(RenderRow).where(RenderRow.status.in_(UNFINISHED)).order_by(RenderRow.created)
        with self._sessions() as session:
            return session.scalars(query).all()

    @remembered(RenderRow)
    def renders(
        self,
        *,
        model: str | None = None,
        layer: str | None = None,
        unit: int | None = None,
        facet: str | None = None,
        before: str | None = None,
        limit: int | None = 48,
    ) -> Sequence[RenderRow]:
        """Renders, newest first, that match all that is given; `before` is the id of the last one already seen. Those
        of a facet are all in which it has a part."""
        query = select(RenderRow).order_by(RenderRow.created.desc(), RenderRow.id.desc()).limit(limit)
        wanted = {"model": model, "layer": layer, "unit": unit}
        query = query.filter_by(**{name: value for name, value in wanted.items() if value is not None})
        if facet is not None:
            query = query.where(RenderRow.spec.contains(f'"facet":"{facet}"', autoescape=True))
        with self._sessions() as session:
            last = session.get(RenderRow, before) if before else None
            if last is not None:
                query = query.where(
                    (RenderRow.created < last.created)
                    | ((RenderRow.created == last.created) & (RenderRow.id < last.id))
                )
            return session.scalars(query).all()

    def look(self, look_id: str) -> LookRow:
        """One look. Raises `NotFound`."""
        return self._get(LookRow, look_id, "look")

    def add_look(self, look: LookRow) -> None:
        """Keep a look; the same picture under the same model and corpus is one look."""
        with self._write() as session:
            session.merge(look)

    def looks(self, limit: int = 48) -> Sequence[LookRow]:
        """Looks, newest first."""
        with self._sessions() as session:
            return session.scalars(select(LookRow).order_by(LookRow.created.desc()).limit(limit)).all()
