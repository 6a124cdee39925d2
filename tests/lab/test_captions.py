"""Maximal captions: what a climb promises, on a random model with a real tokenizer."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from app.clip import vocabulary as vocabularies
from app.clip.clip import Clip
from app.clip.text import unit_scores
from app.clip.vocabulary import Vocabulary, pieces
from app.lab.captions import LONGEST, MOVES, Climb, moved, single_words, token_scores

UNIT = 100


@pytest.fixture(scope="module")
def vocabulary(tiny_clip: Clip) -> Vocabulary:
    """Every fortieth token of the real vocabulary, so that reading it takes no time."""
    known = pieces(tiny_clip)[::40]
    with torch.no_grad():
        embedded = tiny_clip.encode_text([piece.strip() for piece in known])
    return Vocabulary(known, torch.nn.functional.normalize(embedded, dim=-1).half())


def test_the_pieces_are_all_tokens_that_can_be_written(tiny_clip: Clip) -> None:
    known = pieces(tiny_clip)
    assert len(known) == len(set(known)) > 48_000
    assert {"cat ", "christmas ", "un"} <= set(known)
    assert not any("start_of_text" in piece or "\N{REPLACEMENT CHARACTER}" in piece for piece in known)
    assert known.index("the ") < known.index("christmas ") < known.index("caturday ")


def test_a_vocabulary_is_read_back_for_the_same_weights_only(vocabulary: Vocabulary, tmp_path: Path) -> None:
    path = tmp_path / "vocabulary.safetensors"
    assert vocabularies.load(path, "these") is None
    vocabularies.save(vocabulary, path, "these")
    assert vocabularies.load(path, "others") is None
    found = vocabularies.load(path, "these")
    assert found is not None
    assert found.pieces == vocabulary.pieces
    assert torch.equal(found.embeddings, vocabulary.embeddings)


def test_reading_embeds_each_token_as_a_text_of_its_own(tiny_clip: Clip, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vocabularies, "pieces", lambda _: ["cat ", "dog ", "un"])
    *told, found = vocabularies.reading(tiny_clip)
    assert told == [(3, 3)]
    assert isinstance(found, Vocabulary)
    scores = token_scores(tiny_clip, found, UNIT)
    np.testing.assert_allclose(scores, unit_scores(tiny_clip, ["cat", "dog", "un"])[:, UNIT], atol=2e-3, rtol=2e-3)


def test_single_words_are_the_best_by_the_units_score(tiny_clip: Clip, vocabulary: Vocabulary) -> None:
    words = single_words(tiny_clip, vocabulary, UNIT, 5)
    scores = token_scores(tiny_clip, vocabulary, UNIT)
    assert [word.score for word in words] == sorted((word.score for word in words), reverse=True)
    assert words[0].score == pytest.approx(scores.max())
    assert words[0].sd == pytest.approx((scores.max() - scores.mean()) / scores.std())
    assert len({word.text for word in words}) == 5


def test_a_climb_only_gets_better_and_beats_every_single_token(tiny_clip: Clip, vocabulary: Vocabulary) -> None:
    best = [
        found[0].objective
        for found in Climb(tiny_clip, vocabulary, UNIT, restarts=4, proposals=24, steps=20, penalty=0.0)
    ]
    assert best == sorted(best)
    assert best[-1] > best[0]
    climb = Climb(tiny_clip, vocabulary, UNIT, restarts=4, proposals=24, steps=20, penalty=0.0)
    *_, found = climb
    best_alone = (token_scores(tiny_clip, vocabulary, UNIT) / climb.scale - climb.prices).max()
    assert found[0].objective > best_alone + 0.01  # more than what storing embeddings in half precision moves
    assert len({caption.text for caption in found}) == len(found)
    assert [each.objective for each in found] == sorted((each.objective for each in found), reverse=True)


def test_a_captions_score_is_that_of_its_text_typed_anew(tiny_clip: Clip, vocabulary: Vocabulary) -> None:
    *_, found = Climb(tiny_clip, vocabulary, UNIT, restarts=4, proposals=8, steps=12)
    again = unit_scores(tiny_clip, [caption.text for caption in found])[:, UNIT]
    np.testing.assert_allclose([caption.score for caption in found], again, atol=1e-5)


def test_a_restart_does_not_depend_on_the_others(tiny_clip: Clip, vocabulary: Vocabulary) -> None:
    *_, many = Climb(tiny_clip, vocabulary, UNIT, restarts=5, proposals=8, steps=8, seed=3)
    alone = Climb(tiny_clip, vocabulary, UNIT, restarts=2, proposals=8, steps=8, seed=3)
    among = Climb(tiny_clip, vocabulary, UNIT, restarts=5, proposals=8, steps=8, seed=3)
    for climb in (alone, among):
        list(climb)
    assert alone.texts == among.texts[:2]
    *_, other = Climb(tiny_clip, vocabulary, UNIT, restarts=5, proposals=8, steps=8, seed=4)
    assert {caption.text for caption in other} != {caption.text for caption in many}


def test_a_high_price_keeps_captions_short(tiny_clip: Clip, vocabulary: Vocabulary) -> None:
    climb = Climb(tiny_clip, vocabulary, UNIT, restarts=4, proposals=16, steps=20, penalty=50.0)
    *_, found = climb
    assert [len(text) for text in climb.texts] == [1] * 4
    *_, free = Climb(tiny_clip, vocabulary, UNIT, restarts=4, proposals=16, steps=20, penalty=0.0)
    assert free[0].score > found[0].score


@given(
    text=st.lists(st.integers(0, 9), min_size=1, max_size=LONGEST).map(tuple),
    move=st.sampled_from(MOVES),
    seed=st.integers(0, 2**32),
)
def test_a_move_changes_as_little_as_it_says(text: tuple[int, ...], move: str, seed: int) -> None:
    after = moved(text, move, 99, np.random.default_rng(seed))
    assert 1 <= len(after) <= LONGEST
    if move == "insert" and len(text) < LONGEST:
        assert sorted(after) == sorted((*text, 99))
    elif move == "delete" and len(text) > 1:
        assert len(after) == len(text) - 1
        assert not set(after) - set(text)
    elif move == "swap" and len(text) > 1:
        assert sorted(after) == sorted(text)
        assert sum(a != b for a, b in zip(text, after, strict=True)) in (0, 2)
    else:
        assert sum(a != b for a, b in zip(text, after, strict=True)) == 1
