"""Words as vectors: cosines, sums and neighbours equal those written out in float64."""

import tracemalloc

import numpy as np
import pytest
import torch

from app.lab import word_file
from app.lab.lexicographic import drawn, lexicographic, spelled_alike
from app.lab.top_words import RENDERINGS, WordDrive, common
from app.lab.word_file import WordFile
from app.lab.word_vectors import WordVectors, cosines, normalised

WORDS, UNITS = common("en", 300), 40


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> WordFile:
    """Random words; unit 3 answers to those that begin with `s` and end with `e`."""
    values = torch.randn(len(WORDS), UNITS, generator=torch.Generator().manual_seed(1)) + 5
    values[:, 3] += torch.tensor([10.0 * (word.startswith("s") + word.endswith("e")) for word in WORDS])
    path = tmp_path_factory.mktemp("words") / "words.safetensors"
    word_file.write(path, WordDrive(WORDS, values), RENDERINGS, "weights")
    return WordFile.open(path)


def vectors(file: WordFile, *, masked: bool = False) -> WordVectors:
    kept = ~lexicographic(file) if masked else np.ones(UNITS, bool)
    return WordVectors(file.words, file.values(), kept)


def written_out(file: WordFile) -> dict[str, np.ndarray]:
    """The words' vectors, from the file's units read one by one."""
    values = np.stack([file.unit(unit).values.astype(np.float64) for unit in range(UNITS)])
    return dict(zip(WORDS, (values - values.mean(1, keepdims=True)).T, strict=True))


def test_the_cosine_of_two_words_is_that_of_what_they_do_beyond_the_average(file: WordFile) -> None:
    space = vectors(file)
    found = [space.direction(value, space.mean) for word in ("time", "people") if (value := space.of(word)) is not None]
    one, other = (written_out(file)[word] for word in ("time", "people"))
    expected = one @ other / np.linalg.norm(one) / np.linalg.norm(other)
    np.testing.assert_allclose(cosines(found), [[1, expected], [expected, 1]], atol=1e-12)
    assert space.of("never drawn") is None


def test_neighbours_are_the_words_with_the_largest_cosine_but_for_those_left_out(file: WordFile) -> None:
    space = vectors(file)
    terms = {"time": 1, "people": -1, "work": 1}
    values = written_out(file)
    vector = sum(sign * values[word] / np.linalg.norm(values[word]) for word, sign in terms.items())
    cosine = {word: vector @ value / np.linalg.norm(vector) / np.linalg.norm(value) for word, value in values.items()}
    expected = sorted((word for word in WORDS if word not in terms), key=lambda word: -cosine[word])[:10]
    found = space.nearest(np.asarray(vector), 10, without=["TIME", "people", "work"])
    assert [word for word, _ in found] == expected
    np.testing.assert_allclose([value for _, value in found], [cosine[word] for word in expected], atol=1e-6)


def test_a_masked_unit_counts_in_no_comparison(file: WordFile) -> None:
    space, all_units = vectors(file, masked=True), vectors(file)
    assert np.flatnonzero(~space.kept).tolist() == [3]
    value = all_units.of("time")
    assert value is not None
    direction = space.direction(value, space.mean)
    assert direction[3] == 0 != all_units.direction(value, all_units.mean)[3]
    without = WordVectors(WORDS, np.delete(file.values(), 3, 0), np.ones(UNITS - 1, bool))
    expected = without.nearest(np.delete(direction, 3), 5, ["time"])
    assert [word for word, _ in space.nearest(direction, 5, ["time"])] == [word for word, _ in expected]


def test_what_is_like_the_average_has_no_direction(file: WordFile) -> None:
    space = vectors(file)
    nothing = space.direction(space.mean, space.mean)
    assert not nothing.any() and not cosines([nothing, normalised(np.ones(UNITS))])[0].any()
    assert [value for _, value in space.nearest(nothing, 3)] == [0, 0, 0]


def test_spelling_is_compared_by_pairs_of_letters_but_not_of_forms_of_one_word() -> None:
    words = ("cat", "cats", "mat", "developer", "developing", "zoo")
    pairs = np.array([[0, 2], [0, 1], [3, 4], [0, 5], [1, 2]])
    # |ca at t$ ^c| and |ma at t$ ^m| share two of four; the marks count
    np.testing.assert_allclose(spelled_alike(words, pairs), [0.5, 0, 0, 0, 2 * 1 / 9])


def test_words_drawn_by_chance_are_as_alike_as_all_of_them() -> None:
    every = spelled_alike(WORDS, np.arange(len(WORDS))[None])[0]
    assert spelled_alike(WORDS, drawn(len(WORDS), 20)).mean() == pytest.approx(float(every), rel=0.1)


def test_many_words_with_letters_of_their_own_take_no_more_room_than_their_letters() -> None:
    words = tuple(2 * chr(0x4E00 + number) for number in range(5000))  # 15,000 pairs of letters
    tracemalloc.start()
    assert not spelled_alike(words, drawn(len(words), 5)).any()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20e6


def test_a_search_takes_less_room_than_the_words_themselves() -> None:
    values = np.random.default_rng(0).normal(5, 1, (500, 2000)).astype(np.float32)
    space = WordVectors(tuple(map(str, range(2000))), values, np.arange(500) % 5 > 0)
    sought = space.direction(values[:, 7].astype(float), space.mean)
    tracemalloc.start()
    assert space.nearest(sought, 1)[0] == ("7", pytest.approx(1, abs=1e-5))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < values.nbytes / 4
