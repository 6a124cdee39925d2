"""The label columns of a corpus that sort its images: few values, each of several images. Read without the records."""

import json
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

MOST_VALUES = 1000  # a column with more different values is a caption, not a category
MOST_CATEGORIES = 32
MOST_NAMES = 256  # of label columns: records of a foreign source may have any keys
NONE = -1  # the number of an image for which a column is not filled in


class CategoryWriter:
    """Takes in the records of all images and writes `labels.npy`, int32 [categories, images], and `labels.json`.

    In memory are four bytes for each image and category, whatever the labels are.
    """

    def __init__(self, images: int) -> None:
        self.images = images
        self.names: dict[str, None] = {}
        self.values: dict[str, dict[str, int]] = {}
        self.numbers: dict[str, NDArray[np.int32]] = {}

    def add(self, image: int, record: Mapping[str, str]) -> None:
        """Take in what is known of an image."""
        for name, value in record.items():
            if name not in self.names and len(self.names) < MOST_NAMES:
                self.names[name] = None
                self.values[name] = {}
                self.numbers[name] = np.full(self.images, NONE, np.int32)
            if value and name in self.values:
                self._count(name, value, image)

    def _count(self, name: str, value: str, image: int) -> None:
        known = self.values[name]
        if value not in known and len(known) == MOST_VALUES:
            del self.values[name], self.numbers[name]
        else:
            self.numbers[name][image] = known.setdefault(value, len(known))

    def write(self, folder: Path) -> None:
        """Write what sorts the images: at least two values, and two images a value on average."""
        kept = [name for name in self.values if 2 <= len(self.values[name]) <= (self.numbers[name] != NONE).sum() / 2]
        kept = kept[:MOST_CATEGORIES]
        np.save(
            folder / "labels.npy", np.stack([np.zeros(self.images, np.int32), *(self.numbers[k] for k in kept)])[1:]
        )
        about = {"names": list(self.names), "values": {name: list(self.values[name]) for name in kept}}
        (folder / "labels.json").write_text(json.dumps(about, ensure_ascii=False))


class Categories:
    """Reads what a `CategoryWriter` wrote to a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def names(self) -> list[str]:
        """Every label column of the corpus, whether it sorts the images or not."""
        return self._about["names"]

    @property
    def columns(self) -> list[str]:
        """The label columns that sort the images."""
        return list(self._about["values"])

    def values(self, column: str) -> list[str]:
        """The different values of a column, in the order of the images."""
        return self._about["values"][column]

    def numbers(self, column: str) -> NDArray[np.int32]:
        """For each image the place of its value in `values`, `NONE` for an image without one: int32 [images]."""
        return self._numbers[self.columns.index(column)]

    @cached_property
    def _about(self) -> dict:
        return json.loads((self.folder / "labels.json").read_text())

    @cached_property
    def _numbers(self) -> NDArray[np.int32]:
        return np.load(self.folder / "labels.npy", mmap_mode="r")
