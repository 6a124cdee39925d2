"""An index that a model folder brings along serves at once; one that does not fit is passed over and said so."""

import logging
import shutil
from pathlib import Path

import pytest

from app.clip import registry
from app.corpus.build import build
from app.corpus.index import Index
from app.corpus.packed import pack
from app.corpus.sources import open_source
from app.job import Job
from app.microscope import Microscope
from app.settings import Settings
from tests.tiny import tiny_hub_folder

LAYER = "layer4.0"


@pytest.fixture
def folder(furnished: Path, tmp_path: Path) -> Path:
    """The furnished model with a packed index of its last layer."""
    folder = tmp_path / "models" / "small"
    shutil.copytree(furnished, folder)
    clip = registry.load(registry.entry(f"small@{folder}"), folder, "cpu", offline=True)
    build(clip, open_source(str(folder / "corpus-*.tar")), "built", [LAYER], tmp_path / "built")
    pack(Index.open(tmp_path / "built"), folder / "index")
    return folder


@pytest.fixture
def brought(folder: Path, tmp_path: Path) -> Microscope:
    """A microscope whose device thread never starts: the test itself takes the steps of its jobs."""
    return Microscope(Settings(models=(f"small@{folder}",), data=tmp_path / "data", device="cpu"))


def own_job(microscope: Microscope) -> Job:
    microscope.residents.load("small")
    job = microscope.indexes.own_job("small")
    assert job is not None
    return job


def test_a_brought_index_serves_before_the_first_picture_is_seen_and_is_then_replaced(brought: Microscope) -> None:
    job = own_job(brought)
    assert not brought.ready()[0]
    steps = iter(job.steps(job))
    next(steps)
    assert brought.ready() == (True, "ready")
    first = brought.indexes.need("small")
    assert first.manifest.layers == (LAYER,) and len(first) == 120
    page = brought.unit_page("small", LAYER, 5)
    assert page.corpus == "small-corpus" and page.stats and page.examples and page.label
    assert not brought.unit_page("small", "layer1.0", 5).examples
    assert brought.corpus_image("small-corpus", 3)
    list(steps)
    last = brought.indexes.need("small")
    assert LAYER in last.manifest.layers and len(last.manifest.layers) > 1
    assert brought.unit_page("small", LAYER, 5) == page
    brought.close()


def test_the_next_start_keeps_the_full_index(brought: Microscope) -> None:
    job = own_job(brought)
    list(job.steps(job))
    manifest = brought.settings.data / "indexes" / "small-corpus" / "manifest.json"
    written = manifest.stat().st_mtime_ns
    job = own_job(brought)
    assert list(job.steps(job)) == []
    assert manifest.stat().st_mtime_ns == written
    brought.close()


def test_an_index_of_other_weights_is_passed_over_with_one_line(
    folder: Path, brought: Microscope, caplog: pytest.LogCaptureFixture
) -> None:
    tiny_hub_folder(folder, seed=1)
    job = own_job(brought)
    steps = iter(job.steps(job))
    with caplog.at_level(logging.WARNING):
        next(steps)
    assert not brought.ready()[0]
    assert len(caplog.records) == 1 and "came with an index that does not fit" in caplog.text
    list(steps)
    assert brought.ready()[0] and len(brought.indexes.need("small").manifest.layers) > 1
    brought.close()
