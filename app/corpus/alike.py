"""Units that are active on the same images: the correlation of their columns."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from app.corpus.columns import UNITS_AT_ONCE, Columns

MOST_IMAGES = 32_768  # a correlation over more of them moves by about 0.01
RUNS = 64  # stretches of the corpus that these are taken from


def correlations(columns: Columns, layer: str, unit: int) -> NDArray[np.float64]:
    """Pearson's correlation of a unit's column with that of every unit of its layer, [units]; 0 for units that never vary.

    Over all images, or `MOST_IMAGES` from all over a larger corpus. The memory is that of a few hundred columns of these.

    Raises:
        NotFound: the columns have no such layer or unit.
    """
    columns.unit(layer, unit)
    spans = _spans(len(columns))
    codes = columns.codes(layer)
    own = _standard(_taken(codes[unit : unit + 1], spans))[0]
    found = np.zeros(len(codes))
    for start in range(0, len(codes), UNITS_AT_ONCE):
        found[start : start + UNITS_AT_ONCE] = _standard(_taken(codes[start : start + UNITS_AT_ONCE], spans)) @ own
    return found.clip(-1, 1)


def correlation(columns: Columns, layer: str, unit: int, others: Columns, other_layer: str, other_unit: int) -> float:
    """Pearson's correlation of two columns over the same images, as in `correlations`; 0 where one never varies.

    Args:
        others: Columns of the same pictures; may be the same ones.
    """
    spans = _spans(len(columns))
    one = _standard(_taken(columns.codes(layer)[unit : unit + 1], spans))[0]
    other = _standard(_taken(others.codes(other_layer)[other_unit : other_unit + 1], spans))[0]
    return float(np.clip(one @ other, -1, 1))


def most_alike(columns: Columns, layer: str, unit: int, most: int) -> list[tuple[int, float]]:
    """The units whose activation correlates most with a unit's, without itself, the most alike first."""
    found = correlations(columns, layer, unit)
    order = (int(other) for other in np.argsort(-found, kind="stable"))
    return [(other, float(found[other])) for other in order if other != unit and found[other] > 0][:most]


def images_compared(columns: Columns) -> int:
    """Over how many images the correlations are."""
    return sum(span.stop - span.start for span in _spans(len(columns)))


def _spans(images: int) -> list[slice]:
    """Contiguous stretches, since each page of a column that is touched is read whole."""
    if images <= MOST_IMAGES:
        return [slice(0, images)]
    length = MOST_IMAGES // RUNS
    return [slice(start, start + length) for start in np.linspace(0, images - length, RUNS).astype(int).tolist()]


def _taken(codes: NDArray[np.uint16], spans: list[slice]) -> NDArray[np.float32]:
    parts: Iterator[NDArray[np.uint16]] = (codes[:, span] for span in spans)
    return np.concatenate(list(parts), axis=1).astype(np.float32)


def _standard(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Each row less its mean, at length 1; zeros where it does not vary."""
    rows -= rows.mean(1, keepdims=True, dtype=np.float64).astype(np.float32)
    length = np.sqrt(np.einsum("ui,ui->u", rows, rows, dtype=np.float64))[:, None]
    return np.divide(rows, length.astype(np.float32), out=np.zeros_like(rows), where=length > 0)
