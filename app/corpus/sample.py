"""Some pictures from all over a corpus, for what is measured of the pictures themselves."""

from collections.abc import Iterator

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from app.corpus.index import LARGEST_SIDE, Index
from app.images import square
from app.spec import canonical_json, content_id

MOST = 2048  # pictures: means over more of them hardly move
BATCH = 64


def sample_key(index: Index) -> str:
    """What `sample` depends on: the corpus, how many of it were indexed, how pictures are prepared, how many are taken."""
    manifest = index.manifest
    return content_id(
        "sample", canonical_json([manifest.corpus_hash, manifest.images, manifest.preprocessing, MOST, LARGEST_SIDE])
    )


def sample(index: Index) -> Iterator[Tensor]:
    """Every so many-th picture of a corpus as the model saw it, up to `MOST`, in batches [B, 3, S, S] in 0..1.

    S is the side of the model's pictures, at most 256: no picture of an index is shown larger.

    Raises:
        NotFound: the file of a picture is gone.
    """
    side = min(index.manifest.preprocessing["image_size"], LARGEST_SIDE)
    numbers = range(0, len(index), -(-len(index) // MOST) or 1)
    for start in range(0, len(numbers), BATCH):
        chosen = numbers[start : start + BATCH]
        yield torch.stack([_tensor(square(index.image(number), side)) for number in chosen])


def _tensor(picture: Image.Image) -> Tensor:
    return torch.from_numpy(np.array(picture, dtype=np.float32) / 255).permute(2, 0, 1)
