"""Databases as released versions left them: `schemas/KIND/REVISION.sql` is what that revision did, then a row in each table
that it made; those up to a revision, one after the other, make the database that it left.

A file is made once, from the migration itself, and then stays as it is, so that a later change of a migration shows:
`python -m tests.store.schemas 0009`.
"""

import json
import sqlite3
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import Engine, MetaData, String, Table, event, insert, literal

from app.spec import RenderSpec
from app.store.database import connect
from app.store.migrate import migrate, revisions
from tests.databases import postgresql, programs

CHANGES = ("ALTER", "CREATE", "DELETE", "DROP", "INSERT", "UPDATE")
FOLDER = Path(__file__).parent / "schemas"
SPEC = RenderSpec.model_validate({"model": "iconclip", "layer": "layer4.1", "unit": 3})
WHEN = datetime(2026, 1, 1, 12)
UNIT = {"model": "iconclip", "layer": "layer4.1", "unit": 3}
INDEX = {"corpus": "iconclip-corpus", "key": "k1"}
ROWS: dict[str, dict[str, Any]] = {
    "facets": {
        "id": "f1",
        "name": "maps",
        "model": "iconclip",
        "status": "ready",
        "progress": "",
        "shipped": False,
        "positives": 8,
        "negatives": 16,
        "refused": [],
        "layers": [{"layer": "layer3.0", "auc": 0.9}],
        "warnings": ["few images"],
        "created": WHEN,
    },
    "facet_images": {"facet_id": "f1", "position": 0, "blob": "b1", "name": "größe.png"},
    "renders": UNIT
    | {"id": SPEC.id, "spec": SPEC.canonical(), "status": "done", "step": 192, "elapsed_s": 1.5, "created": WHEN},
    "looks": {
        "id": "l1",
        "name": "cat.png",
        "model": "iconclip",
        "blob": "b1",
        "layers": {"layer4.1": [[3, 2.5]]},
        "created": WHEN,
    },
    "unit_labels": UNIT | {"browser": "b", "text": "apple", "accepted": False, "name": "Ada", "created": WHEN},
    "label_votes": UNIT | {"word": "apple", "browser": "b", "up": True, "created": WHEN},
    "findings": UNIT
    | {
        "id": "n1",
        "kind": "captions",
        "spec": "{}",
        "status": "done",
        "progress": "",
        "step": 3,
        "steps": 3,
        "result": {"captions": ["a red apple"]},
        "elapsed_s": 2.0,
        "created": WHEN,
    },
    "labellings": UNIT
    | INDEX
    | {
        "id": "g1",
        "browser": "b",
        "name": "Ada",
        "images": [5, 9],
        "bands": [0, 1],
        "edges": [0.0, 1.0],
        "categories": ["apples"],
        "tags": [[0, "apples"]],
        "created": WHEN,
    },
    "quizzes": UNIT | INDEX | {"id": "q1", "reference": "dataset", "browser": "b", "created": WHEN},
    "quiz_trials": {
        "quiz_id": "q1",
        "number": 1,
        "unit": 3,
        "seed": 0,
        "strongest": [1],
        "weakest": [2],
        "pair": [3, 4],
        "activations": [0.5, 0.1],
        "sds": [2.0, 0.2],
        "answer": 0,
        "chosen": 0,
        "asked": WHEN,
    },
    "surveys": INDEX
    | {
        "id": "s1",
        "model": "iconclip",
        "layer": "layer4.1",
        "seed": 0,
        "units": [3, 4],
        "browser": "b",
        "name": "",
        "created": WHEN,
    },
    "judgements": {"survey_id": "s1", "place": 1, "unit": 3, "verdict": "yes", "words": "apples", "created": WHEN},
    "notes": UNIT | {"id": "o1", "browser": "b", "text": "It *likes* apples.", "name": "Ada", "created": WHEN},
    "note_votes": {"note": "o1", "browser": "c", "up": True, "created": WHEN},
    "unit_lists": {
        "id": "u1",
        "browser": "b",
        "title": "Fruit",
        "description": "",
        "listed": True,
        "changed": WHEN,
        "created": WHEN,
    },
    "api_keys": {"name": "anna", "scope": "make", "digest": "0" * 64, "created": WHEN},
    "sessions": {"id": "1" * 64, "key": "anna", "ends": WHEN},
    "list_entries": UNIT | {"list_id": "u1", "position": 0, "remark": "red ones"},
}


def opened_at(url: str, revision: str) -> Engine:
    """A database as that revision left it."""
    engine = connect(url)
    done = revisions()[: revisions().index(revision) + 1]
    script = "".join((FOLDER / engine.dialect.name / f"{each}.sql").read_text() for each in done)
    if engine.dialect.name == "sqlite":
        with closing(sqlite3.connect(engine.url.database or "")) as database:
            database.executescript(f"BEGIN; {script} COMMIT;")
    else:
        with psycopg.connect(url.replace("+psycopg", "")) as database:
            database.execute(script.encode())
    return engine


def fill(engine: Engine) -> None:
    """A row in each table that there is."""
    with engine.begin() as connection:
        for table in _tables(engine):
            connection.execute(insert(table).values(ROWS[table.name]))


def make(revision: str) -> None:
    """Write the files of a revision, on top of those of the earlier ones."""
    bin = programs()
    assert bin, "PostgreSQL is not installed"
    with tempfile.TemporaryDirectory() as folder, postgresql(bin) as server:
        for url in (f"sqlite:///{folder}/a.sqlite3", server.new()):
            earlier = revisions()[: revisions().index(revision)]
            engine = opened_at(url, earlier[-1]) if earlier else connect(url)
            path = FOLDER / engine.dialect.name / f"{revision}.sql"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("".join(f"{each.strip()};\n" for each in _done(engine, revision)))
            engine.dispose()


def _done(engine: Engine, revision: str) -> Iterator[str]:
    """What a migration does, and the rows of the tables that it makes."""
    tables, done = MetaData(), []
    tables.reflect(engine)
    event.listen(engine, "before_cursor_execute", lambda *said: done.append(said[2]))
    migrate(engine, revision)
    yield from [each for each in done if each.strip().startswith(CHANGES)]
    for table in _tables(engine, but=tables.tables):
        row = insert(table).values({name: _plain(value) for name, value in ROWS[table.name].items()})
        yield str(row.compile(engine, compile_kwargs={"literal_binds": True}))


def _plain(value: Any) -> Any:
    """JSON as the text that it is kept as."""
    return literal(json.dumps(value), String()) if isinstance(value, list | dict) else value


def _tables(engine: Engine, but: Iterable[str] = ()) -> list[Table]:
    tables = MetaData()
    tables.reflect(engine)
    return [table for table in tables.sorted_tables if table.name not in {"alembic_version", *but}]


if __name__ == "__main__":
    for each in sys.argv[1:]:
        make(each)
