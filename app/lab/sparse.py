"""Multinomial logistic regression under an L1 penalty, in steps, so exactly that the units it leaves out mean something.

What is made small is the mean cross entropy over the images plus `penalty` times the sum of the weights' sizes; biases cost
nothing. scikit-learn's `LogisticRegression(l1_ratio=1)` does the same with C = 1 / (penalty * images).

The method is the proximal Newton method (Lee, Sun and Saunders, SIAM J. Optim. 24, 2014), its quadratic model minimised by
coordinate descent on the few weights that are not zero or should not be, as in glmnet (Friedman, Hastie and Tibshirani,
"Regularization paths for generalized linear models via coordinate descent", J. Stat. Softw. 33, 2010). A handful of its steps
gives what first-order methods need hundreds for.
"""

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax

Array = NDArray[np.float64]
Steps = Generator[None, None, "Linear | None"]

TOLERANCE = (
    1e-5  # of the penalty: how far the optimality conditions may be missed; weights are then off by less than 1e-3
)
INEXACT = 0.1  # of that, or of the penalty: how far those of the quadratic model may be
SWEEPS = 100  # over a quadratic model
MOST = 5000  # weights of one, biases among them: its curvature has their square, 200 MB
ROWS = 512  # images whose part in the curvature is added up at once, at most
WORK = 1e9  # products of two weights' values in that: a step of the device thread stays under a second
SLOPE = 1e-4  # share of the descent that the slope promises, and that a step must give (Armijo)
SHORTEST = 1e-8  # step: rounding decides below it


@dataclass(frozen=True, eq=False)
class Linear:
    """The log odds of class k for an image x [U] are `x @ weight[:, k] + bias[k]` up to what all classes share: `weight`
    float64 [U, K], `bias` [K]."""

    weight: Array
    bias: Array

    def logits(self, x: Array) -> Array:
        """Of images [N, U]: [N, K]."""
        return x @ self.weight + self.bias


@dataclass(frozen=True, eq=False)
class Problem:
    """Images `x` [N, U], and the class of each, `y` [N] from 0 to `classes` - 1; every class must be there."""

    x: Array
    y: NDArray[np.integer]
    classes: int

    @property
    def nothing(self) -> Linear:
        """The best model without weights: it knows how common each class is."""
        share = np.bincount(self.y, minlength=self.classes) / len(self.y)
        return Linear(np.zeros((self.x.shape[1], self.classes)), np.log(share))

    @cached_property
    def largest_penalty(self) -> float:
        """The least penalty under which every weight is zero."""
        return float(abs(self.gradient(np.exp(log_softmax(self.nothing.logits(self.x), 1)))[:-1]).max())

    def loss(self, logits: Array) -> float:
        """The mean cross entropy."""
        return cross_entropy(logits, self.y)

    def gradient(self, chances: Array) -> Array:
        """The derivative of the loss by the weights, where the classes have these chances [N, K]; the last row is that by
        the biases: [U + 1, K]."""
        off = chances.copy()
        off[np.arange(len(self.y)), self.y] -= 1
        return np.vstack([self.x.T @ off, off.sum(0)]) / len(self.y)


def cross_entropy(logits: NDArray[np.floating], y: NDArray[np.integer]) -> float:
    """The mean over images of minus the logarithm of the chance of the right class, by logits [N, K] and classes [N]."""
    return -float(log_softmax(logits, 1)[np.arange(len(y)), y].mean())


def solving(problem: Problem, penalty: float, start: Linear | None = None, most: int = MOST) -> Steps:
    """The steps of finding the best model under a penalty above 0; a `start` close to it saves some.

    Answers the model, in which weights that the penalty does not leave are exactly 0; None if `most` weights, biases among
    them, are not enough.
    """
    model = start or problem.nothing
    held, logits = np.vstack([model.weight, model.bias]), model.logits(problem.x)  # the last row is the biases'
    price = np.full(held.shape, penalty)
    price[-1] = 0
    cost = problem.loss(logits) + penalty * abs(model.weight).sum()
    while True:
        chances = np.exp(log_softmax(logits, 1))
        gradient = problem.gradient(chances)
        missed = _missed(held, gradient, price)
        if missed < TOLERANCE * penalty:
            break
        wanted = _working_set(held, gradient, price, most)
        if wanted is None:
            return None
        units, classes = np.nonzero(wanted)
        curvature = yield from _curvature(problem, chances, units, classes)
        aim = yield from _minimum(
            curvature, gradient[wanted], held[wanted], price[wanted], INEXACT * min(missed, penalty)
        )
        move = np.zeros_like(held)
        move[wanted] = aim - held[wanted]
        moved = problem.x @ move[:-1] + move[-1]
        promised = (gradient * move).sum() + (price * (abs(held + move) - abs(held))).sum()
        share = 1.0
        while share > SHORTEST:
            new = problem.loss(logits + share * moved) + float((price * abs(held + share * move)).sum())
            if new <= cost + SLOPE * share * promised:
                break
            share /= 2
        else:
            break
        held, logits, cost = held + share * move, logits + share * moved, new
        yield
    return Linear(settled(held[:-1]), held[-1])


def settled(weight: Array) -> Array:
    """Weights [U, K], moved so that a middle one of each unit's is 0 where the number of classes is even: of the two middle
    ones that which leaves more zeros, or the lower if both leave as many.

    Adding a number to all weights of a unit changes no chances. With an odd number of classes the penalty says which number,
    for the middle weight must be 0; with an even one it may lie anywhere between the two middle ones.
    """
    half, odd = divmod(weight.shape[1], 2)
    if odd:
        return weight
    low, high = np.sort(weight, axis=1)[:, half - 1 : half + 1].T[:, :, None]
    sparser = (weight == high).sum(1, keepdims=True) > (weight == low).sum(1, keepdims=True)
    return weight - np.where(sparser, high, low)


def _missed(held: Array, gradient: Array, price: Array) -> float:
    """By how much the worst weight misses the optimality conditions."""
    return float(np.where(held, abs(gradient + price * np.sign(held)), abs(gradient) - price).max())


def _working_set(held: Array, gradient: Array, price: Array, most: int) -> NDArray[np.bool_] | None:
    """The weights to move next, [U + 1, K]: all that are not 0, the biases, and of those that should not be 0 the worst, at
    most as many again. None if `most` are moved already."""
    wanted = held != 0
    wanted[-1] = True
    count = np.count_nonzero(wanted)
    if count >= most:
        return None
    owed = np.where(wanted, 0, abs(gradient) - price).ravel()
    worst = np.argsort(owed)[-min(count, most - count) :]
    wanted.flat[worst[owed[worst] > 0]] = True
    return wanted


def _curvature(
    problem: Problem, chances: Array, units: NDArray[np.integer], classes: NDArray[np.integer]
) -> Generator[None, None, Array]:
    """The second derivative of the loss by the weights of these pairs of unit and class: [M, M]. A unit past the last
    stands for the bias."""
    found = np.zeros((len(units), len(units)))
    own = [np.flatnonzero(classes == each) for each in range(problem.classes)]
    count = max(1, min(ROWS, int(WORK / len(units) ** 2)))
    for start in range(0, len(problem.x), count):
        rows = problem.x[start : start + count]
        values = np.column_stack([rows, np.ones(len(rows))])[:, units]
        weighed = values * chances[start : start + count][:, classes]
        found -= weighed.T @ weighed
        for pairs in own:
            found[np.ix_(pairs, pairs)] += weighed[:, pairs].T @ values[:, pairs]
        yield
    found /= len(problem.x)
    return found


def _minimum(
    curvature: Array, gradient: Array, held: Array, price: Array, tolerance: float
) -> Generator[None, None, Array]:
    """Where a quadratic model with prices on the sizes of the weights is least, by coordinate descent from `held`: [M]."""
    weights, slopes, bends, prices = held.tolist(), gradient.copy(), curvature.diagonal().tolist(), price.tolist()
    for _ in range(SWEEPS):
        worst = 0.0
        for place, bend in enumerate(bends):
            before = weights[place]
            pull = bend * before - float(slopes[place])
            left = max(abs(pull) - prices[place], 0.0) / bend if bend else 0.0
            after = left if pull > 0 else -left
            if after != before:
                weights[place] = after
                slopes += curvature[place] * (after - before)
                worst = max(worst, abs(after - before) * bend)
        if worst < tolerance:
            break
        yield
    return np.array(weights)


def penalties(problem: Problem, ratio: float, smallest: float) -> Iterator[float]:
    """Penalties from just below the largest one down to `smallest` times it, each `ratio` times the one before; none if no
    unit says anything of the classes."""
    penalty = problem.largest_penalty * ratio
    while penalty > smallest * problem.largest_penalty:
        yield penalty
        penalty *= ratio
