"""Units that are active on the same images: the correlation of their columns.

A correlation with every unit of a layer reads a part of all its columns, over a second for a large corpus. So the
`NEAREST` units of each are put down once, in `LAYER.alike.npy` beside the columns: [units, `NEAREST`, 2], unit and
correlation, the most alike first, -1 and 0 where there are no more.
"""

from collections.abc import Generator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.corpus.columns import UNITS_AT_ONCE, Columns
from app.whole import writing

MOST_IMAGES = 32_768  # a correlation over more of them moves by about 0.01
RUNS = 64  # stretches of the corpus that these are taken from
NEAREST = 32  # units that are put down for each
BLOCK = 512  # units whose columns lie in memory while that is done: 67 MB twice


def correlations(columns: Columns, layer: str, unit: int) -> NDArray[np.float64]:
    """Pearson's correlation of a unit's column with that of every unit of its layer, [units]; 0 for units that never vary.

    Over all images, or `MOST_IMAGES` from all over a larger corpus. The memory is that of a few hundred columns of these.

    Raises:
        NotFound: the columns have no such layer or unit.
    """
    own, units = standard(columns, layer, [unit])[0], len(columns.codes(layer))
    blocks = (range(start, min(start + UNITS_AT_ONCE, units)) for start in range(0, units, UNITS_AT_ONCE))
    found = np.concatenate([standard(columns, layer, block) @ own for block in blocks])
    return np.asarray(found, np.float64).clip(-1, 1)


def correlation(columns: Columns, layer: str, unit: int, others: Columns, other_layer: str, other_unit: int) -> float:
    """Pearson's correlation of two columns over the same images, as in `correlations`; 0 where one never varies.

    Args:
        others: Columns of the same pictures; may be the same ones.
    """
    one, other = standard(columns, layer, [unit])[0], standard(others, other_layer, [other_unit])[0]
    return float(np.clip(one @ other, -1, 1))


def most_alike(columns: Columns, layer: str, unit: int, most: int) -> list[tuple[int, float]]:
    """The units whose activation correlates most with a unit's, without itself, the most alike first.

    Raises:
        NotFound: the columns have no such layer or unit.
    """
    columns.column(layer, unit, slice(0, 0))
    if most <= NEAREST and _file(columns, layer).is_file():
        kept = np.load(_file(columns, layer), mmap_mode="r")[unit, :most].tolist()
        return [(int(other), r) for other, r in kept if other >= 0]
    found = correlations(columns, layer, unit)
    order = (int(other) for other in np.argsort(-found, kind="stable"))
    return [(other, float(found[other])) for other in order if other != unit and found[other] > 0][:most]


def recorded(columns: Columns) -> bool:
    """Whether the units most alike are put down for every layer."""
    return all(_file(columns, layer).is_file() for layer in columns.header.layers)


def recording(columns: Columns) -> Generator[tuple[int, int], None, None]:
    """The steps of putting down, for every layer where it is not yet done, which units are most alike.

    Yields how many pairs of blocks of units were compared, and how many there are.
    """
    layers = [layer for layer in columns.header.layers if not _file(columns, layer).is_file()]
    counts = {layer: -(-len(columns.codes(layer)) // BLOCK) for layer in layers}
    done, total = 0, sum(count**2 for count in counts.values())
    for layer in layers:
        units = len(columns.codes(layer))
        blocks = [range(start, min(start + BLOCK, units)) for start in range(0, units, BLOCK)]
        kept = np.zeros((units, NEAREST, 2), np.float32)
        for block in blocks:
            own, found = standard(columns, layer, block), np.empty((len(block), units), np.float32)
            for other in blocks:
                beside = own if other is block else standard(columns, layer, other)
                found[:, other.start : other.stop] = own @ beside.T
                done += 1
                yield done, total
            found[np.arange(len(block)), list(block)] = -np.inf  # itself
            kept[block.start : block.stop] = _best(found.clip(max=1))
        with writing(_file(columns, layer)) as file:
            np.save(file, kept)


def nearest(found: NDArray[np.float32], most: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """The columns of each row with the highest values, the highest first, and these, [rows, `most` or all]; among equals
    the lowest first."""
    order = np.argsort(-found, axis=1, kind="stable")[:, :most].copy()  # a view would keep all of it
    return order, np.take_along_axis(found, order, 1)


def _best(found: NDArray[np.float32]) -> NDArray[np.float32]:
    """The most alike of each row of correlations, [rows, `NEAREST`, 2]."""
    order, values = nearest(found, NEAREST)
    best = np.stack([order, values], 2).astype(np.float32)
    best[values <= 0] = (-1, 0)
    return np.pad(best, ((0, 0), (0, NEAREST - best.shape[1]), (0, 0)), constant_values=-1)


def _file(columns: Columns, layer: str) -> Path:
    return columns.folder / f"{layer}.alike.npy"


def images_compared(columns: Columns, most: int | None = None) -> int:
    """Over how many images the correlations are."""
    return sum(span.stop - span.start for span in _spans(len(columns), most))


def _spans(images: int, most: int | None) -> list[slice]:
    """Contiguous stretches, since each page of a column that is touched is read whole."""
    most = most or MOST_IMAGES
    if images <= most:
        return [slice(0, images)]
    length = most // RUNS
    return [slice(start, start + length) for start in np.linspace(0, images - length, RUNS).astype(int).tolist()]


def standard(columns: Columns, layer: str, units: Sequence[int], most: int | None = None) -> NDArray[np.float32]:
    """The part of each unit's column that is compared, less its mean, at length 1; zeros where it does not vary: [units,
    images], of a larger corpus `most` of these, by default `MOST_IMAGES`. The product of two such rows is Pearson's correlation."""
    spans = _spans(len(columns), most)
    parts = [[columns.column(layer, unit, span) for span in spans] for unit in units]
    rows = np.stack([np.concatenate(part) for part in parts]).astype(np.float32)
    rows -= rows.mean(1, keepdims=True, dtype=np.float64).astype(np.float32)
    length = np.sqrt(np.einsum("ui,ui->u", rows, rows, dtype=np.float64))[:, None]
    return np.divide(rows, length.astype(np.float32), out=np.zeros_like(rows), where=length > 0)
