"""The atlas of words: what their codes share, as factors, and the words on a disc, coloured by these.

Goh et al. 2021, figure 13. What the article leaves unsaid is inferred from its data: its components come out again,
at a correlation of 0.97, from its codes of level 30 with the units set aside left out, each divided by the sum of its
absolute weights, negative weights left out. How it put the words in their cells is not known: here the cells that fit the
words' factors best.
"""

import colorsys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.stats import rankdata
from sklearn.decomposition import NMF

FACTORS = (2, 7)
HUE, SATURATION, VALUE = 91.0, 0.7, 1.0  # of the first factor, in degrees; of all
PAPER = (1.0, 1.0, 1.0)  # what the colours are laid on
LEAST = 0.05
TOP = 3  # words that name a factor

Cell = tuple[int, int]
"""A place on the grid: right of the centre and above it."""


@dataclass(frozen=True, eq=False)
class Factors:
    """`loadings` [W, F]: how much of each word's code a factor is; `units` [F, C]: what a factor is made of, each summing to
    1. Factors that are alike in their words lie next to each other, the last beside the first."""

    loadings: NDArray[np.float64]
    units: NDArray[np.float64]

    @property
    def shares(self) -> NDArray[np.float64]:
        """The loadings of each word divided by their sum, [W, F]; all 0 for a word of whose code the factors are less than
        `LEAST`: of hardly anything, the largest part says nothing."""
        return _per_row(np.where(self.loadings.sum(1, keepdims=True) >= LEAST, self.loadings, 0))

    def top(self, words: Sequence[str]) -> list[list[str]]:
        """The words that each factor is the most of, those it is in only."""
        orders: list[list[int]] = np.argsort(-self.loadings, axis=0, kind="stable")[:TOP].T.tolist()
        return [[words[w] for w in order if self.loadings[w, factor] > 0] for factor, order in enumerate(orders)]

    def largest(self, count: int = 3) -> list[list[int]]:
        """The units that each factor is made of most, those it has only."""
        orders: list[list[int]] = np.argsort(-self.units, axis=1, kind="stable")[:, :count].tolist()
        return [[unit for unit in order if self.units[factor, unit] > 0] for factor, order in enumerate(orders)]


def factorise(weights: NDArray[np.float64], factors: int, seed: int = 0) -> Factors:
    """Non-negative matrix factorisation of codes, [W, C], by scikit-learn: their non-negative parts, each divided by the
    sum of the code's absolute weights. Where no more units than factors are used, each is a factor of its own; those
    that are left are empty."""
    parts = np.maximum(_per_row(weights), 0)
    used = np.flatnonzero(parts.any(0))
    most = min(factors, len(parts), len(used))
    loadings, units = np.zeros((len(parts), factors)), np.zeros((factors, weights.shape[1]))
    if most == len(used):
        loadings[:, :most], units[range(most), used] = parts[:, used], 1.0
    else:
        model = NMF(most, init="nndsvda", random_state=seed, max_iter=5000)  # pyright: ignore[reportArgumentType]
        found = model.fit_transform(parts[:, used])
        loadings[:, :most], units[:most, used] = found * model.components_.sum(1), _per_row(model.components_)
    order = _around(loadings)
    return Factors(loadings[:, order], units[order])


def hue(factor: int, factors: int) -> float:
    """A factor's colour, as an angle in degrees: 91 + 360 / factors * number, as in the article's code."""
    return (HUE + 360 / factors * factor) % 360


def colour(shares: NDArray[np.float64]) -> str | None:
    """A word's colour, `#rrggbb`: the factors' colours laid over white one after the other, each as opaque as its share.
    None for a word without factors."""
    if not shares.any():
        return None
    mixed = np.array(PAPER)
    for factor, share in enumerate(shares):
        own = colorsys.hsv_to_rgb(hue(factor, len(shares)) / 360, SATURATION, VALUE)
        mixed = (1 - share) * mixed + share * np.array(own)
    return "#" + "".join(f"{round(255 * each):02x}" for each in mixed.clip(0, 1))


def disc(count: int) -> list[Cell]:
    """The cells of the smallest disc of at least so many, row by row from the top: for 121 words the article's thirteen
    rows of 3, 7, 9, 11, 11, 13, 13, 13, 11, 11, 9, 7 and 3."""
    side = int(np.ceil(np.sqrt(count))) + 1
    grid = [(x, y) for y in range(side, -side - 1, -1) for x in range(-side, side + 1)]
    radius = sorted(x * x + y * y for x, y in grid)[count - 1]
    return [(x, y) for x, y in grid if x * x + y * y <= radius]


def placed(found: Factors) -> list[Cell]:
    """A cell of the disc for every word, the sum of the squared distances from where its factors draw it the least.

    With two factors these are the axes, and a word's rank in each draws it; with more they lie around the rim at the angles
    of their hues, and a word lies at the mean of them by its shares.
    """
    cells = disc(len(found.loadings))
    rim = max(np.hypot(*cell) for cell in cells) or 1.0
    at = np.array(cells) / rim
    distance = ((_drawn(found)[:, None] - at[None]) ** 2).sum(2)
    _, chosen = linear_sum_assignment(distance)
    return [cells[each] for each in chosen]


def _drawn(found: Factors) -> NDArray[np.float64]:
    """Where each word would lie if cells were no matter, [W, 2], within the unit circle or the square around it."""
    words, factors = found.loadings.shape
    if factors == 2:
        return 2 * (rankdata(found.loadings, axis=0) - 1) / max(words - 1, 1) - 1
    angles = np.radians([hue(factor, factors) for factor in range(factors)])
    return found.shares @ np.stack([np.cos(angles), np.sin(angles)], 1)


def _around(loadings: NDArray[np.float64]) -> list[int]:
    """The order of factors in which neighbours, the last and the first too, share the most words; the largest is first."""
    lengths = np.linalg.norm(loadings, axis=0)
    alike = loadings.T @ loadings / np.maximum(np.outer(lengths, lengths), 1e-12)
    first, *others = np.argsort(-lengths, kind="stable").tolist()
    rings = ([first, *each] for each in permutations(others))
    return max(
        rings, key=lambda ring: sum(alike[one, other] for one, other in zip(ring, np.roll(ring, 1), strict=True))
    )


def _per_row(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Each row divided by the sum of its absolute values; rows of 0 stay."""
    sums = np.abs(values).sum(1, keepdims=True)
    return np.divide(values, sums, out=np.zeros_like(values), where=sums > 0)
