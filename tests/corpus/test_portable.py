"""An exported index holds all that it needs, wherever it is taken."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from app.clip.clip import Clip
from app.corpus.build import build
from app.corpus.column_writer import making
from app.corpus.columns import FOLDER, Columns
from app.corpus.index import Index
from app.corpus.portable import export
from app.corpus.sources import open_source
from app.errors import BadInput, NotFound
from app.whole import PART
from tests.corpus.conftest import picture


@pytest.fixture
def built(tiny_clip: Clip, tmp_path: Path) -> Index:
    """Forty pictures wider than high in a folder, their index and its columns."""
    root = tmp_path / "pictures"
    root.mkdir()
    for number in range(40):
        picture(number, (90, 66)).save(root / f"a_{number:02d}.png")
    build(tiny_clip, open_source(str(root)), "mine", ["layer4.0"], tmp_path / "indexes" / "mine")
    index = Index.open(tmp_path / "indexes" / "mine")
    for _ in making(tiny_clip, index):
        pass
    return index


def test_it_is_whole_without_the_pictures_that_it_was_made_of(built: Index, tiny_clip: Clip, tmp_path: Path) -> None:
    (built.folder / "labels").mkdir()
    (built.folder / "labels" / "some.json").write_text("{}")
    (built.folder / f"{PART}columns").mkdir()
    shown, records = [built.image(number) for number in range(40)], [built.record(number) for number in range(40)]
    told: list[tuple[int, int | None]] = []
    export(built, tmp_path / "away" / "mine", lambda *step: told.append(step))
    assert told[-1] == (40, 40)
    tables = dict(built.tables("layer4.0"))
    shutil.rmtree(tmp_path / "pictures")
    (tmp_path / "away").rename(tmp_path / "elsewhere")
    moved = Index.open(tmp_path / "elsewhere" / "mine", clip=tiny_clip, key=built.manifest.key)
    assert [moved.record(number) for number in range(40)] == records
    for number, image in enumerate(shown):
        found = moved.image(number)
        assert found.size == image.size
        assert np.abs(np.asarray(found).astype(int) - np.asarray(image)).mean() < 3
    for name, array in moved.tables("layer4.0").items():
        np.testing.assert_array_equal(array, tables[name])
    assert len(Columns.open(moved.folder / FOLDER, moved)) == 40
    assert (moved.folder / "labels" / "some.json").is_file()
    assert [path.name for path in moved.folder.glob(".*")] == []
    assert moved.manifest.model_copy(update={"root": built.manifest.root}) == built.manifest


def test_nothing_is_left_of_an_export_that_failed_and_nothing_is_replaced(built: Index, tmp_path: Path) -> None:
    (tmp_path / "pictures" / "a_20.png").unlink()
    with pytest.raises(NotFound, match="a_20.png"):
        export(built, tmp_path / "away" / "mine")
    assert list((tmp_path / "away").iterdir()) == []
    (tmp_path / "there").mkdir()
    with pytest.raises(BadInput, match="there already"):
        export(built, tmp_path / "there")
