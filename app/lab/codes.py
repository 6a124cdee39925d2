"""Sparse codes: each class of a labelled corpus as a weighted sum of as few units as its images can be told by.

Goh et al. 2021 fit "a sparse linear model following Radford et al.": of ImageNet's classes each got three units on average,
and the right class was among the first five on 56.4% of the images. Neither regulariser nor pooling is published: here it is
multinomial logistic regression with an L1 penalty on standardised units, each the spatial mean before the last ReLU.

The images are halved, class by class. Everything is fitted to one half; the other is only ever counted on, without those of
its images that nearly duplicate one of the first of its class.
"""

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.corpus.columns import Columns
from app.corpus.fingerprint import alike
from app.errors import BadInput, NotReady
from app.lab import linear
from app.lab.linear import FLAT, LinearProbe, all_units
from app.lab.proportion import Share, share
from app.lab.sparse import Linear, Problem, cross_entropy, penalties, solving

RATIO, SMALLEST = 0.8, 0.01  # of a penalty to the one before, and of the last to the largest
LEVELS = 20  # penalties from the one to the other
LEAST_EACH, MOST_EACH = 0.5, 30.0  # weights a class, on average, of the levels that are kept
FEWEST = 4  # images of a class: two in each half
DENSE = (1.0, 0.1, 0.01, 0.001)  # L2 penalties to choose from
FIRST = 5  # classes among which the right one counts too
STEPS = 1 + len(DENSE) + LEVELS


@dataclass(frozen=True, eq=False)
class Sample:
    """Images with a class: their numbers in the corpus, `labels` the places of their classes in `names`, and which of them
    are trained on, all [N]. `duplicates` images were left out."""

    names: tuple[str, ...]
    images: NDArray[np.int64]
    labels: NDArray[np.int64]
    trained: NDArray[np.bool_]
    duplicates: int


class Scores(NamedTuple):
    """How many of the held-out images get the right class, and of how many it is among the first five."""

    top1: Share
    top5: Share


@dataclass(frozen=True, eq=False)
class Level:
    """What one penalty leaves: the model on standardised units, how well it does on held-out images, and of each class on
    how many of its own, `right` [K]."""

    penalty: float
    model: Linear
    scores: Scores
    right: NDArray[np.int64]

    @property
    def weights(self) -> int:
        """How many are not 0."""
        return int(np.count_nonzero(self.model.weight))

    @property
    def each(self) -> float:
        """How many units a class has, on average."""
        return self.weights / self.model.weight.shape[1]

    @property
    def units(self) -> int:
        """How many different units it uses."""
        return int(np.count_nonzero(self.model.weight.any(1)))


@dataclass(frozen=True, eq=False)
class Codes:
    """Every level, the sparsest first, and beside them what a dense probe does on the same images, and what always naming
    the commonest classes does. `mean` and `std` [U] are what units are standardised by, `x` the held-out images [N, U]."""

    sample: Sample
    mean: NDArray[np.float64]
    std: NDArray[np.float64]
    x: NDArray[np.float64]
    levels: tuple[Level, ...]
    dense: Scores
    chance: Scores

    @property
    def labels(self) -> NDArray[np.int64]:
        """The classes of the held-out images."""
        return self.sample.labels[~self.sample.trained]


class Progress(NamedTuple):
    """What is being done, and how many of `STEPS` are."""

    said: str
    done: int


def classes(columns: Columns, by: str, most: int) -> list[int]:
    """The values of the label column `by` that have `FEWEST` images, by their places; at most so many, the commonest first.

    Raises:
        BadInput: the corpus has no such column, or it has fewer than two such values.
    """
    if by not in columns.categories.columns:
        raise BadInput(
            f"by: there is no label column {by[:40]!r} that sorts these images; there are: "
            f"{', '.join(columns.categories.columns) or 'none'}.",
            field="by",
        )
    numbers = columns.categories.numbers(by)
    counts = np.bincount(numbers[numbers >= 0])
    found = [place for place in np.argsort(-counts, kind="stable")[:most].tolist() if counts[place] >= FEWEST]
    if len(found) < 2:
        raise BadInput(
            f"by: {by} has {len(found)} values of at least {FEWEST} images, and two are needed. Choose another column.",
            field="by",
        )
    return found


def sampling(columns: Columns, by: str, *, most: int, images: int, seed: int) -> Generator[None, None, Sample]:
    """The images of a corpus that have a class in the label column `by`: a class a step, and then all.

    Args:
        most: So many classes at most, the commonest.
        images: So many of each class at most, drawn with the seed.

    Raises:
        BadInput: as `classes`.
        NotReady: no image of the other half is left to count on.
    """
    chosen = classes(columns, by, most)
    numbers, values = columns.categories.numbers(by), columns.categories.values(by)
    rng = np.random.default_rng(seed)
    drawn = [rng.permutation(np.flatnonzero(numbers == place))[:images] for place in chosen]
    trained = [np.arange(len(own)) < (len(own) + 1) // 2 for own in drawn]
    kept = []
    for own, half in zip(drawn, trained, strict=True):
        kept.append(half | ~_repeated(columns, own, half))
        yield
    found = Sample(
        names=tuple(values[place] for place in chosen),
        images=np.concatenate([own[left] for own, left in zip(drawn, kept, strict=True)]).astype(np.int64),
        labels=np.repeat(np.arange(len(chosen)), [left.sum() for left in kept]),
        trained=np.concatenate([half[left] for half, left in zip(trained, kept, strict=True)]),
        duplicates=sum(int((~left).sum()) for left in kept),
    )
    if found.trained.all():
        raise NotReady(
            f"Every picture of the other half nearly duplicates one of its {by} in the first, so that there is none to count "
            "on: index pictures that differ, or choose another label column."
        )
    return found


def _repeated(columns: Columns, images: NDArray[np.int64], trained: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which images of a class nearly duplicate one that is trained on."""
    prints = columns.fingerprints(images.tolist())
    return np.asarray(alike(prints, prints[trained]).any(1))


def coding(
    columns: Columns, layer: str, drawing: Generator[None, None, Sample], *, most_each: float = MOST_EACH
) -> Iterator[Progress | Codes | None]:
    """Fit all levels, up to that which has more than `most_each` units a class or needs more weights than there is room for,
    and the dense probe beside them, to what `sampling` draws.

    Yields:
        How far it is; None where there is nothing new to say; at the end the codes.

    Raises:
        BadInput, NotReady: as `sampling`.
        NotReady: no unit of the layer says anything of the classes.
    """
    yield Progress("Drawing the pictures.", 0)
    sample = yield from drawing
    yield Progress("Reading the units.", 0)
    values = yield from all_units(columns, layer, sample.images)
    trained = sample.trained
    mean, std = values[trained].mean(0, dtype=np.float64), values[trained].std(0, dtype=np.float64)
    std = np.where(std > FLAT, std, np.inf)
    labels, held = sample.labels[trained], sample.labels[~trained]
    probe = yield from _dense(values[trained], labels, sample.names)
    x = (values[~trained] - mean) / std
    problem = Problem((values[trained] - mean) / std, labels, len(sample.names))
    levels: list[Level] = []
    model = None
    for done, penalty in enumerate(penalties(problem, RATIO, SMALLEST), 1 + len(DENSE)):
        said = f"Fitting codes of {levels[-1].each:.1f} units a class and more." if levels else "Fitting codes."
        yield Progress(said, done)
        model = yield from solving(problem, penalty, model)
        if model is None:
            break
        levels.append(_level(penalty, model, x, held))
        if levels[-1].each > most_each:
            break
    if not levels:
        raise NotReady(
            f"No unit of {layer} tells these pictures apart, so that there are no codes: choose another layer."
        )
    odds = values[~trained] @ probe.weight.numpy().T + probe.bias.numpy()
    common = np.broadcast_to(np.bincount(labels).astype(float), odds.shape)
    kept = [level for level in levels if level.each >= LEAST_EACH] or levels[-1:]
    yield Codes(sample, mean, std, x, tuple(kept), scores(odds, held), scores(common, held))


def _dense(
    values: NDArray[np.float32], labels: NDArray[np.int64], names: tuple[str, ...]
) -> Generator[Progress | None, None, LinearProbe]:
    """A dense probe under the L2 penalty that does best, by the log loss, on a quarter of the images that it is fitted
    without."""
    apart = np.arange(len(labels)) % 4 == 3  # within each class the images are in random order
    losses = []
    for done, penalty in enumerate(DENSE, 1):
        yield Progress("Fitting a dense probe.", done)
        probe = yield from _fitted(values[~apart], labels[~apart], names, penalty)
        odds = values[apart] @ probe.weight.numpy().T + probe.bias.numpy()
        losses.append(cross_entropy(odds, labels[apart]))
    return (yield from _fitted(values, labels, names, DENSE[int(np.argmin(losses))]))


def _fitted(
    values: NDArray[np.float32], labels: NDArray[np.int64], names: tuple[str, ...], penalty: float
) -> Generator[None, None, LinearProbe]:
    for found in linear.fitting(values, labels, names, penalty):
        if isinstance(found, LinearProbe):
            return found
        yield
    raise AssertionError("a fit ends with the probe")


def _level(penalty: float, model: Linear, x: NDArray[np.float64], labels: NDArray[np.int64]) -> Level:
    odds = model.logits(x)
    right = np.bincount(labels[places(odds, labels) == 0], minlength=odds.shape[1])
    return Level(penalty, model, scores(odds, labels), right)


def scores(odds: NDArray[np.floating], labels: NDArray[np.integer]) -> Scores:
    """How often the right class is first, and among the first five, by log odds [N, K]."""
    found = places(odds, labels)
    return Scores(share(int((found < 1).sum()), len(labels)), share(int((found < FIRST).sum()), len(labels)))


def places(odds: NDArray[np.floating], labels: NDArray[np.integer]) -> NDArray[np.int64]:
    """How many classes come before the right one, [N]; among equals the one with the lower number comes first."""
    own = odds[np.arange(len(labels)), labels][:, None]
    tied = (odds == own) & (np.arange(odds.shape[1]) < labels[:, None])
    return ((odds > own) | tied).sum(1)
