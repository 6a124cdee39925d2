"""What classes have in common by the units of their codes: a tree whose branches share units."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import linkage
from scipy.spatial.distance import squareform

LEAST = 0.1  # cosine from which classes are said to have something in common


@dataclass(frozen=True)
class Join:
    """Two branches that become one. `left` and `right` are classes from 0 to K - 1, or K + the place of an earlier join;
    `cosine` is how alike the weights of their classes are on average, `unit` the one that they share most."""

    left: int
    right: int
    cosine: float
    unit: int


def joins(weight: NDArray[np.floating]) -> list[Join]:
    """The classes joined from the most alike on, by the mean cosine over all pairs of their weights (average linkage), as
    long as it is at least `LEAST`.

    Args:
        weight: Of units for classes, [U, K].
    """
    units, classes = weight.shape
    length = np.linalg.norm(weight, axis=0)
    codes = np.divide(weight, length, out=np.zeros((units, classes)), where=length > 0)
    if classes < 2:
        return []
    distance = 1 - codes.T @ codes
    np.fill_diagonal(distance, 0)
    branches = {place: codes[:, place] for place in range(classes)}
    sizes = dict.fromkeys(range(classes), 1)
    found = []
    for left, right, apart, size in linkage(squareform(distance, checks=False), "average").tolist():
        if 1 - apart < LEAST:
            break
        ones, others = branches.pop(int(left)), branches.pop(int(right))
        found.append(Join(int(left), int(right), 1 - apart, int((ones * others).argmax())))
        share = sizes[int(left)] / size
        branches[classes + len(found) - 1] = share * ones + (1 - share) * others
        sizes[classes + len(found) - 1] = int(size)
    return found


def leaves(join_list: list[Join], classes: int) -> list[int]:
    """The classes that some join has, in an order in which branches do not cross: those of the largest tree first."""
    below: dict[int, list[int]] = {place: [place] for place in range(classes)}
    for number, join in enumerate(join_list, classes):
        below[number] = below.pop(join.left) + below.pop(join.right)
    trees = sorted((tree for tree in below.values() if len(tree) > 1), key=len, reverse=True)
    return [place for tree in trees for place in tree]
