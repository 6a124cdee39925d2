"""Labels of an index of real files by a real (random, tiny) model: what is written, kept, refused and resumed."""

import json
import time
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch

from app.clip.clip import Clip
from app.corpus.build import build
from app.corpus.index import Index
from app.corpus.sources import open_source
from app.errors import BadInput, NotFound, NotReady
from app.lab.labels import LayerLabels, missing, place, stale
from app.lab.making import ABANDONED_S, SHUFFLED, _Scores, making
from app.lab.words import Words, english
from tests.pictures import blobs

LAYER, SIZE = "layer4.0", 40


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pictures")
    for number in range(SIZE):
        image, colour = blobs(number)
        image.save(folder / f"{number:03}.png")
        (folder / f"{number:03}.json").write_text(json.dumps({"concept": colour, "caption": f"{colour} discs"}))
    return folder


@pytest.fixture
def index(tiny_clip: Clip, pictures: Path, tmp_path: Path) -> Index:
    place = tmp_path / "index"
    build(tiny_clip, open_source(str(pictures)), "mine", [LAYER, "layer3.0"], place)
    return Index.open(place)


@pytest.fixture
def words(tmp_path: Path) -> Words:
    path = tmp_path / "words.txt"
    path.write_text("red\ngreen \n\nblue\nRed\nice  cream\nword\n")
    return Words.read(path)


def finish(clip: Clip, index: Index, *rest: object) -> list[tuple[int, int]]:
    return list(making(clip, index, *rest))  # type: ignore[arg-type]


def test_every_unit_gets_words_with_scores_and_it_says_from_what(tiny_clip: Clip, index: Index, words: Words) -> None:
    steps = finish(tiny_clip, index, [LAYER], words)
    assert steps[-1][0] == steps[-1][1] and [done for done, _ in steps] == sorted(done for done, _ in steps)
    found = LayerLabels.open(index, LAYER, words.hash)
    assert len(found.units) == 256 and (found.key, found.words_hash) == (index.manifest.key, words.hash)
    assert found.words == "the 5 words of words.txt" and found.images == SIZE and found.drawn_words == 5
    for unit in found.units:
        scores = [each.score for each in unit.named]
        assert len(scores) == 5 and scores == sorted(scores, reverse=True)
        assert {each.word for each in unit.named} == {"red", "green", "blue", "ice cream", "word"}
        driven = [each.sd for each in unit.drawn]
        assert driven == sorted(driven, reverse=True)
        assert unit.any_word == pytest.approx(np.mean(driven), abs=2e-3)
    assert [each.name for each in index.folder.joinpath("labels").iterdir()] == [f"{LAYER}.json"]


def test_what_is_there_is_kept_and_what_does_not_fit_is_said_with_both(
    tiny_clip: Clip, index: Index, words: Words
) -> None:
    finish(tiny_clip, index, [LAYER], words)
    before = place(index, LAYER).read_bytes()
    assert finish(tiny_clip, index, [LAYER], words) == [] and finish(tiny_clip, index, [LAYER]) == []
    assert place(index, LAYER).read_bytes() == before and missing(index, [LAYER, "layer3.0"]) == ["layer3.0"]
    other = Words(("one", "two"), 0, "two words")
    (said,) = stale(index, [LAYER, "layer3.0"], other.hash)
    assert words.hash in said and other.hash in said
    finish(tiny_clip, index, [LAYER], other)
    assert LayerLabels.open(index, LAYER, other.hash).word_count == 2
    place(index, LAYER).write_text(place(index, LAYER).read_text().replace(index.manifest.key, "0" * 16))
    with pytest.raises(NotReady, match=f"key {'0' * 16}, not {index.manifest.key}"):
        LayerLabels.open(index, LAYER)
    with pytest.raises(NotFound, match="no layer layer9"):
        finish(tiny_clip, index, ["layer9"])


def test_it_goes_on_where_it_was_stopped_and_ends_the_same(
    tiny_clip: Clip, index: Index, words: Words, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.lab.making.KEPT_AT_ONCE", 8)
    finish(tiny_clip, index, [LAYER], words)
    whole = LayerLabels.open(index, LAYER)
    place(index, LAYER).unlink()
    stopped = making(tiny_clip, index, [LAYER], words)
    list(islice(stopped, 5))
    stopped.close()
    seen = []
    encode = tiny_clip.encode_image
    monkeypatch.setattr(tiny_clip, "encode_image", lambda rgb: seen.append(len(rgb)) or encode(rgb))
    finish(tiny_clip, index, [LAYER], words)
    assert 0 < sum(seen) < SIZE
    assert LayerLabels.open(index, LAYER).units == whole.units


def test_what_others_are_at_work_on_stays_whatever_the_clock_says(
    tiny_clip: Clip, index: Index, words: Words, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.lab.making.KEPT_AT_ONCE", 8)
    other, same = making(tiny_clip, index, ["layer3.0"], words), making(tiny_clip, index, ["layer3.0"], words)
    for each in (other, same):
        list(islice(each, 5))
    now = time.time()
    monkeypatch.setattr("app.lab.making.time.time", lambda: now + 2 * ABANDONED_S)
    finish(tiny_clip, index, [LAYER], words)
    for each in (same, other):
        list(each)
    assert sorted(path.name for path in (index.folder / "labels").iterdir()) == ["layer3.0.json", f"{LAYER}.json"]
    assert LayerLabels.open(index, "layer3.0").images == SIZE


def test_a_unit_of_shuffled_images_is_unsure_and_a_planted_one_is_sure() -> None:
    """Through the code that writes the file: word 3 is planted in unit 0; the others are drawn as shuffled units are."""
    draw = np.random.default_rng(0)
    given = draw.normal(-300, 2, (100 + 2 * SHUFFLED, 50)).astype(np.float32)
    given[0, 3] += 30
    scores = _Scores.of(given, 100)
    sure = scores.values[:, 0] > scores.threshold
    assert sure[0] and scores.best[0, 0] == 3
    assert sure[1:].mean() < 0.06
    expected = given[0, 3] - torch.logsumexp(torch.from_numpy(given[100 : 100 + SHUFFLED, 3]), 0).item()
    assert scores.values[0, 0] == pytest.approx(expected + np.log(SHUFFLED), abs=1e-3)


def test_an_index_of_other_weights_is_refused(index: Index, tiny_clip: Clip, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiny_clip, "weights_hash", "f" * 16)
    with pytest.raises(NotReady, match=f"{index.manifest.weights_hash}, not {'f' * 16}"):
        finish(tiny_clip, index)


def test_the_words_of_a_corpus_are_its_concepts_before_common_ones() -> None:
    records = [{"key": str(i), "caption": "a", "concept": ("cat", "dog", "axolotl")[i % 5 // 2]} for i in range(10)]
    records.append({"key": "10", "concept": "once", "licence": "x"})
    words = Words.of_corpus(records)
    assert words.words[: words.own] == ("axolotl", "cat", "dog") and "once" not in words.words
    assert "concept" in words.source and len(words) == len(set(map(str.casefold, words.words)))
    assert "apple" in words.words and {*map(str.casefold, english())} <= {*map(str.casefold, words.words)}
    kinds = Words.of_corpus([{"kind": "photo", "style": "dark"}, {"kind": "photo", "style": "light"}])
    assert kinds.words[: kinds.own] == ("photo",) and Words.of_corpus([]).own == 0


@pytest.mark.parametrize("text", ["", "one\nONE\n", "a\n" + "b" * 81])
def test_a_word_list_that_cannot_be_used_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "words.txt"
    path.write_text(text)
    with pytest.raises(BadInput, match="words"):
        Words.read(path)
    with pytest.raises(BadInput, match="words"):
        Words.read(tmp_path / "none.txt")
