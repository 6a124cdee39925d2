"""What a unit's page says of drawn words where the run's file cannot be used."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from app.lab import word_file
from app.lab.top_words import RENDERINGS, WordDrive
from app.microscope.top_words import TopWords
from app.spec import WordsSpec
from app.store import Store

SPEC = WordsSpec(model="small", layer="layer4.0", language="en", count=10, pasted=None)
UNLOADED, OTHER, SAME = None, SimpleNamespace(weights_hash="other"), SimpleNamespace(weights_hash="w")


@pytest.mark.parametrize(("clip", "there"), [(UNLOADED, True), (SAME, True), (OTHER, False)])
def test_a_run_counts_while_its_file_can_be_read_and_is_of_the_weights(tmp_path: Path, clip: Any, there: bool) -> None:
    residents: Any = SimpleNamespace(find=lambda slug: clip, pace=lambda slug: None)
    store = Store(tmp_path, f"sqlite:///{tmp_path / 'facetscope.sqlite3'}")
    store.findings.add(SPEC)
    store.findings.change(SPEC.id, status="done")
    desk, row, path = TopWords(store, residents, lambda slug, layer: None), store.findings.get(SPEC.id), store.files
    word_file.write(path.finding(SPEC.id), WordDrive(("a", "b"), torch.eye(2)), RENDERINGS, "w")
    assert desk.remains(row) is there
    assert (desk.section("small", "layer4.0", 0).found is not None) is there
    path.finding(SPEC.id).write_bytes(b"broken")
    assert not desk.remains(row) and desk.section("small", "layer4.0", 0).found is None
    store.close()
