"""Units of two layers are matched by correlation: a permutation is found exactly, and what matches nothing is left out."""

from pathlib import Path

import numpy as np
import pytest

from app.corpus import matching
from app.corpus.matching import match
from app.errors import NotFound
from tests.corpus.test_alike import mixed
from tests.corpus.test_columns import written


def two(folder: Path, ones: np.ndarray, others: np.ndarray) -> matching.Matching:
    """The columns of two layers over the same images, matched."""
    for name in ("a", "b"):
        (folder / name).mkdir()
    return match(written(folder / "a", ones), "one", written(folder / "b", others), "one")


@pytest.mark.parametrize("block", [512, 17])
def test_a_permutation_is_found_exactly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    monkeypatch.setattr(matching, "BLOCK", block)
    values = mixed(400, 60)
    order = np.random.default_rng(3).permutation(60)
    found = two(tmp_path, values, 3 * values[:, order] - 2)
    pairs = {one: other for one, other, _ in found.pairs()}
    assert pairs == {int(order[other]): other for other in range(60) if order[other] != 59}, "the last never varies"
    assert min(r for _, _, r in found.pairs()) > 0.9999 and found.images == 400


def test_pairs_are_each_others_nearest_by_pearsons_correlation(tmp_path: Path) -> None:
    ones = mixed(300, 40)
    draw = np.random.default_rng(8)
    others = (ones[:, draw.integers(0, 39, 25)] + 4 * draw.normal(size=(300, 25))).astype(np.float32)
    found = two(tmp_path, ones, others)
    expected = np.corrcoef(ones[:, :-1].T.astype(np.float64), others.T.astype(np.float64))[:39, 39:]
    wanted = {
        (one, other)
        for one in range(39)
        for other in range(25)
        if expected[one].argmax() == other and expected[:, other].argmax() == one
    }
    assert {(one, other) for one, other, _ in found.pairs()} == wanted and 5 < len(wanted) < 25
    rs = [r for _, _, r in found.pairs()]
    assert rs == sorted(rs, reverse=True)
    for one, other, r in found.pairs():
        assert r == pytest.approx(expected[one, other], abs=1e-3)
    assert np.array_equal(found.there[:39], np.argsort(-expected, 1)[:, : matching.NEAREST])
    assert np.array_equal(found.back[:, 0], expected.argmax(0))


def test_a_large_corpus_is_sampled(tmp_path: Path) -> None:
    values = mixed(20_000, 12)
    columns = written(tmp_path, values)
    found = match(columns, "one", columns, "one", most=6400)
    assert found.images == 6400 and [(one, other) for one, other, _ in found.pairs()] != []
    assert {one: other for one, other, _ in found.pairs()} == {unit: unit for unit in range(11)}
    with pytest.raises(NotFound):
        match(columns, "one", columns, "two")


def test_of_units_that_are_equally_alike_the_lowest_come_first(tmp_path: Path) -> None:
    one = mixed(100, 2)[:, :1]
    found = two(tmp_path, one, np.repeat(one, 40, axis=1))
    assert found.there.tolist() == [list(range(matching.NEAREST))]
