"""What people at a terminal, and logs, are told of a long run."""

import re
import time

import pytest

from app.progress import progress


def test_a_terminal_shows_a_speed_that_what_was_done_before_does_not_raise(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "100")
    with progress("pictures") as tell:
        for done in (50_000, 50_010, 50_020):
            tell(done, 100_000)
            time.sleep(0.1)
    shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", capsys.readouterr().err)
    speeds = [float(speed) for speed in re.findall(r"(\S+)/s", shown)]
    assert "50020/100000" in shown
    assert 0 < speeds[-1] <= 110
    assert re.search(r"\d:\d\d:\d\d", shown)  # time left


def test_a_log_gets_a_line_each_tenth(capsys: pytest.CaptureFixture[str]) -> None:
    with progress("pictures") as tell:
        for done in range(0, 101, 5):
            tell(done, 100)
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "pictures: 10 of 100" and lines[-1] == "pictures: 100 of 100"
    assert len(lines) == 10
