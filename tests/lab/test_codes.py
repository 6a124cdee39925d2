"""Sparse codes of columns in which every class has a unit of its own, and shares another with its neighbour."""

from collections.abc import Sequence
from itertools import count
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from app.corpus.categories import CategoryWriter
from app.corpus.column_writer import ColumnWriter
from app.corpus.columns import Columns
from app.corpus.fingerprint import SIZE, PrintWriter
from app.errors import BadInput, NotReady
from app.lab import code_file
from app.lab.code_file import CodeFile
from app.lab.codes import STEPS, Codes, Progress, Sample, classes, coding, places, sampling, scores
from app.lab.hierarchy import joins
from app.lab.reproduce.codes import rows as reproduced
from app.lab.reproduce.row import HOLDS

LAYER, CLASSES, EACH, UNITS = "layer1.0", 8, 40, 30
IMAGES = CLASSES * EACH
REPEATED = 3  # images of the first class that are one and the same picture


@pytest.fixture(scope="module")
def columns(tmp_path_factory: pytest.TempPathFactory) -> Columns:
    """Unit k is for class k, unit 8 + k for the classes 2k and 2k + 1, the others for nothing."""
    rng = np.random.default_rng(0)
    y = rng.permutation(np.repeat(np.arange(CLASSES), EACH))
    values = rng.normal(size=(IMAGES, UNITS))
    values[np.arange(IMAGES), y] += 2.5
    values[np.arange(IMAGES), CLASSES + y // 2] += 2.5
    records = [{"class": f"class {label}", "side": "left" if label < 4 else "right"} for label in y.tolist()]
    prints = rng.integers(0, 256, (IMAGES, SIZE)).astype(np.uint8)
    same = np.flatnonzero(y == 0)[:REPEATED]
    prints[same] = prints[same[0]]
    return recorded(tmp_path_factory.mktemp("columns"), 5 * values + 3, records, prints)


def recorded(folder: Path, values: np.ndarray, records: Sequence[dict[str, str]], prints: np.ndarray) -> Columns:
    """Images whose units are recorded, with their labels and fingerprints."""
    values, images = values.astype(np.float32), np.arange(len(records))
    writer = ColumnWriter(folder, "key", len(records), {LAYER: np.stack([values.min(0), values.max(0)], 1)})
    writer.add(images, {LAYER: values})
    writer.finish()
    categories = CategoryWriter(len(records))
    for image, record in enumerate(records):
        categories.add(image, record)
    categories.write(folder)
    PrintWriter(folder, len(records)).add(prints)
    return Columns(folder, writer.header)


def sample(columns: Columns, by: str, *, most: int, images: int, seed: int) -> Sample:
    """What is drawn at last; every class is a step, so that no step is long."""
    steps = sampling(columns, by, most=most, images=images, seed=seed)
    for done in count():
        try:
            next(steps)
        except StopIteration as end:
            assert done == len(end.value.names)
            return end.value
    raise AssertionError


@pytest.fixture(scope="module")
def codes(columns: Columns) -> Codes:
    *steps, found = coding(columns, LAYER, sampling(columns, "class", most=20, images=100, seed=0))
    said = [step.done for step in steps if isinstance(step, Progress)]
    assert said == sorted(said) and said[-1] < STEPS
    assert isinstance(found, Codes)
    return found


def test_a_class_is_halved_and_what_repeats_a_trained_image_is_left_out(columns: Columns) -> None:
    takings = [sample(columns, "class", most=20, images=100, seed=seed) for seed in range(6)]
    for taken in takings:
        assert np.bincount(taken.labels[taken.trained]).tolist() == [EACH // 2] * CLASSES
        assert len(taken.images) + taken.duplicates == IMAGES == len(set(taken.images.tolist())) + taken.duplicates
        numbers, values = columns.categories.numbers("class"), columns.categories.values("class")
        assert [values[number] for number in numbers[taken.images]] == [taken.names[place] for place in taken.labels]
    assert {taken.duplicates for taken in takings} > {0}, "if all three are on one side, none is left out"
    assert max(taken.duplicates for taken in takings) < REPEATED
    again = sample(columns, "class", most=20, images=100, seed=0)
    assert np.array_equal(takings[0].images, again.images) and np.array_equal(takings[0].trained, again.trained)
    assert not np.array_equal(takings[0].images[:EACH], takings[1].images[:EACH])


def test_few_images_of_a_class_are_drawn_and_few_classes_taken(columns: Columns) -> None:
    taken = sample(columns, "class", most=3, images=10, seed=0)
    assert len(taken.names) == 3
    assert np.bincount(taken.labels[taken.trained]).tolist() == [5, 5, 5]


def test_a_column_that_gives_no_classes_is_refused(columns: Columns, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"no label column 'colour'.*class, side"):
        classes(columns, "colour", 10)
    few = [{"class": name} for name in "aaaabbb"]
    with pytest.raises(BadInput, match="has 1 values of at least 4 images"):
        classes(recorded(tmp_path, np.eye(7), few, np.zeros((7, SIZE))), "class", 10)


def test_without_a_picture_to_count_on_or_a_unit_that_varies_there_are_no_codes(tmp_path: Path) -> None:
    rng, records = np.random.default_rng(0), [{"class": name} for name in "aaaaaabbbbbb"]
    prints = rng.integers(0, 256, (12, SIZE)).astype(np.uint8)
    flat = recorded(tmp_path, np.ones((12, 3)), records, prints)
    with pytest.raises(NotReady, match="No unit of layer1.0 tells these pictures apart"):
        list(coding(flat, LAYER, sampling(flat, "class", most=2, images=6, seed=0)))
    same = recorded(tmp_path, rng.normal(size=(12, 3)), records, prints[[0] * 6 + [6] * 6])
    with pytest.raises(
        NotReady, match="Every picture of the other half nearly duplicates one of its class in the first"
    ):
        sample(same, "class", most=2, images=6, seed=0)


def test_levels_grow_from_few_units_to_more_and_say_how_well_they_do(codes: Codes) -> None:
    each = [level.each for level in codes.levels]
    assert 0.5 <= each[0] < 2 and each[-1] > 4
    assert all(a.penalty > b.penalty for a, b in zip(codes.levels, codes.levels[1:], strict=False))
    chance, at_three = codes.chance, min(codes.levels, key=lambda level: abs(level.each - 3))
    assert 0.05 < (chance.top1.share or 0) < 0.25 and 0.5 < (chance.top5.share or 0) < 0.75
    for found in (at_three.scores, codes.dense):
        assert (found.top1.share or 0) > 0.85 and found.top5.count >= found.top1.count
        assert (found.top1.low or 0) < (found.top1.share or 0) < (found.top1.high or 0)
    for level in codes.levels:
        assert level.right.sum() == level.scores.top1.count <= len(codes.labels)
        assert level.units <= level.weights


def test_classes_are_coded_by_the_units_that_are_for_them_and_meet_where_they_share_one(codes: Codes) -> None:
    names = [int(name.removeprefix("class ")) for name in codes.sample.names]
    weight = min(codes.levels, key=lambda level: abs(level.each - 3)).model.weight
    for place, name in enumerate(names):
        assert set(np.argsort(-weight[:, place])[:2].tolist()) == {name, CLASSES + name // 2}
    found = joins(weight)[: CLASSES // 2]
    assert {(frozenset((names[join.left], names[join.right])), join.unit) for join in found} == {
        (frozenset((2 * pair, 2 * pair + 1)), CLASSES + pair) for pair in range(CLASSES // 2)
    }


def test_codes_of_three_units_a_class_are_scikit_learns_for_the_trained_half(codes: Codes, columns: Columns) -> None:
    taken = codes.sample
    values = np.stack([columns.unit(LAYER, unit)[taken.images] for unit in range(UNITS)], 1).astype(np.float64)
    train = values[taken.trained]
    level = min(codes.levels, key=lambda level: abs(level.each - 3))
    c = 1 / (len(train) * level.penalty)
    sklearn = LogisticRegression(l1_ratio=1, C=c, solver="saga", tol=1e-6, max_iter=5000, random_state=0)
    sklearn.fit((train - train.mean(0)) / train.std(0), taken.labels[taken.trained])
    assert np.abs(sklearn.coef_.T - level.model.weight).max() < 1e-3
    held = sklearn.predict((values[~taken.trained] - train.mean(0)) / train.std(0))
    assert np.count_nonzero(held == codes.labels) == level.scores.top1.count


def test_the_place_of_the_right_class_counts_those_before_it() -> None:
    odds = np.array([[3.0, 1, 2, 0, 0, 0, 0], [0, 0, 1, 0, 0, 0, 0], [9, 8, 7, 6, 5, 4, 3]])
    labels = np.array([2, 1, 6])
    assert places(odds, labels).tolist() == [1, 2, 6]
    found = scores(odds, np.array([0, 1, 6]))
    assert (found.top1.count, found.top5.count) == (1, 2)


def test_the_file_has_every_level_and_says_what_it_is_of(codes: Codes, tmp_path: Path) -> None:
    path = tmp_path / "codes.safetensors"
    code_file.write(path, codes, weights_hash="w", key="k")
    file = CodeFile.open(path)
    assert (file.names, file.weights_hash, file.key) == (codes.sample.names, "w", "k")
    assert file.held.sum() == len(codes.labels)
    for number, level in enumerate(codes.levels):
        read = file.level(number)
        assert np.array_equal(read.weight, level.model.weight.astype(np.float32))
        assert np.array_equal(read.bias, level.model.bias.astype(np.float32))
        assert np.array_equal(read.right, level.right)
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(NotReady, match="gone or broken"):
        CodeFile.open(path)


def test_codes_pass_where_units_are_for_classes_and_not_when_dealt_to_others(codes: Codes) -> None:
    five, first = reproduced(codes)
    assert five.figures["units"] == len(codes.labels) and five.figures["shuffled"] < five.figures["share"]
    assert five.verdict.startswith("missed: shuffled units reach"), "of eight classes any five are most"
    assert first.verdict == HOLDS and first.figures["share"] > 0.9
    assert "units a class, 8 classes" in five.measured
