"""Opening the database, SQLite or PostgreSQL: the engine, its bounded waits, and what its errors mean."""

import logging
import sqlite3
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DataError, InterfaceError, NoSuchModuleError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry

from app.errors import Away, BadInput, DiskFull

log = logging.getLogger(__name__)
WAIT_S = 5  # for a lock or a connection, before a request is told to come back
IDLE = 16  # connections that are kept open when nobody needs them
GONE_S = 10  # silence after which a connection counts as broken
SQLITE_AWAY = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CANTOPEN,
}
POSTGRESQL = {
    "connect_timeout": WAIT_S,
    "keepalives_idle": GONE_S,
    "tcp_user_timeout": GONE_S * 1000,
    # moments are kept without their zone
    "options": f"-c lock_timeout={WAIT_S}s -c timezone=UTC",
}
POSTGRESQL_FULL = "53100"  # disk_full
AWAY = (
    "The database does not answer, or something holds it locked. What you may have sent just now is not kept, all else is. "
    "Try again in a moment."
)


def connect(url: str) -> Engine:
    """Make an engine whose waits are bounded; SQLite gets write-ahead logging, so that readers never wait for the writer.

    Its errors are `Away` where the database cannot answer now, and `BadInput` for a value that it cannot hold.

    Raises:
        BadInput: The URL is none, or of a database whose package is not installed.
    """
    sqlite = url.startswith("sqlite")
    options: dict[str, Any] = {"timeout": WAIT_S} if sqlite else POSTGRESQL
    try:
        # as many connections as threads ask for one: none waits for another's
        engine = create_engine(url, connect_args=options, pool_pre_ping=not sqlite, pool_size=IDLE, max_overflow=-1)
    except (ArgumentError, NoSuchModuleError) as error:
        raise BadInput(f"database_url: {error}. Use postgresql+psycopg://USER:PASSWORD@HOST/NAME.") from error
    except ModuleNotFoundError as error:
        raise BadInput(f"database_url: {error.name} is not installed: `uv sync --extra postgres`.") from error
    event.listen(engine, "handle_error", _translate)
    if sqlite:
        event.listen(engine, "connect", _tune_sqlite)
    return engine


def _tune_sqlite(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _translate(context: ExceptionContext) -> None:
    """Raise what the reader is told instead of the driver's error, which becomes its cause."""
    if context.is_pre_ping:  # the pool asks whether a connection is still one, and makes another where it is not
        return
    error = context.sqlalchemy_exception
    if isinstance(error, DataError):
        raise BadInput("A value holds a character, or is of a size, that the database cannot keep.")
    if _is_full(context.original_exception):
        raise DiskFull
    if isinstance(error, InterfaceError | OperationalError) and _is_away(context.original_exception):
        log.warning("the database is away: %s", str(context.original_exception).partition("\n")[0])
        raise Away(AWAY)


def _is_full(error: BaseException) -> bool:
    code, state = getattr(error, "sqlite_errorcode", None), getattr(error, "sqlstate", None)
    return code == sqlite3.SQLITE_FULL or state == POSTGRESQL_FULL


def _is_away(error: BaseException) -> bool:
    """SQLite's operational errors are also those of a wrong statement; PostgreSQL's are all beyond our control."""
    if not isinstance(error, sqlite3.Error):
        return True
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK) & 0xFF in SQLITE_AWAY
