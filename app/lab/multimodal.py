"""Units that stand for a thing however it is shown, found in what a corpus records of its images.

The measure is iconclip's (`app.demo.evaluate`) for any corpus whose records say what an image shows (`concept`) and in which
way (`kind`): one concept has the unit's highest mean activation in every way, by more than 3 sd over concepts in each.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.corpus.columns import Columns
from app.corpus.given import FEWEST
from app.corpus.index import Index
from app.errors import NotReady

CONCEPT, KIND, FAMILY = "concept", "kind", "family"
Z = 3.0
LEAST = 11
"""Concepts: of n values none is more than (n - 1) / sqrt(n) sd above their mean, which is less than `Z` for 10."""
READ = 64  # images of a concept whose captions are read


@dataclass(frozen=True)
class Concept:
    """A value of the column `concept`: its number among them, and what its images are called, in lower case. `relatives` are
    the numbers of the other concepts whose images are recorded as its `family`, `family` what all of these and it are called.
    """

    number: int
    name: str
    names: frozenset[str]
    relatives: frozenset[int]
    family: frozenset[str]


def concepts(columns: Columns, index: Index) -> list[Concept]:
    """The concepts of a corpus, in the order of their numbers.

    A concept's names are its value and every caption that at least two of its images share and no other concept's have.

    Raises:
        NotReady: the corpus does not record what its images show in at least two ways.
    """
    counted = np.isin(_numbers(columns, index, KIND), ways(columns, index))
    shown, values = _numbers(columns, index, CONCEPT), columns.categories.values(CONCEPT)
    names, families = _names(index, shown, counted, values), _families(columns, shown, len(values))
    found = []
    for number, value in enumerate(values):
        relatives = _relatives(families, number)
        family = names[number].union(*(names[other] for other in relatives))
        found.append(Concept(number, value, names[number], relatives, family))
    return found


def _relatives(families: list[int], number: int) -> frozenset[int]:
    own = families[number]
    return frozenset(other for other, family in enumerate(families) if family == own >= 0 and other != number)


def ways(columns: Columns, index: Index) -> list[int]:
    """The numbers of the kinds in which a unit's concept has to be first: those that show at least half of the concepts, and
    a concept in `FEWEST` images on average.

    Raises:
        NotReady: there are fewer than two.
    """
    shown, kind = _numbers(columns, index, CONCEPT), _numbers(columns, index, KIND)
    count = len(columns.categories.values(CONCEPT))
    found = []
    for number in range(len(columns.categories.values(KIND))):
        images = np.bincount(shown[(kind == number) & (shown >= 0)], minlength=count)
        if np.count_nonzero(images) >= count / 2 and images.mean() >= FEWEST:
            found.append(number)
    if len(found) < 2:
        raise NotReady(
            f"The corpus {index.manifest.name} shows its concepts in {len(found)} of its kinds with {FEWEST} images each: "
            "two kinds are needed to tell which units are multimodal."
        )
    return found


def multimodal(columns: Columns, index: Index, layer: str) -> dict[int, int]:
    """The multimodal units of a layer, each with the number of its concept; looks at every image once.

    Raises:
        NotReady: the corpus does not record what its images show in at least two ways, or fewer than `LEAST` concepts.
    """
    chosen = ways(columns, index)
    shown, kind = _numbers(columns, index, CONCEPT), _numbers(columns, index, KIND)
    count = len(columns.categories.values(CONCEPT))
    if count < LEAST:
        raise NotReady(
            f"The corpus {index.manifest.name} records {count} concepts: at least {LEAST} are needed for one of them to "
            f"be more than {Z:g} sd above their mean, as a multimodal unit's is."
        )
    images = np.flatnonzero(np.isin(kind, chosen) & (shown >= 0))
    cells = np.searchsorted(chosen, kind[images]) * count + shown[images]
    counts = np.bincount(cells, minlength=len(chosen) * count)
    means = np.empty((len(chosen), count, index.units(layer)))
    for unit in range(index.units(layer)):
        sums = np.bincount(cells, columns.unit(layer, unit)[images], len(counts))
        means[..., unit] = (sums / np.maximum(counts, 1)).reshape(len(chosen), count)
    return strict(means, counts.reshape(len(chosen), count))


def strict(means: NDArray[np.floating], counts: NDArray[np.integer]) -> dict[int, int]:
    """The units for which one concept is first in every way, by more than `Z` sd over concepts in each, with its number.

    Args:
        means: Activations [ways, concepts, units].
        counts: Images that they are the means of, [ways, concepts]; a concept with none counts as the mean of the others.
    """
    first, least = [], []
    for mean, images in zip(means, counts, strict=True):
        known = np.where((images > 0)[:, None], mean, mean[images > 0].mean(0))
        z = (known - known.mean(0)) / np.maximum(known.std(0, ddof=1), 1e-9)
        first.append(z.argmax(0))
        least.append(z.max(0))
    agree = (np.stack(first) == first[0]).all(0) & (np.stack(least).min(0) > Z)
    return {int(unit): int(first[0][unit]) for unit in np.flatnonzero(agree)}


def _numbers(columns: Columns, index: Index, name: str) -> NDArray[np.int32]:
    if name not in columns.categories.columns:
        raise NotReady(
            f"The corpus {index.manifest.name} has no label column `{name}` that sorts its images: without it nobody knows "
            "which units are multimodal."
        )
    return columns.categories.numbers(name)


def _families(columns: Columns, shown: NDArray[np.int32], count: int) -> list[int]:
    """For each concept the family that most of its images are recorded as, -1 where there is none."""
    if FAMILY not in columns.categories.columns:
        return [-1] * count
    numbers, families = columns.categories.numbers(FAMILY), len(columns.categories.values(FAMILY))
    both = (numbers >= 0) & (shown >= 0)
    table = np.bincount(shown[both] * families + numbers[both], minlength=count * families).reshape(count, families)
    return np.where(table.any(1), table.argmax(1), -1).tolist()


def _names(
    index: Index, shown: NDArray[np.int32], counted: NDArray[np.bool_], values: list[str]
) -> Mapping[int, frozenset[str]]:
    numbers = [np.flatnonzero(counted & (shown == concept))[:READ].tolist() for concept in range(len(values))]
    records = index.records([image for images in numbers for image in images])
    called: dict[str, Counter[int]] = {}
    for concept, images in enumerate(numbers):
        for image in images:
            if caption := records[image].get("caption", "").strip().casefold():
                called.setdefault(caption, Counter())[concept] += 1
    names = {concept: {value.casefold()} for concept, value in enumerate(values)}
    for caption, counts in called.items():
        (concept, most), *others = counts.most_common(2)
        if most >= 2 and not others:
            names[concept].add(caption)
    return {concept: frozenset(found) for concept, found in names.items()}
