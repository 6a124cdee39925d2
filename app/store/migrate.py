"""Bringing a database to the newest revision: all the way or not at all, and one process at a time."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

from app.errors import Away, NotReady
from app.settings import VERSION

SCRIPTS = Path(__file__).parent / "migrations"
ONLY_ONE = 0x0FACE7  # the number of the lock that a migration of PostgreSQL holds


def migrate(engine: Engine, revision: str = "head") -> None:
    """Bring the schema to a revision; does nothing where it is already there.

    Raises:
        NotReady: The database is of a revision that this version does not know, or cannot be reached.
    """
    try:
        with _alone(engine) as connection:
            _check(connection)
            config = _config()
            config.attributes["connection"] = connection
            command.upgrade(config, revision)
    except Away as away:
        raise NotReady(f"The database {engine.url} cannot be used: {away.__cause__}") from away


def revision_of(connection: Connection) -> str | None:
    """The revision that a database is of; None for an empty one."""
    return MigrationContext.configure(connection).get_current_revision()


def revisions() -> list[str]:
    """All that there ever were, the oldest first."""
    return [each.revision for each in ScriptDirectory.from_config(_config()).walk_revisions()][::-1]


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    return config


def _check(connection: Connection) -> None:
    revision = revision_of(connection)
    if revision is not None and revision not in revisions():
        raise NotReady(
            f"The database is of revision {revision}, which Facetscope {VERSION} does not know: a newer version has used "
            f"it. Install that version, or restore a backup that was made before."
        )


@contextmanager
def _alone(engine: Engine) -> Iterator[Connection]:
    """A transaction that holds what changes tables too, and that no other process migrates beside."""
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            with _unguarded(connection), connection.begin():
                connection.exec_driver_sql("BEGIN IMMEDIATE")
                yield connection
        else:
            with connection.begin():
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({ONLY_ONE})")
                yield connection


@contextmanager
def _unguarded(connection: Connection) -> Iterator[None]:
    """Python's SQLite ends a transaction before it changes a table, unless it is left to us where one begins; and a table
    that is made anew to change a column may be dropped only where nobody looks at who refers to it."""
    driver = connection.connection.driver_connection
    assert driver is not None
    before, driver.isolation_level = driver.isolation_level, None
    driver.execute("PRAGMA foreign_keys=OFF")
    try:
        yield
    finally:
        driver.execute("PRAGMA foreign_keys=ON")
        driver.isolation_level = before
