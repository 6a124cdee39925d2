"""Files written whole or not at all, and what a killed writer leaves."""

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from app.settings import ROOT
from app.whole import PART, PRIVATE, files_below, sweep, write_whole, writing

WRITER = """
import sys, time
from pathlib import Path
from app.whole import writing
with writing(Path(sys.argv[1])) as file:
    file.write(b"half"); file.flush(); print("writing", flush=True); time.sleep(60)
"""

MAKER = """
import sys, time
from pathlib import Path
from app.whole import new_folder
with new_folder(Path(sys.argv[1])) as folder:
    (folder / "file").write_bytes(b"half"); print("writing", flush=True); time.sleep(60)
"""


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


def test_an_error_while_writing_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_whole(path, b"old")
    with pytest.raises(ZeroDivisionError), writing(path) as file:
        file.write(b"new")
        raise ZeroDivisionError
    assert path.read_bytes() == b"old" and list(tmp_path.iterdir()) == [path]


def test_a_sweep_takes_what_a_killed_writer_left_and_nothing_of_a_living_one(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "file"
    command = [sys.executable, "-c", WRITER, str(path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as writer:
        assert writer.stdout and writer.stdout.readline() == b"writing\n"
        assert sweep(tmp_path) == 0 and [each.read_bytes() for each in path.parent.glob(f"{PART}*")] == [b"half"]
        writer.send_signal(signal.SIGKILL)
    assert sweep(tmp_path) == 1 and not list(path.parent.iterdir())


def test_a_new_folder_is_swept_once_its_maker_is_killed_and_not_before(tmp_path: Path) -> None:
    command = [sys.executable, "-c", MAKER, str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout and process.stdout.readline() == b"writing\n"
        assert sweep(tmp_path) == 0 and len(list(tmp_path.glob(f"{PART}*/file"))) == 1
        process.send_signal(signal.SIGKILL)
    assert sweep(tmp_path) == 1 and not list(tmp_path.iterdir())


def test_folders_that_go_while_files_are_listed_are_passed_over(tmp_path: Path) -> None:
    for name in "abc":
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").touch()
    listed = files_below(tmp_path)
    first = next(listed)
    for folder in {tmp_path / name for name in "abc"} - {first.parent}:
        shutil.rmtree(folder)
    assert list(listed) == [] and list(files_below(tmp_path / "none")) == []
