"""What a build that was stopped has done already: partitions that were measured, and the tables of the first of them.

A partition's activations lie in a file of their own until the tables that hold them are written too. So the folder
stays small however long the corpus is, and a kill costs one partition.
"""

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from app.corpus.fold import Fold
from app.corpus.partition import Partition

VERSION = 1  # of the files: raise it when they, or how pictures are measured, change
TABLES_EVERY = 8192  # images: tables are as large as the activations of a thousand images
NUMBER = re.compile(r"(part|tables)-(\d{8})\.safetensors")


class Unfinished:
    """The files of a folder: `part-K` is partition K, `tables-K` are the tables over all partitions before K.

    Args:
        images: How many a partition has, but for the last.
        tables_every: So many images go between two writings of the tables.
    """

    def __init__(self, folder: Path, images: int, tables_every: int = TABLES_EVERY) -> None:
        self.folder, self.images, self.tables_every = folder, images, tables_every
        folder.mkdir(exist_ok=True)

    def numbers(self, what: str) -> list[int]:
        """The numbers of the files of a kind, in order."""
        names = (NUMBER.fullmatch(path.name) for path in self.folder.iterdir())
        return sorted(int(name[2]) for name in names if name and name[1] == what)

    def keep(self, number: int, partition: Partition) -> None:
        """Write a partition."""
        tensors = {
            f"{layer}/{name}": tensor
            for layer, pair in partition.measured.items()
            for name, tensor in zip(("values", "places"), pair, strict=True)
        }
        self._write(f"part-{number:08d}", tensors, {"images": partition.images, "refused": partition.refused})

    def partition(self, number: int) -> Partition | None:
        """Read a partition; None where there is none, or none that is whole."""
        found = self._read(f"part-{number:08d}")
        if found is None:
            return None
        tensors, about = found
        layers = dict.fromkeys(name.rpartition("/")[0] for name in tensors)
        measured = {layer: (tensors[f"{layer}/values"], tensors[f"{layer}/places"]) for layer in layers}
        return Partition(about["images"], _positions(about["refused"]), measured)

    def keep_tables(self, fold: Fold) -> None:
        """Every so many images, and never within a partition, write the tables, and remove what is in them."""
        if fold.seen % self.images or fold.seen % self.tables_every >= self.images:
            return
        number = fold.seen // self.images
        self._write(f"tables-{number:08d}", fold.memory(), {"seen": fold.seen, "refused": fold.refused})
        for what in ("part", "tables"):
            for old in self.numbers(what):
                if old < number:
                    self._path(f"{what}-{old:08d}").unlink()

    def tables(self, fold: Fold) -> int:
        """Let `fold` go on from the tables that were written last; returns the number of the partition that follows."""
        for number in reversed(self.numbers("tables")):
            found = self._read(f"tables-{number:08d}")
            if found is not None:
                tensors, about = found
                fold.remember(tensors, about["seen"], _positions(about["refused"]))
                return number
        return 0

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.safetensors"

    def _write(self, name: str, tensors: Mapping[str, Tensor], about: Mapping[str, object]) -> None:
        """Whole or not at all, even where the machine loses power."""
        partial = self.folder / f"{name}.writing"
        try:
            save_file({key: each.contiguous() for key, each in tensors.items()}, partial, {"about": json.dumps(about)})
            with partial.open("rb") as file:
                os.fsync(file.fileno())
            partial.replace(self._path(name))
        except BaseException:  # a full disk must not be left fuller
            partial.unlink(missing_ok=True)
            raise

    def _read(self, name: str) -> tuple[dict[str, Tensor], dict] | None:
        try:
            with safe_open(self._path(name), "pt") as file:
                return {key: file.get_tensor(key) for key in file.keys()}, json.loads(file.metadata()["about"])  # noqa: SIM118
        except (SafetensorError, OSError):
            return None


def _positions(refused: Mapping[str, str]) -> dict[int, str]:
    """JSON has made words of the numbers."""
    return {int(position): reason for position, reason in refused.items()}
