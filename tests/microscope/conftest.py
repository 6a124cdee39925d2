"""A whole microscope over the tiny model, its own corpus and facet, in a temporary data folder."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.microscope import Microscope
from app.settings import Settings
from tests.pictures import furnished_folder

WAIT_S = 240.0


def wait_for(condition: Callable[[], bool]) -> None:
    """Poll until the condition holds; fail after four minutes."""
    deadline = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return furnished_folder(tmp_path_factory.mktemp("models") / "small")


def settings_of(furnished: Path, data: Path) -> Settings:
    return Settings(models=(f"small@{furnished}",), data=data, device="cpu", renders_at_once=2, queue_size=3)


@contextmanager
def started(settings: Settings) -> Iterator[Microscope]:
    """A microscope whose model and facet are there."""
    microscope = Microscope(settings)
    microscope.start()
    wait_for(lambda: microscope.ready()[0])
    wait_for(lambda: [facet.status for facet in microscope.facet_desk.cards().facets] == ["ready"])
    yield microscope
    microscope.close()


@pytest.fixture
def settings(furnished: Path, tmp_path: Path) -> Settings:
    return settings_of(furnished, tmp_path / "data")


@pytest.fixture
def unloaded(settings: Settings) -> Iterator[Microscope]:
    """A microscope that was never started: nothing is loaded."""
    microscope = Microscope(settings)
    yield microscope
    microscope.close()


@pytest.fixture
def microscope(settings: Settings) -> Iterator[Microscope]:
    """One of the test's own, over an empty data folder."""
    with started(settings) as microscope:
        yield microscope


@pytest.fixture(scope="session")
def shared(furnished: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Microscope]:
    """One for all tests that only read, or leave it as they found it. As for a large corpus it makes no labels, which would
    take the processor from the tests that come after."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("app.microscope.labels.UNASKED", 0)
        with started(settings_of(furnished, tmp_path_factory.mktemp("shared") / "data")) as microscope:
            index = microscope.indexes.need("small")
            wait_for(lambda: microscope.column_desk.find(index) is not None)
            wait_for(lambda: not microscope.worker.find("columns:small-corpus"))
            patch.undo()
            yield microscope
