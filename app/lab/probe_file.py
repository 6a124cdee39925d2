"""The linear probe of a layer on a label column of a corpus, kept in a file: fitted once, tried on pictures held out."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from app.corpus.columns import Columns
from app.corpus.index import Index
from app.errors import NotReady
from app.lab.linear import LinearProbe, all_units, fitting
from app.spec import content_id
from app.whole import write_whole

VERSION = 1
HELD_OUT = 0.2  # of the pictures
MOST_IMAGES = 20_000  # that it is fitted on: 205 MB of 2,560 units
WRITTEN = "word"  # the label column that says what is written on a picture, where a corpus has one


@dataclass(frozen=True, eq=False)
class FittedProbe:
    """A probe, on how many pictures it was fitted, and the share of `held_out` others that it is right about."""

    probe: LinearProbe
    images: int
    held_out: int
    accuracy: float

    @classmethod
    def open(cls, path: Path) -> Self:
        """Read it. Raises `NotReady` for a file that is not there or cannot be read."""
        try:
            with safe_open(path, "pt") as file:
                about = json.loads((file.metadata() or {})["about"])
                weight, bias = file.get_tensor("weight"), file.get_tensor("bias")
        except (OSError, SafetensorError, KeyError, ValueError) as error:
            raise NotReady("The linear probe is not fitted yet.") from error
        return cls(LinearProbe(tuple(about.pop("names")), weight, bias), **about)

    def write(self, path: Path) -> None:
        """Write it whole, or not at all."""
        about = {"names": self.probe.names, "images": self.images, "held_out": self.held_out, "accuracy": self.accuracy}
        tensors = {"weight": self.probe.weight.contiguous(), "bias": self.probe.bias.contiguous()}
        write_whole(path, save(tensors, {"about": json.dumps(about)}))


def place(data: Path, index: Index, layer: str, column: str) -> Path:
    """Where in the `data` folder the probe of a layer on a label column of a corpus is kept."""
    name = content_id("probe", index.manifest.activations_key, layer, column, str(VERSION))
    return data / "probes" / f"{name}.safetensors"


Fitting = Iterator[tuple[int, int] | FittedProbe | None]
"""Yields None while units are read, then passes done and how many there are at most, and at the end what was fitted."""


def fitted(path: Path, columns: Columns, layer: str, column: str) -> Fitting:
    """The probe in a file, or one fitted in steps and put there. Pictures that are recorded to show writing are left out: the
    probe is to know things by their looks.

    Raises:
        NotReady: fewer than two classes have pictures without writing.
    """
    try:
        yield FittedProbe.open(path)
        return
    except NotReady:
        pass
    training, held_out = split(columns, column)
    names, numbers = tuple(columns.categories.values(column)), columns.categories.numbers(column)
    values = yield from all_units(columns, layer, np.concatenate([training, held_out]))
    probe = None
    for step in fitting(values[: len(training)], numbers[training], names):
        if isinstance(step, LinearProbe):
            probe = step
        else:
            yield step
    assert probe is not None
    said = probe.probabilities(torch.from_numpy(values[len(training) :])).argmax(1).numpy()
    found = FittedProbe(probe, len(training), len(held_out), float((said == numbers[held_out]).mean()))
    found.write(path)
    yield found


def split(columns: Columns, column: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The numbers of the images that a probe is fitted on, and of those held out: drawn evenly, always the same."""
    categories = columns.categories
    able = categories.numbers(column) >= 0
    if WRITTEN in categories.columns and column != WRITTEN:
        able &= categories.numbers(WRITTEN) < 0
    order = np.random.default_rng(0).permutation(np.flatnonzero(able))[: round(MOST_IMAGES / (1 - HELD_OUT))]
    held_out = round(HELD_OUT * len(order))
    return order[held_out:], order[:held_out]
