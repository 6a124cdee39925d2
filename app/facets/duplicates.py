"""Pictures that are nearly the same: they must not stand on both sides of a split, nor of the question."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from app.images import perceptual_hash, square

HASH_BITS = 6  # of 64; unrelated photographs differ in about 32
PIXEL_DIFFERENCE = 0.03  # of full scale; flat pictures share a hash without being alike
SIDE = 32
COMPARED = 128  # px; large enough for the hash, small enough to make every source alike


def _small(image: Image.Image) -> NDArray[np.float32]:
    """The picture as RGB of side `SIDE` in [0, 1], flattened: [SIDE * SIDE * 3]."""
    small = np.asarray(image.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BOX), np.float32)
    return small.ravel() / np.float32(255)


def group(images: Sequence[Image.Image]) -> NDArray[np.int64]:
    """A number per picture, the same for near-duplicates and whatever they are chained to: [N].

    Pictures are compared by their middle square, as models see them: an upload still has the margins that a corpus
    has cut off. Two are near-duplicates if their 64-bit perceptual hashes differ in at most `HASH_BITS` bits and their
    small versions by less than `PIXEL_DIFFERENCE` on average.
    """
    squares = [square(image, COMPARED) for image in images]
    hashes = np.array([perceptual_hash(image) for image in squares], np.uint64)
    small = [_small(image) for image in squares]
    groups = np.arange(len(images))
    for i in range(1, len(images)):
        close = np.flatnonzero(np.bitwise_count(hashes[:i] ^ hashes[i]) <= HASH_BITS)
        for j in close:
            if groups[j] != groups[i] and np.abs(small[i] - small[j]).mean() < PIXEL_DIFFERENCE:
                groups[groups == groups[i]] = groups[j]
    return groups
