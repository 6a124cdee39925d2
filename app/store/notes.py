"""Notes about units and how people voted on them: rows of `notes` and `note_votes`."""

from collections.abc import Iterator, Mapping, Sequence

from sqlalchemy import delete, select
from sqlalchemy.orm import Session, sessionmaker

from app.errors import NotFound
from app.store.again import transactions
from app.store.labels import BATCH, Votes, counted
from app.store.memory import Memory, remembered
from app.store.tables import NoteRow, NoteVoteRow


@transactions
class NoteTable:
    """Methods are short transactions and may be called from any thread."""

    def __init__(self, sessions: sessionmaker[Session], memory: Memory) -> None:
        self._sessions = sessions
        self.memory = memory

    def get(self, note_id: str) -> NoteRow:
        """One note. Raises `NotFound`."""
        with self._sessions() as session:
            row = session.get(NoteRow, note_id)
        if row is None:
            raise NotFound(f"There is no note {note_id}: its author has taken it back.", field="note")
        return row

    @remembered(NoteRow)
    def of_unit(self, model: str, layer: str, unit: int) -> Sequence[NoteRow]:
        """The notes about a unit, the newest first."""
        query = select(NoteRow).filter_by(model=model, layer=layer, unit=unit)
        with self._sessions() as session:
            return session.scalars(query.order_by(NoteRow.created.desc(), NoteRow.id)).all()

    def put(self, row: NoteRow) -> None:
        """Keep a note, in the place of the one of the same id. Votes were on what it said: another text has none."""
        with self._sessions.begin() as session:
            known = session.get(NoteRow, row.id)
            if known is None:
                session.add(row)
                return
            if known.text != row.text:
                session.execute(delete(NoteVoteRow).where(NoteVoteRow.note == row.id))
                known.text, known.changed = row.text, row.created
            known.name = row.name

    def remove(self, note_id: str) -> None:
        """Forget a note and the votes on it."""
        with self._sessions.begin() as session:
            session.execute(delete(NoteVoteRow).where(NoteVoteRow.note == note_id))
            session.execute(delete(NoteRow).where(NoteRow.id == note_id))

    def vote(self, row: NoteVoteRow) -> None:
        """Count a vote, in the place of the one that the same browser cast before."""
        with self._sessions.begin() as session:
            session.merge(row)

    def unvote(self, note_id: str, browser: str) -> None:
        """Take a browser's vote on a note back."""
        with self._sessions.begin() as session:
            session.execute(delete(NoteVoteRow).where(NoteVoteRow.note == note_id, NoteVoteRow.browser == browser))

    def votes(self, notes: Sequence[str]) -> Mapping[str, Votes]:
        """The votes on notes, by id; those without any are not in it."""
        query = select(NoteVoteRow.note, *counted(NoteVoteRow.up)).where(NoteVoteRow.note.in_(notes))
        with self._sessions() as session:
            rows = session.execute(query.group_by(NoteVoteRow.note))
            return {note: Votes(up, down) for note, up, down in rows}

    def voted(self, notes: Sequence[str], browser: str) -> Mapping[str, bool]:
        """How a browser voted on notes, by id; those that it did not vote on are not in it."""
        query = select(NoteVoteRow.note, NoteVoteRow.up).where(
            NoteVoteRow.note.in_(notes), NoteVoteRow.browser == browser
        )
        with self._sessions() as session:
            return {row.note: row.up for row in session.execute(query)}

    def every(self) -> Iterator[tuple[NoteRow, Votes]]:
        """All notes with the votes on them, unit by unit and then the oldest first."""
        row, vote = NoteRow, NoteVoteRow
        query = select(row, *counted(vote.up)).outerjoin(vote, vote.note == row.id).group_by(row.id)
        query = query.order_by(row.model, row.layer, row.unit, row.created, row.id)
        with self._sessions() as session:
            for note, ups, downs in session.execute(query.execution_options(yield_per=BATCH)):
                yield note, Votes(ups, downs)
