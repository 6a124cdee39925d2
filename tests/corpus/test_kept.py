"""What was composed from an index is kept with it, and goes with it."""

import gc
from pathlib import Path
from weakref import ref

from app.corpus.index import Index
from app.corpus.kept import kept
from app.corpus.manifest import IndexManifest


def index() -> Index:
    return Index(Path("nowhere"), IndexManifest.model_construct(name="a"))


def test_each_index_has_answers_of_its_own() -> None:
    asked: list[tuple[Index, int]] = []

    @kept(2)
    def doubled(of: Index, number: int) -> int:
        asked.append((of, number))
        return 2 * number

    one, other = index(), index()
    assert [doubled(of, number) for of in (one, other, one) for number in (3, 4)] == [6, 8] * 3
    assert asked == [(one, 3), (one, 4), (other, 3), (other, 4)]
    doubled(one, 5)
    doubled(one, 3)
    assert asked[-1] == (one, 3)


def test_an_index_that_nobody_has_is_let_go() -> None:
    @kept(2)
    def name(of: Index) -> str:
        return of.manifest.name

    gc.disable()  # without its help: files are closed at once
    try:
        one = index()
        assert name(one) == "a"
        gone = ref(one)
        del one
        assert gone() is None
    finally:
        gc.enable()
