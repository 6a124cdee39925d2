"""Read an index: what a corpus does to every unit of a model, and the corpus' images."""

from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np
from PIL import Image

from app.clip.clip import Clip
from app.corpus.manifest import IndexManifest
from app.corpus.pictures import decode_item
from app.corpus.rows import Row, Rows
from app.corpus.sources import Item
from app.corpus.unit import UnitIndex, percentile, quantile, unit_index
from app.errors import BadInput, NotFound, NotReady
from app.images import square

LARGEST_SIDE = 256  # px of an image as it is shown
STRONGEST = 10  # examples whose mean ranks a unit


class Index:
    """An index on disk. The tables are memory-mapped and read one unit at a time; any thread may read.

    Open it with `Index.open`; `manifest` says what it is of, `len(index)` how many images it has.
    """

    def __init__(self, folder: Path, manifest: IndexManifest) -> None:
        self.folder = folder
        self.manifest = manifest

    @classmethod
    def open(cls, folder: Path, *, clip: Clip | None = None, key: str | None = None) -> Self:
        """Open the index in a folder.

        Args:
            clip: If given, the model that the index must have been built with.
            key: If given, the key of `index_key` that the index must have.

        Raises:
            NotFound: there is no index in the folder.
            NotReady: it was built with other weights, another corpus or another version; the sentence has both.
        """
        manifest = IndexManifest.read(folder)
        checks = [(key, manifest.key, "key"), (clip and clip.weights_hash, manifest.weights_hash, "weights")]
        for wanted, found, what in checks:
            if wanted is not None and wanted != found:
                raise NotReady(
                    f"The index {manifest.name} does not fit: it was built with {what} {found}, not {wanted}. "
                    "Build it again with `uv run python -m app index build`."
                )
        return cls(folder, manifest)

    def __len__(self) -> int:
        return self.manifest.images

    def units(self, layer: str) -> int:
        """How many units a layer has; raises NotFound for a layer that is not indexed."""
        return len(self.tables(layer)["moments.mean"])

    def tables(self, layer: str) -> dict[str, np.ndarray]:
        """Every array of `Tables.state`, mapped from disk; raises NotFound for a layer that is not indexed."""
        if layer not in self.manifest.layers:
            indexed = ", ".join(self.manifest.layers)
            raise NotFound(f"{self.manifest.name} has no layer {layer}: it has {indexed}.", field="layer")
        return self._tables[layer]

    def unit(self, layer: str, unit: int) -> UnitIndex:
        """What the corpus does to a unit.

        Raises:
            NotFound: the layer is not indexed or has no such unit.
        """
        return unit_index(self._row(layer, unit), len(self))

    def mean(self, layer: str) -> np.ndarray:
        """The mean activation of every unit, float64 [C]; raises NotFound for a layer that is not indexed."""
        return np.array(self.tables(layer)["moments.mean"])

    def std(self, layer: str) -> np.ndarray:
        """The standard deviation of every unit, float64 [C]; raises NotFound for a layer that is not indexed."""
        return np.array(self.tables(layer)["moments.std"])

    def percentile(self, layer: str, unit: int, value: float) -> float:
        """Where an activation stands in the corpus, 0..100; `unit.percentile` says how precisely.

        Raises:
            NotFound: the layer is not indexed or has no such unit.
        """
        return percentile(self._row(layer, unit), len(self), value)

    def quantile(self, layer: str, unit: int, q: float) -> float:
        """The activation that `q`, 0..1, of the corpus lies below; `unit.quantile` says how precisely.

        Raises:
            NotFound: the layer is not indexed or has no such unit.
            BadInput: `q` is outside 0..1.
        """
        if not 0 <= q <= 1:
            raise BadInput(f"A quantile lies between 0 and 1, not at {q}: give a share of the images.", field="q")
        return quantile(self._row(layer, unit), len(self), q)

    def selectivity(self, layer: str) -> np.ndarray:
        """How selective every unit is, float64 [C]: by how many standard deviations above its mean its ten strongest
        examples are, on average; -inf for units that never vary.

        Raises:
            NotFound: the layer is not indexed.
        """
        mean, std = self.mean(layer), self.std(layer)
        best = self.tables(layer)["top.values"][:, : min(STRONGEST, len(self))].mean(1, dtype=np.float64)
        return np.divide(best - mean, std, out=np.full_like(mean, -np.inf), where=std > 0)

    def strongest(self, layer: str) -> np.ndarray:
        """The units, int64 [C], from the most selective on. Units that never vary come last.

        Raises:
            NotFound: the layer is not indexed.
        """
        return np.argsort(-self.selectivity(layer), kind="stable")

    def top(self, layer: str, unit: int, count: int) -> list[int]:
        """The numbers of the images that drive a unit most, at most `count`, the strongest first; quicker than `unit`.

        Raises:
            NotFound: the layer is not indexed.
        """
        return [number for number in self.tables(layer)["top.ids"][unit, :count].tolist() if number >= 0]

    def image(self, number: int, largest: int = LARGEST_SIDE) -> Image.Image:
        """An image of the corpus as the model saw it: RGB, square, at most `largest` px.

        Raises:
            NotFound: no such image, or its file has gone from where it was indexed.
        """
        image = decode_item(self.item(number))
        side = min(largest, max(image.size) if self._resize_mode == "longest" else min(image.size))
        return square(image, side, self._resize_mode)

    def item(self, number: int) -> Item:
        """An image of the corpus as its source gave it: where its file lies, and what is known of it.

        Raises:
            NotFound: no such image.
        """
        row = self._image_row(number)
        root = self.folder / self.manifest.root  # relative where the pictures lie with the index
        return Item(row.key, row.locator, root, row.record)

    def record(self, number: int) -> dict[str, str]:
        """What is known of an image: `key`, `caption`, and whatever else its source says.

        Raises:
            NotFound: no such image.
        """
        row = self._image_row(number)
        return {"caption": "", **row.record, "key": row.key}

    def records(self, numbers: Iterable[int]) -> dict[int, dict[str, str]]:
        """What is known of many images, by their numbers: as their source says it, without their keys; numbers that
        there are not are left out."""
        return self._rows.records(numbers)

    @cached_property
    def _rows(self) -> Rows:
        return Rows(self.folder)

    @property
    def _resize_mode(self) -> str:
        return self.manifest.preprocessing["resize_mode"]

    def _image_row(self, number: int) -> Row:
        row = self._rows.get(number) if 0 <= number < len(self) else None
        if row is None:
            raise NotFound(
                f"{self.manifest.name} has no image {number}: they go from 0 to {len(self) - 1}.", field="image"
            )
        return row

    def _row(self, layer: str, unit: int) -> dict[str, np.ndarray]:
        table, units = self.tables(layer), self.units(layer)
        if not 0 <= unit < units:
            raise NotFound(f"{layer} has no unit {unit}: they go from 0 to {units - 1}.", field="unit")
        return {name: array[unit] for name, array in table.items()}

    @cached_property
    def _tables(self) -> dict[str, dict[str, np.ndarray]]:
        """Memory maps: opening reads nothing but headers."""
        return {
            layer: {path.stem: np.load(path, mmap_mode="r") for path in (self.folder / "layers" / layer).glob("*.npy")}
            for layer in self.manifest.layers
        }
