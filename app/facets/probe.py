"""A linear probe: L2-regularised logistic regression telling a theme from everything else, and how far to trust it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score, log_loss, make_scorer, roc_auc_score
from sklearn.model_selection import GridSearchCV, StratifiedGroupKFold
from sklearn.utils.class_weight import compute_sample_weight

Array = NDArray[np.float64]

# Inverse regularisation to choose from, for pictures whose centred features have length 1 on average.
STRENGTHS = (0.01, 0.1, 1.0, 10.0, 100.0, 1000.0)
RESAMPLES = 1000


@dataclass(frozen=True)
class Fit:
    """A probe in the raw feature space: the log odds of the theme are `weight . x + bias`.

    `weight` float32 [D]. The quality is that of a probe trained without the held-out images: `auc` with its 95%
    bootstrap interval and the balanced `accuracy`; the weights are then fitted again on everything with the same
    regularisation `c`.
    """

    weight: NDArray[np.float32]
    bias: float
    auc: float
    auc_low: float
    auc_high: float
    accuracy: float
    c: float


def compress(features: NDArray[np.float32]) -> tuple[Array, Array]:
    """Rotate centred features [N, D], D > N, into the at most N dimensions they span.

    Answers the codes [N, r] and `back` [N, r]: weights v on the codes are the weights `(back @ v) @ features` on the
    features. An L2-regularised linear model cannot tell the two apart, since its weights lie in the span of the data.
    Solved through the N x N Gram matrix, summed in float64
    over blocks of columns so that no second copy of a large spatial set is made.
    """
    blocks = np.array_split(features, 1 + features.shape[1] // 4096, axis=1)
    gram = sum((block.astype(np.float64) @ block.T.astype(np.float64) for block in blocks), start=np.float64(0))
    values, vectors = np.linalg.eigh(gram)
    kept = values > values[-1] * 1e-10
    root = np.sqrt(values[kept])
    return vectors[:, kept] * root, vectors[:, kept] / root


def _model(c: float) -> LogisticRegression:
    return LogisticRegression(C=c, class_weight="balanced", tol=1e-6, max_iter=5000)


def _balanced_log_loss(labels: NDArray[np.int64], odds: Array) -> float:
    return float(log_loss(labels, odds, sample_weight=compute_sample_weight("balanced", labels), labels=[0, 1]))


def _choose(codes: Array, labels: NDArray[np.int64], groups: NDArray[np.int64], seed: int) -> float:
    """The inverse regularisation with the best cross-validated, class-balanced log loss, groups kept whole.

    Not the AUC: that is often 1 over most of the range, and then says nothing about the size of the weights.
    """
    scorer = make_scorer(_balanced_log_loss, response_method="predict_proba", greater_is_better=False)
    folds = min(5, _smaller_class(labels, groups))
    cv = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    search = GridSearchCV(_model(1.0), {"C": STRENGTHS}, scoring=scorer, cv=cv, refit=False)
    return float(search.fit(codes, labels, groups=groups).best_params_["C"])


def _smaller_class(labels: NDArray[np.int64], groups: NDArray[np.int64]) -> int:
    """Groups in the class that has fewer of them."""
    return min(len(np.unique(groups[labels == label])) for label in (0, 1))


def _held_out(labels: NDArray[np.int64], groups: NDArray[np.int64], seed: int) -> NDArray[np.bool_]:
    """A quarter of the images, both classes in it, no group on both sides."""
    folds = min(4, _smaller_class(labels, groups))
    cv = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    mask = np.zeros(len(labels), bool)
    mask[next(cv.split(labels, labels, groups))[1]] = True
    return mask


def interval(scores: Array, labels: NDArray[np.int64], seed: int) -> tuple[float, float]:
    """The 95% bootstrap interval of the AUC, resampled within each class so that both are always there."""
    rng = np.random.default_rng(seed)
    yes, no = scores[labels == 1], scores[labels == 0]
    wins = (yes[:, None] > no[None, :]) + 0.5 * (yes[:, None] == no[None, :])
    draws = [
        wins[rng.integers(len(yes), size=len(yes))][:, rng.integers(len(no), size=len(no))].mean()
        for _ in range(RESAMPLES)
    ]
    low, high = np.quantile(draws, (0.025, 0.975))
    return float(low), float(high)


def fit(
    features: NDArray[np.floating],
    labels: NDArray[np.integer],
    *,
    seed: int,
    groups: NDArray[np.integer] | None = None,
) -> Fit:
    """Train a probe on features [N, D] (any real values) and labels [N] (1 theme, 0 not).

    Features are centred and divided by one common scale, not each by its own: on ReLU channels the latter would hand
    most of the weight to channels that are almost always silent, and those weights steer nothing. Images of one
    `groups` value (near-duplicates) stay on one side of every split. Needs at least two groups of each class.
    """
    y = labels.astype(np.int64)
    g = np.arange(len(y)) if groups is None else groups.astype(np.int64)
    centre = features.mean(axis=0, dtype=np.float64)
    x = (features - centre).astype(np.float32)
    scale = float(np.sqrt((x**2).sum(axis=1).mean())) or 1.0
    x /= scale
    wide = x.shape[1] > len(x)
    codes, back = compress(x) if wide else (x.astype(np.float64), np.empty(0))

    test = _held_out(y, g, seed)
    trial = _model(_choose(codes[~test], y[~test], g[~test], seed)).fit(codes[~test], y[~test])
    scores = trial.decision_function(codes[test])
    low, high = interval(scores, y[test], seed)

    final = _model(trial.C).fit(codes, y)
    solution = final.coef_[0]
    weight = ((back @ solution) @ x if wide else solution) / scale
    return Fit(
        weight=weight.astype(np.float32),
        bias=float(final.intercept_[0] - weight @ centre),
        auc=float(roc_auc_score(y[test], scores)),
        auc_low=low,
        auc_high=high,
        accuracy=float(balanced_accuracy_score(y[test], scores > 0)),
        c=float(trial.C),
    )
