"""Databases as released versions left them: `schemas/KIND/REVISION.sql`, each with a row in every table.

A file is made once, from the migration itself, and then stays as it is, so that a later change of a migration shows:
`python -m tests.store.schemas 0007`.
"""

import re
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, MetaData, insert, make_url

from app.spec import RenderSpec
from app.store.database import connect
from app.store.migrate import migrate
from tests.databases import postgresql, programs

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


def fill(engine: Engine) -> None:
    """A row in each table that there is."""
    tables = MetaData()
    tables.reflect(engine)
    with engine.begin() as connection:
        for table in tables.sorted_tables:
            if table.name != "alembic_version":
                connection.execute(insert(table).values(ROWS[table.name]))


def make(revision: str) -> None:
    """Write the files of a revision."""
    bin = programs()
    assert bin, "PostgreSQL is not installed"
    with tempfile.TemporaryDirectory() as folder, postgresql(bin) as server:
        for kind, url in (("sqlite", f"sqlite:///{folder}/a.sqlite3"), ("postgresql", server.new())):
            engine = connect(url)
            migrate(engine, revision)
            fill(engine)
            engine.dispose()
            path = FOLDER / kind / f"{revision}.sql"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(_dumped(url, bin))


def _dumped(url: str, bin: Path) -> str:
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(make_url(url).database or "")) as database:
            return "\n".join(database.iterdump()) + "\n"
    dump = [bin / "pg_dump", "--inserts", "--no-owner", "-d", url.replace("+psycopg", "")]
    text = subprocess.run(dump, check=True, capture_output=True, text=True).stdout
    return re.sub(
        r"\n{2,}", "\n", re.sub(r"(?m)^(--|SET |SELECT pg_catalog|COMMENT ON SCHEMA |REVOKE |\\).*$", "", text)
    ).lstrip()


if __name__ == "__main__":
    for each in sys.argv[1:]:
        make(each)
