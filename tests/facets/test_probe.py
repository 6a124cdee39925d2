import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from app.facets.probe import compress, fit, interval


def two_clouds(count: int, width: int, apart: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """ReLU-like features and labels, a fifth of them 1, whose means differ by `apart` in a third of the features."""
    rng = np.random.default_rng(seed)
    labels = (np.arange(count) % 5 == 0).astype(int)
    shift = np.where(np.arange(width) % 3 == 0, apart, 0.0)
    return np.maximum(rng.normal(size=(count, width)) + labels[:, None] * shift, 0).astype(np.float32), labels


@pytest.mark.parametrize(("width", "apart"), [(30, 1.2), (900, 0.5)], ids=["few features", "more than images"])
def test_a_theme_that_is_there_is_found_and_one_that_is_not_is_not(width: int, apart: float):
    x, y = two_clouds(300, width, apart)
    assert fit(x, y, seed=0).auc > 0.9
    nothing = fit(x, np.random.default_rng(1).permutation(y), seed=0)
    assert nothing.auc_low < 0.5 < nothing.auc_high


@pytest.mark.parametrize("width", [30, 900])
def test_the_weights_are_scikit_learns_on_the_same_features(width: int):
    x, y = two_clouds(150, width, 0.5)
    ours = fit(x, y, seed=0)
    centred = x - x.mean(axis=0)
    scale = np.sqrt((centred**2).sum(axis=1).mean())
    oracle = LogisticRegression(C=ours.c, class_weight="balanced", max_iter=5000, tol=1e-8).fit(centred / scale, y)
    expected = oracle.coef_[0] / scale
    assert np.linalg.norm(ours.weight - expected) < 1e-2 * np.linalg.norm(expected)
    odds = x @ ours.weight + ours.bias
    np.testing.assert_allclose(odds, oracle.decision_function(centred / scale), atol=0.02 * np.abs(odds).max())


def test_compressing_loses_nothing_a_linear_model_can_use():
    x = np.random.default_rng(0).normal(size=(20, 5000)).astype(np.float32)
    codes, back = compress(x)
    np.testing.assert_allclose(codes @ codes.T, x @ x.T, rtol=1e-4, atol=1e-2)
    v = np.random.default_rng(1).normal(size=codes.shape[1])
    np.testing.assert_allclose(x @ ((back @ v) @ x), codes @ v, rtol=1e-4, atol=1e-3)


def test_near_duplicates_on_both_sides_would_flatter_and_groups_prevent_it():
    """Eight noise pictures, each ten times over: nothing can be learnt but which picture it is."""
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(80), 10)
    x = rng.normal(size=(80, 400)).astype(np.float32)[groups] + rng.normal(size=(800, 400)).astype(np.float32) / 10
    y = (groups < 24).astype(int)
    assert fit(x, y, seed=0).auc > 0.99
    assert fit(x, y, seed=0, groups=groups).auc < 0.8


def test_the_same_seed_gives_the_same_probe():
    x, y = two_clouds(100, 50, 0.5)
    first, again = fit(x, y, seed=3), fit(x, y, seed=3)
    assert (first.weight == again.weight).all() and first.auc_low == again.auc_low


def test_eight_against_eight_is_enough():
    x, y = two_clouds(40, 20, 2.0)
    few = np.concatenate([np.flatnonzero(y == 1)[:8], np.flatnonzero(y == 0)[:8]])
    report = fit(x[few], y[few], seed=0)
    assert 0 <= report.auc_low <= report.auc <= report.auc_high <= 1


def test_the_interval_covers_the_auc_about_as_often_as_it_says():
    hits = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        labels = np.repeat([1, 0], [20, 80])
        low, high = interval(rng.normal(size=100) + labels, labels, seed)
        hits += low <= 0.7602 <= high  # the AUC of normal scores one standard deviation apart
    assert hits >= 51  # 85%: bootstrap intervals of 20 positives run a little short of 95%
