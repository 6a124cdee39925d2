"""Families of units: those that answer to the same images and are called by words that mean much the same.

Nothing is known of the families beforehand, as there was when the paper sorted units by hand. Two units are as alike as
the mean of two numbers that both reach 1: Pearson's correlation of their activations over a corpus, and the cosine of what
they mean, the mean embedding of their words by the model's own text side; without words, as the first alone. Units are
joined from the most alike on, groups by the mean over all their pairs (average linkage: Sokal and Michener, 1958). The
tree is cut where the mean silhouette (Rousseeuw, "Silhouettes", J. Comput. Appl. Math. 20, 1987) is highest. A unit
that is not closer to its own family than to the next one, its silhouette being 0 or less, belongs to none, and neither
do families of fewer than `LEAST`.

Nothing is drawn at random: the same numbers give the same families. `docs/decisions/0020-families-and-two-models.md` has
what was measured.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform
from sklearn.metrics import silhouette_samples

LEAST = 3  # units in a family
MOST = 96  # families
UNITS_EACH = 8  # units that there are in the layer for each family, at least
LARGEST = 0.5  # of a layer's units: where one family has more, the cut only parted the odd ones from all the others
CUTS = 40  # of the tree that are tried, evenly on a logarithmic scale
NONE = -1
NAME_WORDS = 3
DOUBT = 0.5  # units: what is added to both sides when a word's share inside a family is set against that outside


@dataclass(frozen=True)
class Clusters:
    """Families by number, the largest first: `member` is each unit's family, `NONE` for none, int64 [U]; `fit` its
    silhouette, -1 to 1 [U]; `cohesion` of each family how alike its units are on average, at most 1, and `beside` how alike
    they are to all other units [families]."""

    member: NDArray[np.int64]
    fit: NDArray[np.float64]
    cohesion: NDArray[np.float64]
    beside: NDArray[np.float64]

    def units(self, family: int) -> NDArray[np.int64]:
        """A family's units, those first that fit it best."""
        units = np.flatnonzero(self.member == family)
        return units[np.argsort(-self.fit[units], kind="stable")]


def meanings(weights: NDArray[np.floating], words: NDArray[np.floating]) -> NDArray[np.float64]:
    """What units mean: [U, E] of length 1, zeros for a unit without words.

    Args:
        weights: How much each word says of each unit, at least 0, [U, W].
        words: Embeddings of the words [W, E]. Their mean, which says nothing of any one of them, is taken away.
    """
    apart = _of_length_1(words - words.mean(0))
    return _of_length_1(np.asarray(weights, np.float64) @ apart)


def similarity(correlations: NDArray[np.floating], meaning: NDArray[np.floating]) -> NDArray[np.float64]:
    """How alike units are, at most 1: [U, U], symmetric, 1 on the diagonal. Where one of two means nothing, for it has no
    words, what they do is all that is compared.

    Args:
        correlations: Of the units' activations, -1 to 1, [U, U].
        meaning: As of `meanings`, [U, E].
    """
    alike, means = np.array(correlations, np.float64), meaning.any(1)
    alike[np.ix_(means, means)] += meaning[means] @ meaning[means].T
    alike[np.ix_(means, means)] /= 2
    alike = ((alike + alike.T) / 2).clip(-1, 1)
    np.fill_diagonal(alike, 1)
    return alike


def clustering(alike: NDArray[np.floating], most: int = MOST) -> Iterator[float | Clusters]:
    """The steps of finding the families of units, for others may wait for the device.

    Args:
        alike: As of `similarity`, [U, U].
        most: Families at most.

    Yields:
        Before each cut the share of them that were looked at; at the end the families.
    """
    units = len(alike)
    distance = np.clip(1 - np.asarray(alike, np.float64), 0, None)
    np.fill_diagonal(distance, 0)
    member, fit = np.full(units, NONE), np.zeros(units)
    best = -1.0
    tree = linkage(squareform(distance, checks=False), "average") if units > 1 else None
    cuts = _cuts(units)
    for done, count in enumerate(cuts if tree is not None else ()):
        yield done / len(cuts)
        found = np.asarray(fcluster(tree, count, "maxclust"), np.int64)
        sizes = np.bincount(found)[1:]
        if (sizes >= LEAST).sum() > max(min(most, units // UNITS_EACH), 2):
            break  # more than anybody would look through; cut finer still, it would lose them one by one
        if len(sizes) < 2 or sizes.max() > LARGEST * units:  # the former where ties cannot be parted
            continue
        fits = np.asarray(silhouette_samples(distance, found, metric="precomputed"))
        if fits.mean() > best:
            best, member, fit = float(fits.mean()), found, fits
    yield _kept(np.where(fit > 0, member, NONE), fit, alike)


def _cuts(units: int) -> list[int]:
    """Into how many parts the tree is cut, ascending, most of them single units that are like no others."""
    return sorted({round(count) for count in np.geomspace(2, max(units - 1, 2), CUTS).tolist()} & set(range(2, units)))


def _kept(member: NDArray[np.int64], fit: NDArray[np.float64], alike: NDArray[np.floating]) -> Clusters:
    """The families of at least `LEAST` units, the largest first, among equals that of the lowest unit."""
    named, first, counts = np.unique(member, return_index=True, return_counts=True)
    order = sorted(
        (place for place in range(len(named)) if named[place] != NONE and counts[place] >= LEAST),
        key=lambda place: (-counts[place], first[place]),
    )
    renamed = np.full(len(member), NONE)
    cohesion, beside = np.zeros(len(order)), np.zeros(len(order))
    for number, place in enumerate(order):
        own = member == named[place]
        renamed[own] = number
        inside = alike[np.ix_(own, own)]
        cohesion[number] = (inside.sum() - np.trace(inside)) / (len(inside) * (len(inside) - 1))
        beside[number] = alike[np.ix_(own, ~own)].mean() if not own.all() else 0.0
    return Clusters(renamed, fit, cohesion, beside)


def names(member: Sequence[int], words: Sequence[Mapping[str, float]]) -> list[tuple[str, ...]]:
    """What each family's units share more than others do: at most `NAME_WORDS` words, the best first; families that share
    nothing have none.

    A word's worth is the number of units inside that have it, each counted by how much it is the unit's, times the
    logarithm of how many times likelier it is inside than outside.

    Args:
        member: Each unit's family, as of `Clusters`.
        words: Of each unit, words and how much each is its own, 0 to 1.
    """
    families = max(member, default=NONE) + 1
    inside: list[dict[str, float]] = [{} for _ in range(families)]
    having: list[dict[str, int]] = [{} for _ in range(families)]
    everywhere: dict[str, float] = {}
    sizes = [0] * families
    for family, own in zip(member, words, strict=True):
        if family != NONE:
            sizes[family] += 1
        for word, share in own.items():
            everywhere[word] = everywhere.get(word, 0.0) + share
            if family != NONE:
                inside[family][word] = inside[family].get(word, 0.0) + share
                having[family][word] = having[family].get(word, 0) + 1

    def worth(family: int, word: str) -> float:
        own, size, rest = inside[family][word], sizes[family], len(words) - sizes[family]
        likelier = (own + DOUBT) / (size + 2 * DOUBT) * (rest + 2 * DOUBT) / (everywhere[word] - own + DOUBT)
        return own * float(np.log(likelier))

    found = []
    for family in range(families):
        shared = [word for word, count in having[family].items() if count > 1 and worth(family, word) > 0]
        found.append(tuple(sorted(shared, key=lambda word: (-worth(family, word), word))[:NAME_WORDS]))
    return found


def _of_length_1(rows: NDArray[np.floating]) -> NDArray[np.float64]:
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.divide(rows, length, out=np.zeros(rows.shape), where=length > 1e-12)
