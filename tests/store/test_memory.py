"""What was read is remembered, and never longer than it is true: here, in another process, and after a killed one."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import event

from app.settings import ROOT
from app.spec import RenderSpec
from app.store import Store, UnitLabelRow
from app.store import memory as memory_module
from app.store.tables import now

PLACE = ("iconclip", "layer4.1")


def label(unit: int, text: str) -> UnitLabelRow:
    return UnitLabelRow(
        model=PLACE[0], layer=PLACE[1], unit=unit, browser="b" * 32, text=text, accepted=False, name="", created=now()
    )


@pytest.fixture
def store(tmp_path: Path, database_url: str) -> Iterator[Store]:
    with closing(Store(tmp_path, database_url)) as store:
        yield store


@contextmanager
def counted(store: Store) -> Iterator[list[str]]:
    """The statements that reach the database meanwhile."""
    said: list[str] = []

    def note(*arguments: object) -> None:
        said.append(str(arguments[2]))

    event.listen(store._engine, "before_cursor_execute", note)
    try:
        yield said
    finally:
        event.remove(store._engine, "before_cursor_execute", note)


def test_the_same_question_reaches_the_database_once(store: Store) -> None:
    store.labels.put(label(3, "apple"))
    with counted(store) as said:
        for _ in range(3):
            assert [row.text for row in store.labels.of_layer(*PLACE, 3)] == ["apple"]
            assert [row.text for row in store.labels.of_layer(*PLACE, unit=4)] == []
    assert len(said) == 2


def test_what_was_written_is_read(store: Store) -> None:
    assert store.labels.of_layer(*PLACE, 3) == []
    store.labels.put(label(3, "apple"))
    assert [row.text for row in store.labels.of_layer(*PLACE, 3)] == ["apple"]
    store.labels.put(label(3, "pear"))
    assert [row.text for row in store.labels.of_layer(*PLACE, 3)] == ["pear"]
    store.labels.remove(*PLACE, 3, "b" * 32)
    assert store.labels.of_layer(*PLACE, 3) == []
    spec = RenderSpec.model_validate({"model": PLACE[0], "layer": PLACE[1], "unit": 3})
    assert store.renders(model=PLACE[0]) == []
    store.add_render(spec)
    assert [row.id for row in store.renders(model=PLACE[0])] == [spec.id]


def test_another_table_leaves_it_as_it_is(store: Store) -> None:
    store.labels.put(label(3, "apple"))
    store.labels.of_layer(*PLACE, 3)
    store.add_render(RenderSpec.model_validate({"model": PLACE[0], "layer": PLACE[1], "unit": 3}))
    with counted(store) as said:
        store.labels.of_layer(*PLACE, 3)
    assert said == []


def test_what_another_process_writes_is_read(store: Store, tmp_path: Path, database_url: str) -> None:
    assert store.labels.of_layer(*PLACE, 3) == []
    code = (
        "import sys; from pathlib import Path; from app.store import Store; from tests.store.test_memory import label; "
        "Store(Path(sys.argv[1]), sys.argv[2]).labels.put(label(3, 'apple'))"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path), database_url], cwd=ROOT, check=True)
    assert [row.text for row in store.labels.of_layer(*PLACE, 3)] == ["apple"]


def test_who_could_not_tell_is_heard_after_a_while(
    store: Store, tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory_module, "LONGEST_S", 0.0)
    assert store.labels.of_layer(*PLACE, 3) == []
    with closing(Store(tmp_path / "elsewhere", database_url)) as other:
        other.labels.put(label(3, "apple"))
    assert [row.text for row in store.labels.of_layer(*PLACE, 3)] == ["apple"]


def test_what_fails_is_asked_again(store: Store) -> None:
    store.labels.put(label(3, "apple"))

    def away(*_: object) -> None:
        raise RuntimeError("away")

    event.listen(store._engine, "before_cursor_execute", away)
    with pytest.raises(RuntimeError, match="away"):
        store.labels.of_layer(*PLACE, 3)
    event.remove(store._engine, "before_cursor_execute", away)
    assert [row.text for row in store.labels.of_layer(*PLACE, 3)] == ["apple"]


def test_the_memory_is_bounded(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory_module, "MOST_ROWS", 4)
    for unit in range(4):
        store.labels.put(label(unit, "apple"))
    for unit in range(4):
        store.labels.of_layer(*PLACE, unit)
    with counted(store) as said:
        store.labels.of_layer(*PLACE, 3)
        store.labels.of_layer(*PLACE, 2)
        assert said == []
        store.labels.of_layer(*PLACE, 0)
    assert len(said) == 1


def test_a_full_disk_keeps_nothing_from_being_read(store: Store, tmp_path: Path) -> None:
    (tmp_path / "changes").write_text("in the place of the folder")
    assert store.labels.of_layer(*PLACE, 3) == []
    store.labels.put(label(3, "apple"))
    assert [row.text for row in store.labels.of_layer(*PLACE, 3)] == ["apple"]
