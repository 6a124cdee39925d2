"""Every image's activation on every unit, unit by unit: a column is one contiguous read.

An index keeps of each unit its extremes, a histogram and a sample; this keeps everything, in sixteen bits a value. The
folder `columns` inside an index's has `LAYER.npy`, uint16 [units, images], and `LAYER.range.npy`, float32 [units, 2]: the
number 0 stands for the unit's lowest activation, 65,535 for its highest, evenly between. So no activation is off by more
than a 131,070th of its unit's range (`docs/decisions/0010-columns.md` says why not float16). `columns.json` names the
index it belongs to, and `labels.*` are the corpus' categories. What else needs one look at every image once the units'
ranges are known is kept beside them: the draw of each band (`draws`) and the images' fingerprints (`fingerprint`).
"""

import os
import shutil
import tempfile
import time
import weakref
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Self

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from app.clip.clip import Clip
from app.corpus.bands import Band
from app.corpus.categories import Categories, CategoryWriter
from app.corpus.draws import Draws, DrawWriter
from app.corpus.fingerprint import FILE, SIZE, Prints, PrintWriter, fingerprint
from app.corpus.index import Index
from app.corpus.manifest import IndexManifest
from app.corpus.partition import GROUP, in_groups
from app.corpus.pictures import decoded
from app.errors import BadInput, FacetscopeError, NotFound, NotReady

FOLDER, HEADER = "columns", "columns.json"
VERSION = 2
STEPS = 65_535
CHUNK = 4096  # images between two writes: 8 KB of each unit at a time, 21 MB of memory for 2,560 units
UNITS_AT_ONCE = 64  # whose columns are decoded together
ABANDONED_S = 3600.0  # since its last write, after which what a killed process left behind is removed

Codes = NDArray[np.uint16]


class Header(BaseModel):
    """What columns say of themselves: the key of the index they belong to, and their shape."""

    model_config = ConfigDict(frozen=True)

    key: str
    version: int
    images: int
    layers: tuple[str, ...]


class ColumnWriter:
    """Writes the columns of some layers to a folder from batches of images, in the order of their numbers.

    In memory is never more than `CHUNK` images; each full chunk is put where it belongs in every unit's column.

    Args:
        ranges: Layer name -> each unit's lowest and highest activation, [units, 2]. What lies beyond is clamped.
    """

    def __init__(self, folder: Path, key: str, images: int, ranges: Mapping[str, ArrayLike]) -> None:
        self.folder = folder
        self.header = Header(key=key, version=VERSION, images=images, layers=tuple(ranges))
        self.ranges = {layer: np.asarray(range_, np.float32) for layer, range_ in ranges.items()}
        self.chunks = {layer: np.empty((CHUNK, len(r)), np.uint16) for layer, r in self.ranges.items()}
        self.starts = {layer: _empty(folder / f"{layer}.npy", len(r), images) for layer, r in self.ranges.items()}
        self.written = self.waiting = 0

    def add(self, ids: ArrayLike, values: Mapping[str, NDArray[np.float32]]) -> None:
        """Take in a batch: the numbers of its images [B], and layer name -> activations [B, units].

        Raises:
            ValueError: not the images that come next, or an activation that is not a finite number.
        """
        ids = np.asarray(ids)
        seen = self.written + self.waiting
        if not np.array_equal(ids, np.arange(seen, seen + len(ids))) or seen + len(ids) > self.header.images:
            raise ValueError(f"columns take images in order: {seen} comes next of {self.header.images}")
        start = 0
        while start < len(ids):
            taken = min(len(ids) - start, CHUNK - self.waiting)
            for layer, chunk in self.chunks.items():
                chunk[self.waiting : self.waiting + taken] = encode(
                    values[layer][start : start + taken], self.ranges[layer]
                )
            self.waiting, start = self.waiting + taken, start + taken
            if self.waiting == CHUNK:
                self._flush()

    def _flush(self) -> None:
        """Write the chunk by plain writes: pages of a memory map would count as this process' memory."""
        for layer, chunk in self.chunks.items():
            with (self.folder / f"{layer}.npy").open("r+b", buffering=0) as file:
                for unit, run in enumerate(np.ascontiguousarray(chunk[: self.waiting].T)):
                    file.seek(self.starts[layer] + 2 * (unit * self.header.images + self.written))
                    file.write(run)
        self.written, self.waiting = self.written + self.waiting, 0

    def finish(self) -> None:
        """Write the rest and the header. Raises ValueError if images are missing."""
        self._flush()
        if self.written < self.header.images:
            raise ValueError(f"columns of {self.header.images} images got {self.written}")
        for layer in self.header.layers:
            np.save(self.folder / f"{layer}.range.npy", self.ranges[layer])
        (self.folder / HEADER).write_text(self.header.model_dump_json(indent=1) + "\n")


def _empty(path: Path, units: int, images: int) -> int:
    """Write an array of zeros that takes no room yet; returns where in the file it starts."""
    array = np.lib.format.open_memmap(path, "w+", np.uint16, (units, images))
    return int(array.offset)


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


Making = Generator[tuple[int, int], None, Columns]
"""Yields, after each batch, how many images were looked at and how many there are."""


def making(clip: Clip, index: Index) -> Making:
    """The steps, a batch each, of making the columns of an index's layers in its folder: one pass over its images.

    Closing the generator leaves nothing behind. Where the columns are there already, there are no steps.

    Raises:
        NotFound: the file of a picture is gone.
        NotReady: the index is of other weights, was built anew meanwhile, or the disk is too full.
    """
    try:
        return Columns.open(index.folder / FOLDER, index)
    except (NotFound, NotReady):
        pass
    layers = list(index.manifest.layers)
    if clip.weights_hash != index.manifest.weights_hash:
        raise NotReady(
            f"The index {index.manifest.name} was built with weights {index.manifest.weights_hash}, not "
            f"{clip.weights_hash}: build it again."
        )
    _check_room(index)
    with _new_folder(index) as folder, closing(_passing(clip, index, layers, folder)) as steps:
        yield from steps
    return Columns.open(index.folder / FOLDER, index)


def _passing(clip: Clip, index: Index, layers: list[str], folder: Path) -> Generator[tuple[int, int]]:
    """The one pass: everything that is kept of an image is taken while it is there."""
    ranges = {layer: _range(index, layer) for layer in layers}
    writer, categories = ColumnWriter(folder, index.manifest.key, len(index), ranges), CategoryWriter(len(index))
    prints, mode = PrintWriter(folder, len(index)), index.manifest.preprocessing["resize_mode"]
    draws = {layer: DrawWriter(range_) for layer, range_ in ranges.items()}
    done = 0
    with closing(decoded(index.item(number) for number in range(len(index)))) as stream:
        while batch := list(islice(stream, GROUP)):
            rgb, marks = [], []
            for number, (item, picture) in enumerate(batch, done):
                if isinstance(picture, FacetscopeError):
                    raise picture
                categories.add(number, item.record)
                rgb.append(clip.prepare([picture]))
                marks.append(fingerprint(picture, mode))
            numbers = torch.arange(done, done + len(batch))
            measured = in_groups(clip, torch.cat(rgb), layers)
            try:
                writer.add(numbers.numpy(), {layer: values.numpy() for layer, (values, _) in measured.items()})
            except ValueError as error:
                raise BadInput(f"The columns of {index.manifest.name} cannot be made: {error}.") from error
            for layer, (values, places) in measured.items():
                draws[layer].add(numbers, values, places)
            prints.add(np.stack(marks))
            done += len(batch)
            yield done, len(index)
    for layer, draw in draws.items():
        draw.write(folder, layer)
    categories.write(folder)
    writer.finish()


def _range(index: Index, layer: str) -> NDArray[np.float32]:
    tables = index.tables(layer)
    return np.stack([tables["histogram.low"], tables["histogram.high"]], 1)


def size(index: Index) -> int:
    """How many bytes the columns of an index take on disk, about."""
    return 2 * len(index) * sum(index.units(layer) for layer in index.manifest.layers)


def _check_room(index: Index) -> None:
    free = shutil.disk_usage(index.folder).free
    if size(index) > 0.9 * free:
        raise NotReady(
            f"The columns of {index.manifest.name} take {size(index) / 1e9:.1f} GB, and the disk of {index.folder} has "
            f"{free / 1e9:.1f} GB left: make room."
        )


@contextmanager
def _new_folder(index: Index) -> Iterator[Path]:
    """A folder that becomes the index's columns when the block is through; an error leaves nothing of it."""
    prefix = f".{FOLDER}.partial-"
    for left in index.folder.glob(f"{prefix}*"):
        newest = max((path.stat().st_mtime for path in left.iterdir()), default=left.stat().st_mtime)
        if time.time() - newest > ABANDONED_S:
            shutil.rmtree(left, ignore_errors=True)
    partial = Path(tempfile.mkdtemp(prefix=prefix, dir=index.folder))
    try:
        yield partial
        partial.chmod(0o755)  # mkdtemp makes it private
        if IndexManifest.read(index.folder).key != index.manifest.key:
            raise NotReady(f"The index {index.manifest.name} was built anew while its columns were made.")
        shutil.rmtree(index.folder / FOLDER, ignore_errors=True)  # of another version
        partial.rename(index.folder / FOLDER)
    except FileNotFoundError as error:
        raise NotReady(f"The index {index.manifest.name} was replaced while its columns were made.") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
