"""The file of a finding about sparse codes: the weights of every level, few of which are not 0."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from app.errors import NotReady
from app.lab.codes import Codes
from app.whole import PRIVATE, write_whole


@dataclass(frozen=True, eq=False)
class CodeLevel:
    """The weights of one level on units in standard deviations, float32 [U, K], the biases [K], and of how many held-out
    images of each class the right one was found, [K]."""

    weight: NDArray[np.float32]
    bias: NDArray[np.float32]
    right: NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class CodeFile:
    """`names` of the classes; `mean` and `std` [U] that units are standardised by, infinite for one that says nothing; `held`
    [K], how many held-out images each class has; `weights_hash` and `key` say of which model and index it is."""

    names: tuple[str, ...]
    weights_hash: str
    key: str
    mean: NDArray[np.float64]
    std: NDArray[np.float64]
    held: NDArray[np.int32]
    _levels: dict[str, NDArray]

    @classmethod
    def open(cls, path: Path) -> Self:
        """Read the file. Raises `NotReady` for one that is gone or cannot be read."""
        try:
            with safe_open(path, "numpy") as file:
                about = file.metadata() or {}
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  # it cannot be iterated
            return cls(
                names=tuple(json.loads(about["names"])),
                weights_hash=about["weights_hash"],
                key=about["key"],
                mean=tensors.pop("mean"),
                std=tensors.pop("std"),
                held=tensors.pop("held"),
                _levels=tensors,
            )
        except (OSError, SafetensorError, KeyError, ValueError) as error:
            raise NotReady("The file of these codes is gone or broken: start the finding again.") from error

    def level(self, number: int) -> CodeLevel:
        """One level, from 0."""
        tensors = self._levels
        start, stop = tensors["starts"][number : number + 2].tolist()
        weight = np.zeros((len(self.mean), len(self.names)), np.float32)
        weight[tensors["units"][start:stop], tensors["classes"][start:stop]] = tensors["weights"][start:stop]
        return CodeLevel(weight, tensors["bias"][number], tensors["right"][number])


def write(path: Path, codes: Codes, *, weights_hash: str, key: str) -> None:
    """Write the codes whole, or not at all."""
    about = {"names": json.dumps(codes.sample.names, ensure_ascii=False), "weights_hash": weights_hash, "key": key}
    places = [np.nonzero(level.model.weight) for level in codes.levels]
    weights = [level.model.weight[where] for level, where in zip(codes.levels, places, strict=True)]
    tensors = {
        "mean": codes.mean,
        "std": codes.std,
        "held": np.bincount(codes.labels, minlength=len(codes.sample.names)).astype(np.int32),
        "starts": np.cumsum([0, *map(len, weights)]),
        "units": np.concatenate([units for units, _ in places]).astype(np.int32),
        "classes": np.concatenate([classes for _, classes in places]).astype(np.int32),
        "weights": np.concatenate(weights).astype(np.float32),
        "bias": np.stack([level.model.bias for level in codes.levels]).astype(np.float32),
        "right": np.stack([level.right for level in codes.levels]).astype(np.int32),
    }
    write_whole(path, save(tensors, about), PRIVATE)
