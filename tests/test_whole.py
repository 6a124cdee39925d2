"""Files written whole or not at all."""

from pathlib import Path

import pytest

from app.whole import PRIVATE, write_whole


def test_the_new_bytes_take_the_place_of_the_old_ones(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file"
    write_whole(path, b"old")
    write_whole(path, b"new", PRIVATE)
    assert path.read_bytes() == b"new" and path.stat().st_mode & 0o777 == PRIVATE
    assert list(path.parent.iterdir()) == [path]


def test_a_write_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "folder"
    path.mkdir()
    with pytest.raises(OSError, match="folder"):
        write_whole(path, b"data")
    assert list(tmp_path.iterdir()) == [path]
