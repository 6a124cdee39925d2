"""Which images are nearly the same: a fingerprint of each, 320 bytes, compared without opening a picture again.

It has two parts, both of the square picture that the model sees. The first is a difference hash (N. Krawetz, "Kind of like
that", hackerfactor.com, 2013) of the picture in 16 x 16 cells of grey, along both axes and with three values instead of
two: the next cell is brighter, darker or the same. So plain grounds, whose bits would be noise or all alike, count for
nothing. The second is the picture in 8 x 8 cells of colour. `docs/decisions/0011-dataset-examples.md` has what was measured.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from app.images import square

CELLS, COLOURS = 16, 8
SAME = 3.0  # of 255: grey cells closer than this count as the same
PLANE = 2 * CELLS * CELLS // 8  # bytes: one bit for each step along both axes
SIZE = 2 * PLANE + 3 * COLOURS * COLOURS
SIDE = 128  # px of the square that the cells are taken from

MOST_STEPS = 0.45  # share of the steps that differ; between different photographs 0.49 and more
DETAILED = 200  # steps, of 512, from which a picture has enough for that; 99 of 100 photographs have more
MOST_COLOUR = 0.5  # of what the picture changes from one cell of colour to the next
ROUNDING = 0.5  # of 255: colours are stored as whole numbers
LEAST_CHANGE = 0.1  # of 255, of pictures of one colour
GAIN = 1.13  # most that one may be brighter than the other

Prints = NDArray[np.uint8]


def fingerprint(image: Image.Image, mode: str = "shortest") -> Prints:
    """The fingerprint of a picture, [320].

    Args:
        mode: How the model crops it (`images.square`).
    """
    small = square(image, SIDE, mode).convert("RGB")
    grey = small.convert("L")
    across = np.diff(_cells(grey, CELLS + 1, CELLS), axis=1).ravel()
    down = np.diff(_cells(grey, CELLS, CELLS + 1), axis=0).ravel()
    steps = np.concatenate([across, down])
    colours = _cells(small, COLOURS, COLOURS).astype(np.uint8).ravel()
    return np.concatenate([np.packbits(steps > SAME), np.packbits(steps < -SAME), colours])


def _cells(image: Image.Image, width: int, height: int) -> NDArray[np.int16]:
    return np.asarray(image.resize((width, height), Image.Resampling.BOX)).astype(np.int16)


def alike(ones: Prints, others: Prints, wanted: NDArray[np.bool_] | None = None) -> NDArray[np.bool_]:
    """Which pairs nearly duplicate each other, of fingerprints [N, 320] and [M, 320]: [N, M].

    The steps of both must agree, and the colours differ by less than half of what the pictures themselves change between two
    cells: a crop moves a picture, but by part of a cell. Of pictures with few steps more is asked, for two words in one font
    at one place share half of theirs; of these, crops are not found.

    Args:
        wanted: [N, M], the pairs to look at; the others are not alike.
    """
    apart, steps = _steps_apart(ones, others)
    detail = np.where(steps > 0, np.minimum(steps / DETAILED, 1), 1)
    found = apart <= MOST_STEPS * detail
    if wanted is not None:
        found &= wanted
    one, other = np.nonzero(found)  # few, so that colours are seldom compared
    if len(one):
        found[one, other] = _colours_apart(ones[one], others[other]) <= MOST_COLOUR * detail[one, other]
    return found


def _steps_apart(ones: Prints, others: Prints) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """The share of the steps, of those that are one in either picture, that are not the same in both, and how many these
    are: [N, M]."""
    rises, falls = (
        [np.ascontiguousarray(prints[:, at : at + PLANE]).view(np.uint64) for prints in (ones, others)]
        for at in (0, PLANE)
    )
    (rise, other_rise), (fall, other_fall) = rises, falls
    same = _bits(rise[:, None] & other_rise) + _bits(fall[:, None] & other_fall)
    either = _bits((rise | fall)[:, None] | other_rise | other_fall)
    return np.where(either > 0, 1 - same / np.maximum(either, 1), 0.0), either


def _bits(planes: NDArray[np.uint64]) -> NDArray[np.int64]:
    return np.bitwise_count(planes).sum(-1, dtype=np.int64)


def _colours_apart(ones: Prints, others: Prints) -> NDArray[np.float64]:
    """How far the colours are apart once both are as bright, in changes from one cell to the next: [N]."""
    ours, theirs = (prints[:, 2 * PLANE :].astype(np.float64) for prints in (ones, others))
    gain = (theirs.mean(1) / np.maximum(ours.mean(1), 1.0)).clip(1 / GAIN, GAIN)
    apart = np.abs((ours * gain[:, None]).clip(max=255) - theirs).mean(1) - ROUNDING
    return apart / np.maximum(np.minimum(_change(ours), _change(theirs)), LEAST_CHANGE)


def _change(colours: NDArray[np.float64]) -> NDArray[np.float64]:
    """The geometric mean of the change along both axes: a picture of stripes only is nearly plain along one of them."""
    cells = colours.reshape(-1, COLOURS, COLOURS, 3)
    down, across = (np.abs(np.diff(cells, axis=axis)).mean((1, 2, 3)) for axis in (1, 2))
    return np.sqrt(down * across)


def folded(prints: Prints) -> list[list[int]]:
    """Positions of pictures [N, 320], each with those after it that nearly duplicate it and none before it."""
    pairs = alike(prints, prints, ~np.tri(len(prints), dtype=bool))  # each with those after it
    groups: dict[int, list[int]] = {}
    for position in range(len(prints)):
        first = next((shown for shown in groups if pairs[shown, position]), position)
        groups.setdefault(first, []).append(position)
    return list(groups.values())


class PrintWriter:
    """Writes the fingerprints of a corpus, image after image, as one array [images, 320]."""

    def __init__(self, folder: Path, images: int) -> None:
        path = folder / FILE
        array = np.lib.format.open_memmap(path, "w+", np.uint8, (images, SIZE))
        self._path, self._at = path, int(array.offset)

    def add(self, prints: Prints) -> None:
        """Those of the next images, [B, 320]."""
        with self._path.open("r+b", buffering=0) as file:
            file.seek(self._at)
            self._at += file.write(prints.tobytes()) or 0


FILE = "fingerprints.npy"
