"""What may go and what must stay: forgetting rows with the files that nothing else uses, and clearing pictures for room."""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Text, cast, delete, func, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session, sessionmaker

from app.errors import Away, NotFound
from app.store.files import Files
from app.store.labels import BATCH
from app.store.tables import (
    UNFINISHED,
    Base,
    FacetImageRow,
    FacetRow,
    FindingRow,
    LabelVoteRow,
    ListEntryRow,
    LookRow,
    NoteRow,
    QuizTrialRow,
    RenderRow,
    UnitLabelRow,
    UnitListRow,
)

ID = re.compile(r"\b[0-9a-f]{16}\b")
Row = TypeVar("Row", bound=Base)
RENDER = re.compile(r"\brenders/([0-9a-f]{16})\b")


class Keeping:
    """Methods are short transactions and may be called from any thread. Rows go before files: who is stopped in between
    leaves a file too much, which the next sweep finds, never a row whose file is gone."""

    def __init__(self, sessions: sessionmaker[Session], files: Files) -> None:
        self._sessions = sessions
        self._files = files
        self._left: set[str] = set()  # uploads that are to go

    def used(self) -> set[str]:
        """The uploads that some row names. Of findings everything that could be one's id counts."""
        with self._sessions() as session:
            found = _blobs(session)
            for said in _texts(session, FindingRow.spec, FindingRow.result):
                found |= set(ID.findall(said))
        return found

    def lost_uploads(self) -> list[str]:
        """The pictures that facets, looks and renders name and that are not there."""
        there = self._files.uploads()
        with self._sessions() as session:
            return sorted(_blobs(session) - there)

    def lost_pictures(self) -> list[str]:
        """The renders that are done and whose pictures are not there."""
        drawn = self._files.drawn()
        with self._sessions() as session:
            done = session.scalars(select(RenderRow.id).where(RenderRow.status == "done"))
            return sorted(each for each in done if each not in drawn)

    def drop_unused(self, uploads: Iterable[str]) -> None:
        """Remove those of the uploads that no row names. What is out of reach goes with the next ones, or at the next sweep."""
        self._left.update(uploads)
        with suppress(Away):
            left = set(self._left)
            used = self.used() if left else left
            for upload in left:
                if upload not in used:
                    self._files.drop_upload(upload)
                self._left.discard(upload)

    def shared_renders(self) -> set[str]:
        """The renders that somebody keeps, or that a note, a list or a quiz shows or links to."""
        with self._sessions() as session:
            found: set[str] = set(session.scalars(select(RenderRow.id).where(RenderRow.pinned)))
            columns = (NoteRow.text, UnitListRow.description, ListEntryRow.remark, QuizTrialRow.strongest)
            for said in _texts(session, *columns, QuizTrialRow.weakest):
                found |= set(RENDER.findall(said))
        return found

    def clearable(self) -> Sequence[str]:
        """The renders that are over and that nobody keeps, the oldest first; some may be shared otherwise."""
        query = select(RenderRow.id).where(RenderRow.status.not_in(UNFINISHED), RenderRow.pinned.is_(False))
        with self._sessions() as session:
            return session.scalars(query.order_by(RenderRow.created, RenderRow.id)).all()

    def clear(self, render_id: str) -> int:
        """Remove a render's pictures, unless it was taken up again or is kept by now; returns how many bytes they took up."""
        with self._sessions.begin() as session:
            row = session.get(RenderRow, render_id)
            if row is None or row.status in UNFINISHED or row.pinned:
                return 0
            if row.status == "done":
                row.status = "cleared"
        return self._files.drop_render(render_id)

    def pin(self, render_id: str, *, pinned: bool) -> None:
        """Keep a render's pictures from being cleared, or no longer."""
        with self._sessions.begin() as session:
            session.execute(update(RenderRow).where(RenderRow.id == render_id).values(pinned=pinned))

    def known_renders(self) -> set[str]:
        """The ids of all renders there are."""
        with self._sessions() as session:
            return set(session.scalars(select(RenderRow.id)))

    def forget_looks_before(self, moment: datetime) -> None:
        """Delete the looks that were made before a moment, and those of their pictures that nothing else uses."""
        with self._sessions.begin() as session:
            old = session.scalars(select(LookRow).where(LookRow.created < moment)).all()
            pictures = [row.blob for row in old]
            for row in old:
                session.delete(row)
        if pictures:
            self.drop_unused(pictures)

    def mentions(self, address: str) -> tuple[Sequence[NoteRow], Sequence[UnitListRow]]:
        """The notes and lists whose words have an address in them."""
        remarked = UnitListRow.entries.any(ListEntryRow.remark.contains(address, autoescape=True))
        described = UnitListRow.description.contains(address, autoescape=True)
        with self._sessions() as session:
            notes = session.scalars(select(NoteRow).where(NoteRow.text.contains(address, autoescape=True))).all()
            return notes, session.scalars(select(UnitListRow).where(described | remarked)).all()

    def shown_in_quizzes(self, render_id: str) -> int:
        """How many questions of quizzes show a render."""
        shown = [cast(column, Text).contains(render_id) for column in (QuizTrialRow.strongest, QuizTrialRow.weakest)]
        with self._sessions() as session:
            return session.scalar(select(func.count()).select_from(QuizTrialRow).where(or_(*shown))) or 0

    def users_of(self, upload: str) -> tuple[Sequence[str], Sequence[str]]:
        """The names of the facets that have a picture, and the ids of the renders that start from it."""
        facets = select(FacetRow.name).where(FacetRow.images.any(FacetImageRow.blob == upload))
        with self._sessions() as session:
            renders = session.scalars(select(RenderRow.id).where(RenderRow.picture == upload)).all()
            return session.scalars(facets).all(), renders

    def forget_look(self, look_id: str) -> None:
        """Delete a look, and its picture if nothing else uses it. Raises `NotFound`."""
        with self._sessions.begin() as session:
            row = _need(session.get(LookRow, look_id), "look", look_id)
            session.delete(row)
        self.drop_unused([row.blob])

    def forget_facet(self, facet_id: str) -> None:
        """Delete a facet with its probes, and those of its pictures that nothing else uses. Raises `NotFound`."""
        with self._sessions.begin() as session:
            row = _need(session.get(FacetRow, facet_id), "facet", facet_id)
            pictures = [image.blob for image in row.images]
            session.delete(row)
        self._files.facet_weights(facet_id).unlink(missing_ok=True)
        self.drop_unused(pictures)

    def forget_render(self, render_id: str) -> None:
        """Delete a render with its pictures, and the one it started from if nothing else uses it. Raises `NotFound`."""
        with self._sessions.begin() as session:
            row = _need(session.get(RenderRow, render_id), "render", render_id)
            session.delete(row)
        with suppress(Away):  # a sweep removes what has no row
            self._files.drop_render(render_id)
        self.drop_unused([row.picture] if row.picture else [])

    def forget_finding(self, finding_id: str) -> None:
        """Delete a finding with its file, and those uploads it was made of that nothing else uses. Raises `NotFound`."""
        with self._sessions.begin() as session:
            row = _need(session.get(FindingRow, finding_id), "finding", finding_id)
            said = next(_texts(session, FindingRow.spec, where=finding_id), "")
            found = next(_texts(session, FindingRow.result, where=finding_id), "")
            session.delete(row)
        self._files.finding(finding_id).unlink(missing_ok=True)
        self.drop_unused(ID.findall(said) + ID.findall(found))

    def forget_label(self, model: str, layer: str, unit: int, text: str) -> None:
        """Delete a label of a unit, whoever said it, with the votes on it."""
        place = {"model": model, "layer": layer, "unit": unit}
        with self._sessions.begin() as session:
            session.execute(delete(UnitLabelRow).filter_by(**place, text=text))
            session.execute(delete(LabelVoteRow).filter_by(**place, word=text))


def _blobs(session: Session) -> set[str]:
    """The pictures that facets, looks and renders name."""
    columns = (FacetImageRow.blob, LookRow.blob, RenderRow.picture)
    return {blob for column in columns for blob in session.scalars(select(column).distinct()) if blob}


def _texts(session: Session, *columns: InstrumentedAttribute[Any], where: str | None = None) -> Iterator[str]:
    """What the columns hold, as text; of one finding, `where` is its id."""
    for column in columns:
        query = select(cast(column, Text))
        query = query if where is None else query.where(FindingRow.id == where)
        yield from session.scalars(query.execution_options(yield_per=BATCH))


def _need(row: Row | None, what: str, key: str) -> Row:
    if row is None:
        raise NotFound(f"There is no {what} {key}. It may have been deleted, or made on another server.")
    return row
