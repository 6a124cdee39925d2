import time
from pathlib import Path

import numpy as np
import pytest

from app.corpus import alike
from app.corpus.alike import correlations, images_compared, most_alike
from app.errors import NotFound
from tests.corpus.test_columns import written


def mixed(images: int, units: int) -> np.ndarray:
    """Activations of units that share some sources; the last one never varies."""
    rng = np.random.default_rng(4)
    sources = rng.normal(size=(images, 4)).astype(np.float32)
    values = sources @ rng.normal(size=(4, units)).astype(np.float32) + rng.normal(size=(images, units)) + 5
    values[:, -1] = 3
    return values.astype(np.float32)


def test_correlations_are_pearsons(tmp_path: Path) -> None:
    values = mixed(500, 130)
    columns = written(tmp_path, values)
    expected = np.asarray(np.corrcoef(values[:, :-1].T.astype(np.float64)))[7]
    found = correlations(columns, "one", 7)
    np.testing.assert_allclose(found[:-1], expected, atol=1e-4)
    assert found[-1] == 0 and not correlations(columns, "one", 129).any()
    order = [unit for unit in np.argsort(-expected) if unit != 7][:12]
    assert [unit for unit, _ in most_alike(columns, "one", 7, 12)] == order
    assert images_compared(columns) == 500 and most_alike(columns, "one", 129, 12) == []


def test_a_large_corpus_is_sampled_from_end_to_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    values = mixed(20_000, 20)
    columns = written(tmp_path, values)
    monkeypatch.setattr(alike, "MOST_IMAGES", 6400)
    assert images_compared(columns) == 6400
    expected = np.asarray(np.corrcoef(values[:, :-1].T))[3]
    np.testing.assert_allclose(correlations(columns, "one", 3)[:-1], expected, atol=0.05)


def test_the_units_of_a_layer_take_well_under_a_second(tmp_path: Path) -> None:
    columns = written(tmp_path, np.random.default_rng(5).normal(size=(6000, 768)).astype(np.float32))
    started = time.perf_counter()
    most_alike(columns, "one", 0, 12)
    assert time.perf_counter() - started < 1
    with pytest.raises(NotFound):
        correlations(columns, "one", 768)
