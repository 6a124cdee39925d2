from pathlib import Path

import pytest
import torch

from app.clip.clip import Clip
from app.corpus import sample as module
from app.corpus.index import Index
from app.corpus.sample import sample, sample_key


def test_it_is_the_corpus_as_the_model_saw_it(index: Index, tiny_clip: Clip):
    pictures = torch.cat(list(sample(index)))
    assert pictures.shape == (len(index), 3, 64, 64)
    seen = tiny_clip.prepare([index.image(number) for number in range(len(index))])
    assert (pictures - seen).abs().mean() < 1 / 255


def test_of_a_large_corpus_every_so_many_th_picture_is_taken(index: Index, monkeypatch: pytest.MonkeyPatch):
    whole = torch.cat(list(sample(index)))
    key = sample_key(index)
    monkeypatch.setattr(module, "MOST", 60)
    assert torch.equal(torch.cat(list(sample(index))), whole[::3])
    assert sample_key(index) != key


def test_its_key_is_that_of_the_pictures_and_not_of_the_place(index: Index):
    moved = Index(Path("elsewhere"), index.manifest.model_copy(update={"root": Path("there"), "name": "other"}))
    assert sample_key(moved) == sample_key(index)
    for change in ({"corpus_hash": "0" * 16}, {"preprocessing": {**index.manifest.preprocessing, "image_size": 96}}):
        assert sample_key(Index(index.folder, index.manifest.model_copy(update=change))) != sample_key(index)
