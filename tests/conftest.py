"""Fixtures that tests of several parts share."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.clip import registry
from app.clip.clip import Clip
from tests.buckets import S3
from tests.databases import PostgreSQL, postgresql, programs
from tests.tiny import tiny_hub_folder

os.environ["FACETSCOPE_ALLOWED_HOSTS"] = "testserver localhost 127.0.0.1"  # the first is how starlette's client asks


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny model as a folder in hub layout, to be served or loaded as `tiny@FOLDER`."""
    return tiny_hub_folder(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="session")
def tiny_clip(tiny_folder: Path) -> Clip:
    """A small random CLIP on the CPU: 64 px, layers layer1.0, layer2.0, layer3.0, layer3.1 and layer4.0 (256 units)."""
    return registry.load(registry.entry(f"tiny@{tiny_folder}"), tiny_folder, "cpu", offline=True)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgreSQL]:
    """A PostgreSQL server of the tests' own."""
    bin = programs()
    if bin is None:
        pytest.skip("PostgreSQL is not installed: install the package postgresql to test on it too")
    with postgresql(bin) as server:
        yield server


@pytest.fixture
def postgres(postgres_server: PostgreSQL) -> PostgreSQL:
    """The server, for one test."""
    postgres_server.again()
    return postgres_server


@pytest.fixture(scope="session")
def s3_server() -> Iterator[S3]:
    """An S3 server of the tests' own."""
    server = S3()
    yield server
    server.stop()


@pytest.fixture
def s3(s3_server: S3, monkeypatch: pytest.MonkeyPatch) -> S3:
    """The server, for one test, and the environment in which it is the one that is asked."""
    for name in [name for name in os.environ if name.startswith(("AWS_", "FSSPEC_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_server.url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "anna")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hidden")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, os.devnull)
    return s3_server


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'facetscope.sqlite3'}"
    return request.getfixturevalue("postgres").new()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests last: Playwright leaves an event loop running in this thread, and `asyncio.run` refuses to nest."""
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)
