"""What was read is remembered until one of its tables is written to, by whatever process of the same data folder.

Who writes tells: once its transaction is over, the modification time of `changes/TABLE` in the data folder is another one.
A read is remembered with the times from before it, so that what was written meanwhile is read by the next one.
"""

import os
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Collection, Hashable
from contextlib import suppress
from functools import wraps
from pathlib import Path
from threading import Lock
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from sqlalchemy import Connection, Delete, Engine, Insert, Update, event
from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor, ExecutionContext
from sqlalchemy.pool import ConnectionPoolEntry

from app.store.tables import Base

P = ParamSpec("P")
Rows = TypeVar("Rows", bound=Collection[Any])

LONGEST_S = 60.0  # for who writes to the same database from another data folder, or was killed before it could tell
MOST_ROWS = 10_000
WRITTEN = "facetscope tables"  # of a connection: what was written with it since it was taken from the pool


class Remembering(Protocol):
    """What has a memory."""

    memory: "Memory"


def remembered(
    *tables: type[Base],
) -> Callable[[Callable[Concatenate[Any, P], Rows]], Callable[Concatenate[Any, P], Rows]]:
    """Make a method that only reads these tables one whose answers are remembered. Nobody may change an answer."""
    names = tuple(table.__tablename__ for table in tables)

    def decorate(method: Callable[Concatenate[Any, P], Rows]) -> Callable[Concatenate[Any, P], Rows]:
        @wraps(method)
        def asked(self: Remembering, *args: P.args, **kwargs: P.kwargs) -> Rows:
            key = method.__qualname__, args, tuple(sorted(kwargs.items()))
            return self.memory.recall(key, names, lambda: method(self, *args, **kwargs))

        return asked

    return decorate


class Memory:
    """The answers of one process, those that were wanted last; any thread may ask."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self._folder = folder
        self._written = Counter[str]()  # here, also where the folder cannot be written to
        self._known = OrderedDict[Hashable, tuple[tuple[object, ...], float, Any]]()
        self._rows = 0
        self._lock = Lock()
        event.listen(engine, "after_cursor_execute", _note)
        event.listen(engine, "checkin", self._tell)

    def recall(self, key: Hashable, tables: tuple[str, ...], read: Callable[[], Rows]) -> Rows:
        """The answer that is remembered under a key, or else what is read now."""
        stamps, now = tuple(map(self._stamp, tables)), time.monotonic()
        with self._lock:
            before, until, answer = self._known.get(key, ((), 0.0, None))
            if before == stamps and now < until:
                self._known.move_to_end(key)
                return answer
        answer = read()
        with self._lock:
            self._forget(key)
            self._known[key] = stamps, now + LONGEST_S, answer
            self._rows += 1 + len(answer)
            while self._rows > MOST_ROWS:
                self._forget(next(iter(self._known)))
        return answer

    def _forget(self, key: Hashable) -> None:
        if key in self._known:
            self._rows -= 1 + len(self._known.pop(key)[2])

    def _stamp(self, table: str) -> tuple[int, int]:
        try:
            # a text instead of a path: a page asks twenty times
            return self._written[table], os.stat(f"{self._folder}/{table}").st_mtime_ns  # noqa: PTH116
        except OSError:
            return self._written[table], 0

    def _tell(self, _connection: DBAPIConnection | None, record: ConnectionPoolEntry) -> None:
        for table in record.info.pop(WRITTEN, ()):
            with self._lock:
                self._written[table] += 1
            self._touch(self._folder / table)

    def _touch(self, path: Path) -> None:
        """Never twice the same time, as the clock of a file system may give it."""
        with suppress(OSError):  # a full disk: this process knows all the same
            path.parent.mkdir(exist_ok=True)
            path.touch()
            now = time.time_ns()
            os.utime(path, ns=(now, now))


def _note(
    connection: Connection,
    _cursor: DBAPICursor,
    _statement: str,
    _parameters: object,
    context: ExecutionContext | None,
    _many: bool,
) -> None:
    statement = context.compiled.statement if context and context.compiled else None
    if isinstance(statement, Delete | Insert | Update):
        connection.info.setdefault(WRITTEN, set()).add(str(statement.table.description))
