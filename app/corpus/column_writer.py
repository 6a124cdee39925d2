"""Making the columns of an index: one pass over its images, written chunk by chunk where each unit's column has its place.

The files are described in `app/corpus/columns.py`, which reads them.
"""

import shutil
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from app.clip.clip import Clip
from app.corpus.categories import CategoryWriter
from app.corpus.columns import FOLDER, HEADER, VERSION, Columns, Header, encode
from app.corpus.draws import DrawWriter
from app.corpus.fingerprint import PrintWriter, fingerprint
from app.corpus.index import Index
from app.corpus.manifest import IndexManifest
from app.corpus.partition import GROUP, in_groups
from app.corpus.pictures import decoded
from app.errors import BadInput, FacetscopeError, NotFound, NotReady
from app.whole import new_folder, sweep

CHUNK = 4096  # images between two writes: 8 KB of each unit at a time, 21 MB of memory for 2,560 units


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
    sweep(index.folder)
    try:
        with new_folder(index.folder) as part:
            yield part
            if IndexManifest.read(index.folder).key != index.manifest.key:
                raise NotReady(f"The index {index.manifest.name} was built anew while its columns were made.")
            shutil.rmtree(index.folder / FOLDER, ignore_errors=True)  # of another version
            part.rename(index.folder / FOLDER)
    except FileNotFoundError as error:
        raise NotReady(f"The index {index.manifest.name} was replaced while its columns were made.") from error
