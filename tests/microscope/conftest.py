"""A whole microscope over the tiny model, its own corpus and facet, in a temporary data folder."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.microscope import Microscope
from app.settings import Settings
from tests.pictures import furnished_folder

WAIT_S = 60.0


def wait_for(condition: Callable[[], bool]) -> None:
    """Poll until the condition holds; fail after a minute."""
    deadline = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < deadline, "it did not happen within a minute"
        time.sleep(0.02)


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return furnished_folder(tmp_path_factory.mktemp("models") / "small")


@pytest.fixture
def settings(furnished: Path, tmp_path: Path) -> Settings:
    return Settings(
        models=(f"small@{furnished}",), data=tmp_path / "data", device="cpu", renders_at_once=2, queue_size=3
    )


@pytest.fixture
def microscope(settings: Settings) -> Iterator[Microscope]:
    microscope = Microscope(settings)
    microscope.start()
    wait_for(lambda: microscope.ready()[0])
    wait_for(lambda: [facet.status for facet in microscope.facets().facets] == ["ready"])
    yield microscope
    microscope.close()
