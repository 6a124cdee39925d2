"""Units that stand for a thing however it is shown, by what a corpus records."""

import numpy as np
import pytest

from app.clip.clip import Clip
from app.corpus.column_writer import making
from app.corpus.columns import FOLDER, Columns
from app.corpus.index import Index
from app.errors import NotReady
from app.lab.multimodal import LEAST, concepts, multimodal, strict


def test_a_unit_is_multimodal_if_one_concept_is_far_ahead_in_every_way() -> None:
    means = np.zeros((2, 20, 4))
    means[:, 7, 0] = 1  # ahead in both ways
    means[0, 7, 1] = means[1, 8, 1] = 1  # another one in each
    means[0, 7, 2] = 1
    means[1, :, 2] = np.arange(20) % 8 / 7  # first in the second way, but not alone
    means[0, 9, 3] = 1
    counts = np.full((2, 20), 6)
    assert strict(means, counts) == {0: 7}
    counts[1, 9] = 0  # nothing shows it in the second way, where it is as all others
    assert strict(means, counts) == {0: 7}


def test_concepts_know_what_they_are_called_and_their_family(planted: tuple[Clip, Index]) -> None:
    clip, index = planted
    for _ in making(clip, index):
        pass
    columns = Columns.open(index.folder / FOLDER, index)
    known = {concept.name: concept for concept in concepts(columns, index)}
    assert known["stripes"].names == {"stripes", "zebra"}, "`pattern` is said of others too, and `once` once"
    assert known["red"].relatives == {known["grey 5"].number, known["grey 9"].number}
    assert known["red"].family == {"red", "grey 5", "grey 9"}
    found = multimodal(columns, index, clip.default_layer)
    assert {concepts(columns, index)[number].name for number in found.values()} == {"stripes", "red"}


def test_a_corpus_that_does_not_say_how_it_shows_things_says_so(planted_kindless: tuple[Clip, Index]) -> None:
    clip, index = planted_kindless
    for _ in making(clip, index):
        pass
    with pytest.raises(NotReady, match="label column `kind`"):
        multimodal(Columns.open(index.folder / FOLDER, index), index, clip.default_layer)


def test_a_corpus_of_too_few_concepts_says_how_many_are_needed(
    planted: tuple[Clip, Index], monkeypatch: pytest.MonkeyPatch
) -> None:
    means = np.zeros((2, LEAST, 1))
    means[:, 7] = 1
    assert strict(means, np.ones((2, LEAST), int)) == {0: 7}
    assert strict(means[:, 1:], np.ones((2, LEAST - 1), int)) == {}, "however far ahead"
    clip, index = planted
    for _ in making(clip, index):
        pass
    monkeypatch.setattr("app.lab.multimodal.LEAST", 13)
    with pytest.raises(NotReady, match="records 12 concepts: at least 13 are needed"):
        multimodal(Columns.open(index.folder / FOLDER, index), index, clip.default_layer)
