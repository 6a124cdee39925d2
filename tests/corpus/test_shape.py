"""Kurtosis and sparsity from an index's histograms agree with those of all activations."""

import time
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from app.corpus.index import Index
from app.corpus.shape import kurtosis, sparsity
from tests.corpus.made import index_of

DRAWS = {
    "normal": lambda rng, shape: rng.normal(size=shape),
    "flat": lambda rng, shape: rng.uniform(-1, 1, shape),
    "heavy": lambda rng, shape: rng.standard_t(3, size=shape),
    "rare": lambda rng, shape: rng.normal(size=shape) + 60 * (rng.random(shape) < 0.003),
    "in steps": lambda rng, shape: rng.poisson(1, shape),
    "shifted": lambda rng, shape: 1000 + rng.gamma(0.5, size=shape),
}


def brute_sparsity(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """By the formula, image by image."""
    above = np.maximum(values - values.mean(0), 0)
    return (1 - above.mean(0) ** 2 / np.square(above).mean(0)) / (1 - 1 / len(values))


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, NDArray[np.float64]], Index]:
    rng = np.random.default_rng(8)
    values = {name: draw(rng, (4000, 12)).astype(np.float32) for name, draw in DRAWS.items()}
    index = index_of(tmp_path_factory.mktemp("drawn") / "drawn", values)
    return {name: each.astype(np.float64) for name, each in values.items()}, index


@pytest.mark.parametrize("name", DRAWS)
def test_kurtosis_is_that_of_all_activations(drawn: tuple[dict[str, NDArray[np.float64]], Index], name: str) -> None:
    values, index = drawn[0][name], drawn[1]
    expected = np.asarray(stats.kurtosis(values, axis=0))
    found = kurtosis(index, name)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=5e-3)
    worst = np.ptp(values, axis=0) / values.std(0) / 256
    assert (np.abs((found + 3) ** 0.25 - (expected + 3) ** 0.25) < worst).all(), "the bound of the docstring"


@pytest.mark.parametrize("name", DRAWS)
def test_sparsity_is_that_of_all_activations(drawn: tuple[dict[str, NDArray[np.float64]], Index], name: str) -> None:
    found = sparsity(drawn[1], name)
    np.testing.assert_allclose(found, brute_sparsity(drawn[0][name]), atol=2e-3)
    assert ((found >= 0) & (found <= 1)).all()


def test_sparsity_runs_from_all_alike_to_a_single_image(tmp_path: Path) -> None:
    one, half = np.zeros((2, 1000, 1), np.float32)
    one[7], half[::2] = 5, 5
    index = index_of(tmp_path / "index", {"one": one, "half": half, "none": np.full((1000, 1), 3, np.float32)})
    assert sparsity(index, "one")[0] == pytest.approx(1, abs=1e-9)
    assert sparsity(index, "half")[0] == pytest.approx(0.5 / 0.999)
    assert np.isnan(sparsity(index, "none")[0]) and np.isnan(kurtosis(index, "none")[0])
    assert kurtosis(index, "one")[0] == pytest.approx(stats.kurtosis(one[:, 0]), rel=1e-6)


@pytest.mark.parametrize("images", [1, 2, 60, 130])
def test_a_corpus_smaller_than_the_lists_of_extremes_is_taken_exactly(tmp_path: Path, images: int) -> None:
    values = np.random.default_rng(images).normal(size=(images, 6)).astype(np.float32)
    index = index_of(tmp_path / "index", {"one": values})
    if images == 1:
        assert np.isnan(sparsity(index, "one")).all() and np.isnan(kurtosis(index, "one")).all()
        return
    np.testing.assert_allclose(kurtosis(index, "one"), stats.kurtosis(values.astype(np.float64), axis=0), rtol=1e-9)
    np.testing.assert_allclose(sparsity(index, "one"), brute_sparsity(values.astype(np.float64)), rtol=1e-9)


def test_a_layer_of_2560_units_takes_well_under_half_a_second(tmp_path: Path) -> None:
    values = np.random.default_rng(0).normal(size=(600, 2560)).astype(np.float32)
    index = index_of(tmp_path / "index", {"one": values})
    spent = []
    for score in (kurtosis, sparsity):
        started = time.perf_counter()
        score(index, "one")
        spent.append(time.perf_counter() - started)
    assert max(spent) < 0.5, spent
