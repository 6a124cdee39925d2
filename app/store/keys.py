"""Keys and the sessions of those who came in with one: rows of `api_keys` and `sessions`."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session, sessionmaker

from app.errors import BadInput, NotFound
from app.store.again import transactions
from app.store.tables import KeyRow, SessionRow, now


@transactions
class KeyTable:
    """Methods are short transactions and may be called from any thread."""

    def __init__(self, sessions: sessionmaker[Session]) -> None:
        self._sessions = sessions

    def add(self, row: KeyRow) -> None:
        """Keep a new key. Raises `BadInput` if there is one of its name."""
        with self._sessions.begin() as session:
            if session.get(KeyRow, row.name) is not None:
                raise BadInput(f"name: there is a key {row.name} already. Revoke it first, or choose another name.")
            session.add(row)

    def all(self) -> Sequence[KeyRow]:
        """All keys, the oldest first."""
        with self._sessions() as session:
            return session.scalars(select(KeyRow).order_by(KeyRow.created, KeyRow.name)).all()

    def remove(self, name: str) -> None:
        """Forget a key, and end the sessions that were begun with it. Raises `NotFound`."""
        with self._sessions.begin() as session:
            row = session.get(KeyRow, name)
            if row is None:
                raise NotFound(f"There is no key {name}. `key list` says which there are.")
            session.delete(row)

    def of_digest(self, digest: str) -> KeyRow | None:
        """The key of a hash, or None."""
        with self._sessions() as session:
            return session.scalars(select(KeyRow).where(KeyRow.digest == digest)).first()

    def begin(self, session_id: str, key: str | None, lasts: timedelta) -> None:
        """Keep a session, and forget those that are over. One without a `key` was begun with the shared secret."""
        with self._sessions.begin() as session:
            session.execute(delete(SessionRow).where(SessionRow.ends < now()))
            session.add(SessionRow(id=session_id, key=key, ends=now() + lasts))

    def session(self, session_id: str) -> tuple[bool, KeyRow | None]:
        """Whether a session goes on, and the key that it was begun with, if it was one."""
        going_on = select(SessionRow, KeyRow).outerjoin(KeyRow, SessionRow.key == KeyRow.name)
        with self._sessions() as session:
            found = session.execute(going_on.where(SessionRow.id == session_id, SessionRow.ends >= now())).first()
            return (True, found[1]) if found else (False, None)

    def end(self, session_ids: Sequence[str]) -> None:
        """Forget sessions."""
        with self._sessions.begin() as session:
            session.execute(delete(SessionRow).where(SessionRow.id.in_(session_ids)))
