"""How many strongest images units share, against counting them one by one."""

from pathlib import Path

import numpy as np
import pytest

from app.corpus.alike import correlation, correlations
from app.corpus.shared import expected, kept, same_pictures, shared
from app.errors import NotFound
from tests.corpus.made import index_of
from tests.corpus.test_columns import written


@pytest.mark.parametrize("images", [37, 100, 700])
def test_shared_images_are_those_in_both_lists(tmp_path: Path, images: int) -> None:
    rng = np.random.default_rng(images)
    source = rng.normal(size=(images, 3)).astype(np.float32)
    one, other = (
        (source @ rng.normal(size=(3, units)) + 0.3 * rng.normal(size=(images, units))).astype(np.float32)
        for units in (8, 13)
    )
    first, second = index_of(tmp_path / "a", {"x": one}), index_of(tmp_path / "b", {"y": other})
    assert same_pictures(first, second) and kept(first, "x") == min(100, images)
    best = [{int(image) for image in np.argsort(-other[:, unit])[:100]} for unit in range(13)]
    for unit in range(8):
        own = {int(image) for image in np.argsort(-one[:, unit])[:100]}
        assert shared(first, "x", unit, second, "y").tolist() == [len(own & each) for each in best]
        assert shared(first, "x", unit, first, "x")[unit] == kept(first, "x")


def test_units_that_have_nothing_to_do_with_each_other_share_what_chance_gives(tmp_path: Path) -> None:
    values = np.random.default_rng(3).normal(size=(1000, 60)).astype(np.float32)
    index = index_of(tmp_path / "a", {"x": values})
    found = np.stack([shared(index, "x", unit, index, "x") for unit in range(60)])
    assert expected(index, "x") == 10
    assert found[~np.eye(60, dtype=bool)].mean() == pytest.approx(10, abs=0.5)


def test_indexes_of_other_pictures_are_told_apart(tmp_path: Path) -> None:
    values = np.random.default_rng(4).normal(size=(120, 2)).astype(np.float32)
    index = index_of(tmp_path / "a", {"x": values})
    assert not same_pictures(index, index_of(tmp_path / "b", {"x": values}, corpus_hash="1" * 16))
    assert not same_pictures(index, index_of(tmp_path / "c", {"x": values[:-1]}))
    with pytest.raises(NotFound):
        shared(index, "x", 0, index, "y")


def test_a_correlation_of_two_columns_is_that_of_their_layers(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    source = rng.normal(size=(300, 1))
    values = (source + rng.normal(size=(300, 4))).astype(np.float32)
    for name in "ab":
        (tmp_path / name).mkdir()
    one, other = written(tmp_path / "a", values[:, :2]), written(tmp_path / "b", values[:, 2:])
    expected_r = np.asarray(np.corrcoef(values.T.astype(np.float64)))[0, 3]
    assert correlation(one, "one", 0, other, "one", 1) == pytest.approx(expected_r, abs=1e-4)
    assert correlation(one, "one", 0, one, "one", 1) == pytest.approx(correlations(one, "one", 0)[1], abs=1e-6)
