"""The file of a run of top words: what is written is read again, and what cannot be read says so."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from app.errors import NotReady
from app.lab.top_words import RENDERINGS, WordDrive
from app.lab.word_file import WordFile, write

DRIVE = WordDrive(("a", "b", "c"), torch.tensor([[0.0, -5.0], [3.0, -1.0], [3.0, -3.0]]))
TENSORS = {"strongest": torch.zeros(2, 3, dtype=torch.int64)}
ABOUT = {"words": '["a", "b", "c"]', "weights_hash": "w", "renderings": RENDERINGS.model_dump_json()}


def test_a_units_words_are_read_from_the_strongest_on(tmp_path: Path) -> None:
    path = tmp_path / "findings" / "run"
    write(path, DRIVE, RENDERINGS, "w")
    file = WordFile.open(path)
    assert (file.words, file.weights_hash, file.renderings) == (DRIVE.words, "w", RENDERINGS)
    assert file.unit(0).order.tolist() == [1, 2, 0] and file.strongest[1].tolist() == [1, 2, 0]
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize(
    "about",
    [{}, {**ABOUT, "words": "["}, {**ABOUT, "renderings": "{"}, {**ABOUT, "renderings": '{"fonts": 3}'}, None],
)
def test_a_file_that_cannot_be_read_is_not_ready(tmp_path: Path, about: dict[str, str] | None) -> None:
    path = tmp_path / "run"
    save_file({} if about is None else TENSORS, path, ABOUT if about is None else about)
    with pytest.raises(NotReady, match="start the finding again"):
        WordFile.open(path)
