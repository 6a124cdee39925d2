"""The images of an index, one row each, in a SQLite file: key, where the bytes lie, what is known of it."""

import json
import sqlite3
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from app.corpus.sources import Item, Locator
from app.spec import canonical_json

FILE = "images.sqlite3"


@dataclass(frozen=True)
class Row:
    """One image of an index."""

    key: str
    locator: Locator
    record: dict[str, str]


class RowWriter:
    """Appends rows to a new file in a folder; the file is whole once the writer is closed without an error."""

    def __init__(self, folder: Path) -> None:
        self.db = sqlite3.connect(folder / FILE)
        self.db.execute(
            "CREATE TABLE images (id INTEGER PRIMARY KEY, key TEXT, file TEXT, start INTEGER, size INTEGER, record TEXT)"
        )
        self.written = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.db.commit()
        self.db.close()

    def add(self, items: Iterable[Item]) -> None:
        """Append images; they are numbered from 0 on."""
        for item in items:
            row = self.written, item.key, item.locator.file, item.locator.start, item.locator.size
            self.db.execute("INSERT INTO images VALUES (?, ?, ?, ?, ?, ?)", (*row, canonical_json(item.record)))
            self.written += 1


class Rows:
    """Reads the rows of an index's folder, from any thread."""

    def __init__(self, folder: Path) -> None:
        address = f"{(folder / FILE).absolute().as_uri()}?mode=ro&immutable=1"
        self.db = sqlite3.connect(address, uri=True, check_same_thread=False)
        self.lock = threading.Lock()  # one connection, one question at a time: faster than opening it for each

    def get(self, number: int) -> Row | None:
        """The row of an image, or None if there is none."""
        with self.lock:
            found = self.db.execute(
                "SELECT key, file, start, size, record FROM images WHERE id = ?", (number,)
            ).fetchone()
        return Row(found[0], Locator(*found[1:4]), json.loads(found[4])) if found else None

    def records(self, numbers: Iterable[int]) -> dict[int, dict[str, str]]:
        """The records of many images in one question; those that are not there are left out."""
        wanted = json.dumps(list(numbers))
        with self.lock:
            found = self.db.execute(
                "SELECT id, record FROM images WHERE id IN (SELECT value FROM json_each(?))", (wanted,)
            ).fetchall()
        return {number: json.loads(record) for number, record in found}
