"""Databases to test on: SQLite files, and a PostgreSQL of our own, started where Debian's is installed."""

import os
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import create_engine, make_url

SERVER = "postgres"  # who runs it where we are root, whom it refuses
QUICK = "-c fsync=off -c full_page_writes=off -c listen_addresses= -c shared_buffers=16MB"


def programs() -> Path | None:
    """The folder of the newest PostgreSQL's programs, if there is one."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    on_path = shutil.which("initdb")
    return found[-1].parent if found else Path(on_path).parent if on_path else None


class PostgreSQL:
    """A server in a folder, reached by a socket in it."""

    def __init__(self, folder: Path, bin: Path) -> None:
        self.folder, self.bin = folder, bin
        self.used, self.made = 0, 0

    def url(self, name: str = "postgres") -> str:
        """The URL of one of its databases."""
        return f"postgresql+psycopg://{SERVER}@/{name}?host={self.folder}"

    def new(self) -> str:
        """The URL of an empty database, another one at each call since `again`; to make one takes much longer than to
        empty it."""
        name = f"test{self.used}"
        self.used += 1
        if self.used > self.made:
            self._execute(self.url(), f"CREATE DATABASE {name} TEMPLATE template0 STRATEGY file_copy")
            self.made += 1
        self._execute(self.url(name), "DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
        return self.url(name)

    def again(self) -> None:
        """Begin with the first database: what is in them is not needed any more."""
        self.used = 0

    @contextmanager
    def on_disk(self, folder: Path) -> Iterator[str]:
        """The URL of an empty database whose tables lie in a new folder, and its log where it always does."""
        folder.mkdir()
        if os.geteuid() == 0:
            shutil.chown(folder, SERVER)
        self._execute(self.url(), f"CREATE TABLESPACE elsewhere LOCATION '{folder}'")
        self._execute(self.url(), "CREATE DATABASE elsewhere TEMPLATE template0 TABLESPACE elsewhere")
        try:
            yield self.url("elsewhere")
        finally:
            self._execute(self.url(), "DROP DATABASE elsewhere WITH (FORCE)", "DROP TABLESPACE elsewhere")
            folder.rmdir()

    def _execute(self, url: str, *statements: str) -> None:
        engine = create_engine(url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)
        engine.dispose()

    def start(self) -> None:
        """Start it and wait until it answers."""
        self._run("pg_ctl", "-o", f"{QUICK} -k {self.folder}", "-l", self.folder / "log", "-w", "start")

    def stop(self) -> None:
        """Break every connection off and stop it."""
        self._run("pg_ctl", "-m", "immediate", "-w", "stop")

    def _run(self, program: str, *words: object) -> None:
        user = SERVER if os.geteuid() == 0 else None
        command = [str(self.bin / program), "-D", str(self.folder / "data"), *map(str, words)]
        subprocess.run(command, user=user, check=True, stdout=subprocess.DEVNULL, cwd=self.folder, timeout=60)


@contextmanager
def postgresql(bin: Path) -> Iterator[PostgreSQL]:
    """A PostgreSQL that is stopped at the end. Its folder has a short path: that of a socket may have 107 characters."""
    folder = Path(tempfile.mkdtemp(prefix="facetscope-", dir="/tmp"))
    if os.geteuid() == 0:
        shutil.chown(folder, SERVER)
    server = PostgreSQL(folder, bin)
    try:
        server._run("initdb", "-U", SERVER, "-A", "trust", "--no-sync", "--locale=C.UTF-8", "-E", "UTF8")
        server.start()
        yield server
        server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def locked(url: str) -> Iterator[None]:
    """Nobody else can write to the SQLite database meanwhile."""
    with closing(sqlite3.connect(make_url(url).database or "", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


@contextmanager
def stopped(server: PostgreSQL) -> Iterator[None]:
    """It breaks off and is started again at the end."""
    server.stop()
    try:
        yield
    finally:
        server.start()
