"""Gather a source's partitions: from the disk those that a build that was stopped has measured, the others anew."""

from collections.abc import Callable, Generator
from contextlib import closing
from typing import NamedTuple

from app.corpus.fold import Fold
from app.corpus.manifest import REASONS
from app.corpus.partition import Partition, cut
from app.corpus.rows import RowWriter
from app.corpus.sources import Item, Source
from app.corpus.unfinished import Unfinished
from app.images import Refusal

Measuring = Generator[int, None, Partition]
"""Yields how many images of a partition were looked at."""

Measure = Callable[[int, list[Item]], Measuring]
"""Measures the partition of that number, which has these items."""


class Step(NamedTuple):
    """How many images were looked at and how many there are; `kept` of them by a build that was stopped."""

    done: int
    total: int
    kept: int


def gathering(
    source: Source,
    measure: Measure,
    fold: Fold,
    unfinished: Unfinished,
    rows: RowWriter,
) -> Generator[Step, None, list[Refusal]]:
    """Bring every partition of a source into an empty `fold`, and its good images into `rows`.

    Returns:
        The first refused images.
    """
    refused: list[Refusal] = []
    first = unfinished.tables(fold)
    size = unfinished.images
    there = {*range(first), *unfinished.numbers("part")}
    done = kept = sum(min(size, source.count - number * size) for number in there)
    if kept:
        yield Step(done, source.count, kept)
    for number, items in enumerate(cut(source, size)):
        if number >= first:
            part = unfinished.partition(number)
            found = part is not None
            if part is None:
                part = yield from _counted(measure(number, items), Step(done, source.count, kept))
                unfinished.keep(number, part)
            if number not in there:
                done += part.images
            if found:
                yield Step(done, source.count, kept)
            fold.add(part)
            unfinished.keep_tables(fold)
        good = []
        for position, item in enumerate(items, number * size):
            reason = fold.refused.get(position)
            if reason is None:
                good.append(item)
            elif len(refused) < REASONS:
                refused.append(Refusal(item.key, reason))
        rows.add(good)
    return refused


def _counted(steps: Measuring, before: Step) -> Generator[Step, None, Partition]:
    """The steps of a partition as steps of the whole."""
    with closing(steps):
        while True:
            try:
                looked = next(steps)
            except StopIteration as finished:
                return finished.value
            yield before._replace(done=min(before.done + looked, before.total))
