"""Every image's activation on every unit, unit by unit: a column is one contiguous read.

An index keeps of each unit its extremes, a histogram and a sample; this keeps everything, in sixteen bits a value. The
folder `columns` inside an index's has `LAYER.npy`, uint16 [units, images], and `LAYER.range.npy`, float32 [units, 2]: the
number 0 stands for the unit's lowest activation, 65,535 for its highest, evenly between. So no activation is off by more
than a 131,070th of its unit's range (`docs/decisions/0010-columns.md` says why not float16). `columns.json` names the
index it belongs to, and `labels.*` are the corpus' categories. What else needs one look at every image once the units'
ranges are known is kept beside them: the draw of each band (`draws`) and the images' fingerprints (`fingerprint`).
"""

import os
import weakref
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from app.corpus.bands import Band
from app.corpus.categories import Categories
from app.corpus.draws import Draws
from app.corpus.fingerprint import FILE, SIZE, Prints
from app.corpus.index import Index
from app.errors import NotFound, NotReady

FOLDER, HEADER = "columns", "columns.json"
VERSION = 2
STEPS = 65_535
UNITS_AT_ONCE = 64  # whose columns are decoded together

Codes = NDArray[np.uint16]


class Header(BaseModel):
    """What columns say of themselves: the key of the index they belong to, and their shape."""

    model_config = ConfigDict(frozen=True)

    key: str
    version: int
    images: int
    layers: tuple[str, ...]


def encode(values: NDArray[np.floating], ranges: NDArray[np.float32]) -> Codes:
    """Activations [..., units] as numbers from 0 to 65,535 between each unit's lowest and highest, `ranges` [units, 2].

    Raises:
        ValueError: an activation is NaN or infinite.
    """
    if not np.isfinite(values).all():
        raise ValueError("an activation is not a finite number")
    low, step = _scale(ranges)
    steps = np.divide(values - low, step, out=np.zeros(values.shape), where=step > 0)
    return np.rint(steps).clip(0, STEPS).astype(np.uint16)


def _scale(ranges: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What 0 stands for, and how far apart two neighbours are."""
    low, high = ranges[..., 0].astype(np.float64), ranges[..., 1].astype(np.float64)
    return low, (high - low) / STEPS


class Columns:
    """The columns of an index, mapped from disk; any thread may read. Open them with `Columns.open`."""

    def __init__(self, folder: Path, header: Header) -> None:
        self.folder = folder
        self.header = header
        self.categories = Categories(folder)

    @classmethod
    def open(cls, folder: Path, index: Index) -> Self:
        """Open the columns in a folder.

        Raises:
            NotFound: there are none.
            NotReady: they are of another index or version; the sentence has both.
        """
        try:
            header = Header.model_validate_json((folder / HEADER).read_bytes())
        except OSError as error:
            raise NotFound(f"The index {index.manifest.name} has no columns.") from error
        except ValidationError as error:
            raise NotReady(f"The columns in {folder} were written by another version: make them again.") from error
        wanted = Header(key=index.manifest.key, version=VERSION, images=len(index), layers=index.manifest.layers)
        for name in ("key", "version", "images"):
            found, expected = getattr(header, name), getattr(wanted, name)
            if found != expected:
                raise NotReady(
                    f"The columns in {folder} are of an index with {name} {found}, not {expected}: make them again."
                )
        return cls(folder, header)

    def __len__(self) -> int:
        return self.header.images

    def codes(self, layer: str) -> Codes:
        """All columns of a layer as they are stored, uint16 [units, images]; raises NotFound for an unknown layer."""
        return self._layer(layer)[0]

    def unit(self, layer: str, unit: int) -> NDArray[np.float32]:
        """A unit's activation on every image, float32 [images].

        Raises:
            NotFound: the columns have no such layer or unit.
        """
        low, step = self._scale_of(layer, unit)
        return (low + self.column(layer, unit) * step).astype(np.float32)

    def column(self, layer: str, unit: int, images: slice = slice(None)) -> Codes:
        """A unit's column as it is stored, or a stretch of it: uint16 [images].

        By a plain read, since the pages of a map that were looked at count as this process' memory.

        Raises:
            NotFound: the columns have no such layer or unit.
        """
        self._scale_of(layer, unit)
        start, stop, _ = images.indices(len(self))
        file, offset = self._files[layer]
        place = offset + 2 * (unit * len(self) + start)
        return np.frombuffer(os.pread(file, 2 * (stop - start), place), np.uint16)

    def levels(self, layer: str, unit: int) -> NDArray[np.float64]:
        """The activations that the numbers of a unit's column stand for, [65,536] ascending.

        Raises:
            NotFound: the columns have no such layer or unit.
        """
        low, step = self._scale_of(layer, unit)
        return np.asarray(low + np.arange(STEPS + 1) * step, np.float64)

    def weighted(self, layer: str, weights: ArrayLike) -> Iterator[NDArray[np.float64]]:
        """The sum of all units' activations, each by its weight [units]: float64 [images].

        Yields the sum so far after every `UNITS_AT_ONCE` units that weigh something; the last is the whole.
        """
        ranges = self._layer(layer)[1]
        weights = np.asarray(weights, np.float64)
        low, step = _scale(ranges)
        total = np.full(len(self), (weights * low).sum())
        heavy = np.flatnonzero(weights * step)
        for start in range(0, len(heavy), UNITS_AT_ONCE):
            chosen = heavy[start : start + UNITS_AT_ONCE]
            for unit in chosen:
                total += self.column(layer, int(unit)) * (weights[unit] * step[unit])
            yield total
        if not len(heavy):
            yield total

    def some(self, layer: str, unit: int, images: Sequence[int]) -> NDArray[np.float32]:
        """A unit's activation on some images [N], without reading the whole column: [N].

        Raises:
            NotFound: the columns have no such layer or unit.
        """
        low, step = self._scale_of(layer, unit)
        codes = [self.column(layer, unit, slice(image, image + 1)) for image in images]
        return (low + np.concatenate([*codes, np.empty(0, np.uint16)]) * step).astype(np.float32)

    def bands(self, layer: str, unit: int) -> list[Band]:
        """The ten bands of a unit's range, the weakest first, counted and drawn from all images.

        Raises:
            NotFound: the columns have no such layer or unit.
        """
        self._scale_of(layer, unit)
        return self._draws[layer].bands(unit, self._layer(layer)[1][unit])

    def fingerprints(self, images: Sequence[int]) -> Prints:
        """The fingerprints of some images, [N, 320]."""
        file, offset = self._print_file
        prints = b"".join(os.pread(file, SIZE, offset + SIZE * image) for image in images)
        return np.frombuffer(prints, np.uint8).reshape(-1, SIZE)

    def percentile(self, layer: str, unit: int, value: float) -> float:
        """The share of the images, in percent, on which a unit is less active than `value`; ties count as half.

        Exact to one step of the column: what lies within one is a tie.
        """
        ranges = self._layer(layer)[1]
        self._scale_of(layer, unit)
        lowest, highest = (float(end) for end in ranges[unit])
        if not lowest <= value <= highest:
            return 100.0 if value > lowest else 0.0
        return rank(self.column(layer, unit), encode(np.array([value]), ranges[unit : unit + 1])[0])

    def _scale_of(self, layer: str, unit: int) -> tuple[float, float]:
        codes, ranges = self._layer(layer)
        if not 0 <= unit < len(codes):
            raise NotFound(f"{layer} has no unit {unit}: they go from 0 to {len(codes) - 1}.", field="unit")
        low, step = _scale(ranges[unit])
        return float(low), float(step)

    def _layer(self, layer: str) -> tuple[Codes, NDArray[np.float32]]:
        if layer not in self.header.layers:
            raise NotFound(f"There are no columns of {layer}: of {', '.join(self.header.layers)} only.", field="layer")
        return self._layers[layer]

    @cached_property
    def _draws(self) -> dict[str, Draws]:
        return {layer: Draws.open(self.folder, layer) for layer in self.header.layers}

    @cached_property
    def _files(self) -> dict[str, tuple[int, int]]:
        return {layer: self._opened(f"{layer}.npy") for layer in self.header.layers}

    @cached_property
    def _print_file(self) -> tuple[int, int]:
        return self._opened(FILE)

    def _opened(self, name: str) -> tuple[int, int]:
        """The descriptor of an array's file, open as long as the columns are, and where its first number lies."""
        array = np.load(self.folder / name, mmap_mode="r")
        assert isinstance(array, np.memmap)
        file = os.open(self.folder / name, os.O_RDONLY)
        weakref.finalize(self, os.close, file)
        return file, array.offset

    @cached_property
    def _layers(self) -> dict[str, tuple[Codes, NDArray[np.float32]]]:
        return {
            layer: (np.load(self.folder / f"{layer}.npy", mmap_mode="r"), np.load(self.folder / f"{layer}.range.npy"))
            for layer in self.header.layers
        }


def rank(values: NDArray[np.number], value: np.number | float) -> float:
    """The share of the values, in percent, that lie below one; ties count as half."""
    return float(100 * (np.less(values, value).sum() + np.equal(values, value).sum() / 2) / len(values))
