"""What a unit's page says of drawn words where the run's file cannot be used."""

import torch

from app.lab import word_file
from app.lab.top_words import RENDERINGS, WordDrive
from app.microscope import Microscope
from app.spec import WordsSpec
from app.store import FindingRow

SPEC = WordsSpec(model="small", layer="layer4.0", language="en", count=10, pasted=None)


def finished(microscope: Microscope, weights_hash: str) -> FindingRow:
    """A finished run, with a file of these weights."""
    microscope.store.findings.add(SPEC)
    microscope.store.findings.change(SPEC.id, status="done")
    drive = WordDrive(("a", "b"), torch.eye(2, 256))
    word_file.write(microscope.store.files.finding(SPEC.id), drive, RENDERINGS, weights_hash)
    return microscope.store.findings.get(SPEC.id)


def check(microscope: Microscope, weights_hash: str, there: bool) -> None:
    row, desk = finished(microscope, weights_hash), microscope.top_words
    assert desk.remains(row) is there
    assert (desk.section("small", "layer4.0", 0).found is not None) is there
    microscope.store.files.finding(SPEC.id).write_bytes(b"broken")
    assert not desk.remains(row) and desk.section("small", "layer4.0", 0).found is None
    microscope.store.findings.remove(SPEC.id)


def test_a_run_counts_while_its_file_can_be_read_and_is_of_the_weights(shared: Microscope) -> None:
    check(shared, shared.residents.clip("small").weights_hash, there=True)
    check(shared, "other", there=False)


def test_it_counts_before_the_weights_are_there_to_compare(unloaded: Microscope) -> None:
    check(unloaded, "w", there=True)
