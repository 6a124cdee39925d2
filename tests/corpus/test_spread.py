"""A build whose partitions are measured by the workers of a real Ray cluster on this machine."""

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from app.clip import registry
from app.corpus.build import Cancelled, build
from app.corpus.sources import open_source
from app.corpus.spread import cluster
from app.errors import BadInput
from app.settings import ROOT
from tests.tiny import tiny_hub_folder

with_ray = pytest.mark.skipif(find_spec("ray") is None, reason="ray is not installed: uv sync --group ray")


@with_ray
def test_workers_make_the_same_index_and_keep_what_was_there(tmp_path: Path, photos: Path) -> None:
    slug = f"small@{tiny_hub_folder(tmp_path / 'model')}"
    clip = registry.load(registry.entry(slug), tmp_path, "cpu", offline=True)
    indexes = tmp_path / "data" / "indexes"
    steps: list[int] = []
    with pytest.raises(Cancelled):
        build(
            clip,
            open_source(str(photos)),
            "mine",
            None,
            indexes / "mine",
            batch_size=32,
            partition=32,
            progress=lambda done, _total: steps.append(done),
            cancelled=lambda: len(steps) == 2,
        )
    words = ["index", "build", "--model", slug, "--images", str(photos), "--name", "mine", "--partition", "32"]
    built = subprocess.run(
        [sys.executable, "-m", "app", *words, "--engine", "ray", "--json"],
        env=os.environ | {"FACETSCOPE_DATA": str(tmp_path / "data"), "FACETSCOPE_DEVICE": "cpu"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert built.returncode == 0, built.stderr
    manifest = json.loads(built.stdout)
    assert (manifest["images"], manifest["skipped"]) == (150, 2)
    assert "Going on: 32 of 152" in built.stderr
    build(clip, open_source(str(photos)), "mine", None, tmp_path / "here")
    for path in [*(tmp_path / "here").rglob("*.npy"), tmp_path / "here" / "images.sqlite3"]:
        assert (indexes / "mine" / path.relative_to(tmp_path / "here")).read_bytes() == path.read_bytes(), path


@pytest.mark.skipif(find_spec("ray") is not None, reason="ray is installed")
def test_without_ray_a_sentence_says_how_to_install_it(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="uv sync --group ray"):
        cluster(tmp_path)
