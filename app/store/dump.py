"""A database as one file and back, by what comes with it: SQLite's VACUUM INTO, PostgreSQL's pg_dump and pg_restore."""

import os
import shutil
import subprocess
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, inspect, text

from app.errors import BadInput, NotFound, NotReady
from app.store.migrate import revision_of

NAMES = {"sqlite": "database.sqlite3", "postgresql": "database.pgdump"}


def sqlite_path(engine: Engine) -> Path:
    """Where the file of a SQLite database lies."""
    return Path(engine.url.database or "")


def dump(engine: Engine, folder: Path) -> tuple[str, dict[str, int]]:
    """Write the database as it is at one moment into a folder; returns its revision and the rows of each table.

    Raises:
        NotFound: There is no database of ours.
        NotReady: pg_dump is not installed, or says what is wrong.
    """
    path = folder / NAMES[engine.dialect.name]
    if engine.dialect.name == "sqlite":
        if not sqlite_path(engine).exists():
            raise NotFound(f"There is no database {sqlite_path(engine)}: nothing to back up.")
        with engine.connect() as connection:
            connection.exec_driver_sql("VACUUM INTO ?", (str(path),))
        copy = create_engine(f"sqlite:///{path}")
        try:
            with copy.connect() as connection:
                return _described(connection)
        finally:
            copy.dispose()
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        snapshot = connection.scalar(text("SELECT pg_export_snapshot()"))
        _postgresql("pg_dump", engine, "--format=custom", "--no-owner", f"--snapshot={snapshot}", f"--file={path}")
        return _described(connection)


def check_empty(engine: Engine) -> None:
    """Raise `BadInput` where there is something already, which a restored database must not be mixed with."""
    if engine.dialect.name == "sqlite":
        if sqlite_path(engine).exists():
            raise BadInput(f"data: there is a database {sqlite_path(engine)} already. Restore into a new folder.")
        return
    with engine.connect() as connection:
        if inspect(connection).get_table_names():
            raise BadInput(f"database_url: {engine.url} is not empty. Restore into a new database.")


def load(engine: Engine, path: Path) -> None:
    """Fill an empty PostgreSQL database with what `dump` wrote, all of it or nothing. Raises `NotReady`."""
    _postgresql("pg_restore", engine, "--no-owner", "--no-privileges", "--single-transaction", str(path))


def _described(connection: Connection) -> tuple[str, dict[str, int]]:
    revision = revision_of(connection)
    if revision is None:
        raise NotFound(f"The database {connection.engine.url} is none of Facetscope's: nothing to back up.")
    tables = sorted(set(inspect(connection).get_table_names()) - {"alembic_version"})
    return revision, {name: connection.scalar(text(f'SELECT count(*) FROM "{name}"')) or 0 for name in tables}


def _postgresql(program: str, engine: Engine, *words: str) -> None:
    """Run one of PostgreSQL's programs on a database; other users of the machine must not see its password."""
    found, url = shutil.which(program), engine.url.set(drivername="postgresql")
    if found is None:
        raise NotReady(f"{program} is not installed: install the package postgresql-client, of the server's version.")
    secret = {"PGPASSWORD": str(url.password)} if url.password else {}
    url = url._replace(password=None).render_as_string()
    ended = subprocess.run(
        [found, f"--dbname={url}", *words], env=os.environ | secret, capture_output=True, text=True, check=False
    )
    if ended.returncode:
        raise NotReady(f"{program} failed: {ended.stderr.strip()}")
