"""A unit's activation given a label of the corpus, and the labels given its activation, as answers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from app import urls
from app.answers.examples import ActivationBand, Shown
from app.answers.given import LabelColumn, LabelResponse, LabelShare, Others, Ranking
from app.corpus.columns import Columns
from app.corpus.given import FEWEST, Graded, Group, commonest, counts_by_band, groups, median
from app.corpus.index import Index
from app.errors import NotFound

FIRST = ("concept", "class", "family", "kind")  # the columns that say what an image shows, before those that say how
BINS = 48
SHARES = 7  # values in the chart of labels given activation; more cannot be told apart
SHOWN = 12
OTHER, UNLABELLED = "other", "not recorded"

Address = Callable[[str, str | None], str]
"""From a label column and a value, or no value, to the page of a unit's activation given it."""


@dataclass(frozen=True)
class Sorted:
    """A unit's column beside a label column of its corpus; `address` leads to the page of each of the values."""

    index: Index
    columns: Columns
    layer: str
    unit: int
    by: str
    address: Address

    @property
    def labels(self) -> list[str]:
        """The label's values."""
        return self.columns.categories.values(self.by)

    @property
    def numbers(self) -> NDArray[np.int32]:
        """Each image's place among `labels`, -1 without one."""
        return self.columns.categories.numbers(self.by)

    def number(self, value: str) -> int:
        """The place of a value among `labels`. Raises `NotFound`."""
        if value not in self.labels:
            shown = ", ".join(self.labels[:8])
            raise NotFound(
                f"No image of {self.index.manifest.name} has the {self.by} {value!r}: there are {shown}, …",
                field="value",
            )
        return self.labels.index(value)


def sorted_by(index: Index, columns: Columns, layer: str, unit: int, by: str, corpus: str | None) -> Sorted:
    """A unit's column beside the label column `by`; `corpus` is the one that addresses name, if any."""

    def address(by: str, value: str | None) -> str:
        return urls.given(index.manifest.model, layer, unit, by=by, value=value, corpus=corpus)

    return Sorted(index, columns, layer, unit, by, address)


def in_sd(index: Index, columns: Columns, layer: str, unit: int) -> Graded:
    """A unit's column in standard deviations from its mean over the corpus, as it is stored."""
    stats = index.unit(layer, unit).stats
    levels = (columns.levels(layer, unit) - stats.mean) / (stats.std or 1.0)
    return Graded(levels, columns.column(layer, unit))


def label_columns(columns: Columns) -> list[str]:
    """The columns that a corpus can be sorted by, those first that say what an image shows."""
    known = columns.categories.columns
    return [*(name for name in FIRST if name in known), *(name for name in known if name not in FIRST)]


def ranking(sorted_: Sorted, most: int | None = None) -> Ranking:
    """The responses to all values of the column that have enough images, or to the `most` that drive the unit most."""
    found = _groups(sorted_.columns, sorted_.index, sorted_.layer, sorted_.unit, sorted_.by)
    kept = sorted((group for group in found if group.count >= FEWEST), key=lambda group: -group.median.value)
    return Ranking(
        by=sorted_.by,
        columns=[LabelColumn(name=name, url=sorted_.address(name, None)) for name in label_columns(sorted_.columns)],
        labels=[response(sorted_, group) for group in kept[:most]],
        more=len(kept) - len(kept[:most]),
        few=len(found) - len(kept),
        fewest=FEWEST,
    )


@lru_cache(maxsize=32)  # of up to half a megabyte each
def _groups(columns: Columns, index: Index, layer: str, unit: int, by: str) -> list[Group]:
    categories = columns.categories
    return groups(in_sd(index, columns, layer, unit), categories.numbers(by), len(categories.values(by)))


def response(sorted_: Sorted, group: Group) -> LabelResponse:
    """A group of images as an answer."""
    value, apart = sorted_.labels[group.value], group.auc
    return LabelResponse(
        value=value,
        url=sorted_.address(sorted_.by, value),
        count=group.count,
        median=group.median.value,
        low=group.median.low,
        high=group.median.high,
        auc=apart.value if apart else None,
        auc_low=apart.low if apart else None,
        auc_high=apart.high if apart else None,
    )


def chosen(sorted_: Sorted, value: str) -> dict[str, object]:
    """The images of a value beside all others, as fields of a `GivenPage`. Raises `NotFound` for an unknown value."""
    number, graded = sorted_.number(value), in_sd(sorted_.index, sorted_.columns, sorted_.layer, sorted_.unit)
    levels, grades = graded.levels, graded.grades
    ones = sorted_.numbers == number
    edges = np.linspace(levels[0], levels[-1], BINS + 1) if levels[-1] > levels[0] else np.array([-0.5, 0.5])
    found = _groups(sorted_.columns, sorted_.index, sorted_.layer, sorted_.unit, sorted_.by)
    order = np.flatnonzero(ones)[np.argsort(-grades[ones].astype(np.int32), kind="stable")]
    counts, all_counts = (np.bincount(each, minlength=len(levels)) for each in (grades[ones], grades))
    rest = np.repeat(levels, all_counts - counts)
    middle = median(rest) if len(rest) else None
    shown = order if len(order) <= 2 * SHOWN else np.concatenate([order[:SHOWN], order[-SHOWN:]])
    pictures = _shown(sorted_, shown, levels[grades[shown]])
    return {
        "value": value,
        "chosen": next(response(sorted_, group) for group in found if group.value == number),
        "others": Others(count=len(rest), median=middle.value, low=middle.low, high=middle.high) if middle else None,
        "edges": edges.tolist(),
        "counts": _binned(levels, counts, edges),
        "other_counts": _binned(levels, all_counts - counts, edges),
        "strongest": pictures[:SHOWN],
        "weakest": pictures[SHOWN:][::-1],
    }


def _binned(levels: NDArray[np.floating], counts: NDArray[np.int64], edges: NDArray[np.float64]) -> list[int]:
    return np.histogram(levels, edges, weights=counts)[0].astype(int).tolist()


def _shown(sorted_: Sorted, images: NDArray[np.intp], sd: NDArray[np.floating]) -> list[Shown]:
    index, stats = sorted_.index, sorted_.index.unit(sorted_.layer, sorted_.unit).stats
    return [
        Shown(
            image=urls.corpus_image(index.manifest.name, image),
            page=urls.corpus_page(index.manifest.name, image),
            caption=index.record(image)["caption"] or index.record(image)["key"],
            activation=stats.mean + deviations * (stats.std or 1.0),
            sd=deviations,
        )
        for image, deviations in zip(images.tolist(), sd.tolist(), strict=True)
    ]


def shares(sorted_: Sorted, value: str | None) -> dict[str, object]:
    """The labels given the activation, in the bands of the unit's range, as fields of a `GivenPage`."""
    known = sorted_.index.unit(sorted_.layer, sorted_.unit)
    deviation = known.stats.std or 1.0
    edges = [(edge - known.stats.mean) / deviation for edge in _edges([(band.low, band.high) for band in known.bands])]
    count = len(sorted_.labels)
    graded = in_sd(sorted_.index, sorted_.columns, sorted_.layer, sorted_.unit)
    counts = counts_by_band(graded, edges, sorted_.numbers, count)
    kept = commonest(counts, SHARES, [sorted_.number(value)] if value else [])
    rest = [number for number in range(count) if number not in kept]
    total = counts.sum(1)

    def share(name: str, url: str | None, of: list[int]) -> LabelShare:
        found = counts[:, of].sum(1)
        parts = [int(part) / int(whole) if whole else None for part, whole in zip(found, total, strict=True)]
        return LabelShare(value=name, url=url, count=int(found.sum()), shares=parts)

    parts = [share(sorted_.labels[n], sorted_.address(sorted_.by, sorted_.labels[n]), [n]) for n in kept]
    parts += [share(name, None, of) for name, of in ((OTHER, rest), (UNLABELLED, [count])) if counts[:, of].any()]
    bands = zip(edges[:-1], edges[1:], total.tolist(), strict=True)
    return {"bands": [ActivationBand(low=low, high=high, count=n) for low, high, n in bands], "shares": parts}


def _edges(bands: Sequence[tuple[float, float]]) -> list[float]:
    return [bands[0][0], *(high for _, high in bands)]
