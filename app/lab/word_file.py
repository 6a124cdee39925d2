"""The file of a run of top words: every word's activation for every unit, laid out so that one unit is read alone."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from app.errors import NotReady
from app.lab.top_words import Renderings, WordDrive
from app.whole import PRIVATE, write_whole

KEPT = 20  # strongest words of each unit that lists of all units are made of


@dataclass(frozen=True)
class Ranked:
    """A unit's words: `values` float32 [W], and `order`, their places from the strongest to the weakest."""

    words: tuple[str, ...]
    values: NDArray[np.float32]
    order: NDArray[np.int64]

    @property
    def mean(self) -> float:
        """What any word does to the unit."""
        return float(self.values.mean(dtype=np.float64))

    @property
    def std(self) -> float:
        """Standard deviation over the words."""
        return float(self.values.std(dtype=np.float64))


@dataclass(frozen=True)
class WordFile:
    """`strongest` int64 [C, KEPT or fewer] are places in `words`; `weights_hash` says of which weights the values are."""

    path: Path
    words: tuple[str, ...]
    weights_hash: str
    renderings: Renderings
    strongest: NDArray[np.int64]

    @classmethod
    def open(cls, path: Path) -> Self:
        """Read all but the values. Raises `NotReady` for a file that is gone or cannot be read."""
        try:
            return cls(path, *_read(path, path.stat().st_mtime_ns))
        except (OSError, SafetensorError, KeyError, ValueError) as error:
            raise NotReady("The file of these words is gone or broken: start the finding again.") from error

    def unit(self, unit: int) -> Ranked:
        """All words of one unit, of 0..C - 1."""
        with safe_open(self.path, "numpy") as file:
            values = file.get_slice("values")[unit]
        return Ranked(self.words, values, np.argsort(-values, kind="stable"))

    def values(self) -> NDArray[np.float32]:
        """All words of all units, [C, W]: 100 MB of 10,000 words and RN50x4."""
        with safe_open(self.path, "numpy") as file:
            return file.get_tensor("values")


@lru_cache(maxsize=8)
def _read(path: Path, _written: int) -> tuple[tuple[str, ...], str, Renderings, NDArray[np.int64]]:
    """The fields of a `WordFile` but for its path: every page of a unit asks for those of the newest run."""
    with safe_open(path, "numpy") as file:
        about = file.metadata() or {}
        words, renderings = tuple(json.loads(about["words"])), Renderings.model_validate_json(about["renderings"])
        return words, about["weights_hash"], renderings, file.get_tensor("strongest")


def write(path: Path, drive: WordDrive, renderings: Renderings, weights_hash: str) -> None:
    """Write a run whole, or not at all."""
    about = {
        "words": json.dumps(list(drive.words), ensure_ascii=False),
        "weights_hash": weights_hash,
        "renderings": renderings.model_dump_json(),
    }
    order = torch.argsort(drive.values, dim=0, descending=True, stable=True)
    tensors = {"values": drive.values.T.contiguous(), "strongest": order[:KEPT].T.contiguous()}
    write_whole(path, save(tensors, about), PRIVATE)


def named(words: Sequence[str], places: NDArray[np.int64]) -> list[str]:
    """The words at those places."""
    return [words[int(place)] for place in places]
