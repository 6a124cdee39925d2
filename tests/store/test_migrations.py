"""Upgrades from every released schema, with rows in it; a migration that is killed; a database that is too new."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text

from app.errors import NotReady
from app.settings import ROOT
from app.store import Store
from app.store.migrate import migrate, revision_of, revisions
from app.store.tables import Base
from tests.store.schemas import FOLDER, ROWS, SPEC, opened_at

PLACE = ("iconclip", "layer4.1", 3)

KILLED = """
import os, signal, sys
from sqlalchemy import event
from app.store.database import connect
from app.store.migrate import migrate

engine = connect(sys.argv[1])
for last in map(int, sys.argv[2:]):
    seen = 0

    def count(*_):
        global seen
        seen += 1
        if seen == last:
            os.kill(os.getpid(), signal.SIGKILL)

    child = os.fork()
    if child == 0:
        event.listen(engine, "before_cursor_execute", count)
        migrate(engine)
        os._exit(0)
    print(os.waitpid(child, 0)[1])
"""
STATEMENTS = (4, 12, 24)


def test_there_is_a_database_of_every_revision() -> None:
    for kind in ("sqlite", "postgresql"):
        assert [path.stem for path in sorted((FOLDER / kind).glob("*.sql"))] == revisions()


@pytest.mark.parametrize("revision", revisions())
def test_what_people_made_with_an_earlier_version_is_still_there(
    database_url: str, tmp_path: Path, revision: str
) -> None:
    opened_at(database_url, revision).dispose()
    store = Store(tmp_path, database_url)
    with store._engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
    render, facet = store.render(SPEC.id), store.facet("f1")
    assert (render.unit, render.status, render.elapsed_s, render.facet_scores, render.parts) == (3, "done", 1.5, {}, [])
    assert (facet.name, facet.layers[0]["auc"], facet.images[0].name) == ("maps", 0.9, "größe.png")
    assert store.look("l1").layers == {"layer4.1": [[3, 2.5]]}
    if revision >= "0003":
        assert [each.text for each in store.labels.of_layer(*PLACE)] == ["apple"]
        assert store.labels.votes(*PLACE)[3, "apple"].up == 1
    if revision >= "0004":
        assert store.findings.get("n1").result == {"captions": ["a red apple"]}
        assert store.labellings.of_unit(*PLACE)[0].tags == [[0, "apples"]]
    if revision >= "0005":
        assert store.quizzes.tallies("iconclip")["dataset"] == (1, 1)
        assert store.surveys.get("s1").judgements[0].words == "apples"
    if revision >= "0006":
        assert [(note.text, votes.up) for note, votes in store.notes.every()] == [("It *likes* apples.", 1)]
        assert [each.remark for each in store.lists.get("u1").entries] == ["red ones"]
    store.close()


def test_a_migration_that_is_killed_has_not_begun(database_url: str) -> None:
    engine = opened_at(database_url, "0001")
    command = [sys.executable, "-c", KILLED, database_url, *map(str, STATEMENTS)]
    said = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    assert said.stdout.split() == ["9"] * len(STATEMENTS), said.stderr
    with engine.connect() as connection:
        assert revision_of(connection) == "0001"
        assert not inspect(connection).has_table("unit_labels")
        assert connection.scalar(text("SELECT count(*) FROM facet_images")) == 1
    migrate(engine)
    with engine.connect() as connection:
        assert revision_of(connection) == revisions()[-1]
        assert connection.scalar(text("SELECT blob FROM facet_images")) == ROWS["facet_images"]["blob"]
    engine.dispose()


def test_a_database_of_a_newer_version_is_left_alone(database_url: str, tmp_path: Path) -> None:
    engine = opened_at(database_url, "0006")
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(NotReady, match="revision 9999.*newer version"):
        Store(tmp_path, database_url)
    with engine.connect() as connection:
        assert revision_of(connection) == "9999"
    engine.dispose()
