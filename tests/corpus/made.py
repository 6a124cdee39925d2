"""An index made of given activations, without a model or pictures."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from app.corpus.index import Index
from app.corpus.manifest import IndexManifest
from app.corpus.reduce import Batch
from app.corpus.tables import Tables


def index_of(folder: Path, values: Mapping[str, NDArray[np.float32]], corpus_hash: str = "0" * 16) -> Index:
    """The index of activations, layer name -> [images, units]; every place is 0."""
    images = len(next(iter(values.values())))
    for layer, activations in values.items():
        tables = Tables(activations.shape[1])
        tables.update(
            Batch(
                torch.arange(images), torch.from_numpy(activations), torch.zeros(activations.shape, dtype=torch.int32)
            )
        )
        (folder / "layers" / layer).mkdir(parents=True)
        for name, array in tables.state().items():
            np.save(folder / "layers" / layer / f"{name}.npy", array)
    IndexManifest(
        name=folder.name,
        key=f"key of {folder.name}",
        model="made",
        weights_hash="0" * 16,
        preprocessing={"resize_mode": "shortest"},
        corpus_hash=corpus_hash,
        reducer_version=1,
        source="nowhere",
        root=folder,
        images=images,
        skipped=0,
        refused=(),
        layers=tuple(values),
    ).write(folder)
    return Index.open(folder)
