"""How well words name sets of images, by a model's own two towers: soft-WPMI.

Oikarinen and Weng, "CLIP-Dissect: Automatic Description of Neuron Representations in Deep Vision Networks", ICLR 2023. An
image x says a word t with the probability p(t|x) = softmax over the words of `SHARPNESS` cos(x, t). A unit's images B
belong to it only softly, the strongest most: image number i by p_i, from `MEMBER_FIRST` down to `MEMBER_LAST`. Then

    score(t, B) = log p(t|B) - LAMBDA log p(t),    log p(t|B) = sum_i log(1 + p_i (p(t|x_i) - 1) + TINY)

The constants are those of the released code (Trustworthy-ML-Lab/CLIP-dissect, `similarity.py`, `soft_wpmi`).

What differs is p(t). The code takes the mean of p(t|B) over the units of the layer. Where a model's p(t|x) are sharp, that
mean is what the one unit gives that is best for t, and all others of the same concept fall behind any word that means
nothing to the model. Here it is the mean over *shuffled units*: sets of as many images drawn from all that drive the
layer's units, each as often as it does (`shuffled`). So it is the word's probability over the corpus, and a word that the
model says of everything is worth as little as one that it never says.
"""

import math
from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

IMAGES = 100  # of a unit, `top_k`
SHARPNESS, LAMBDA = 10.0, 1.0  # `a`, `lam`
MEMBER_FIRST, MEMBER_LAST = 0.998, 0.97  # `p_start`, `p_end`
TINY = 1e-7  # `min_prob`

ENTRIES = 8_000_000  # of the table of p(t|x) that is held at once: 32 MB
UNITS_AT_ONCE = 8
FACTORS = 8  # whose logarithm is taken at once: each is at least 1 - MEMBER_FIRST, so in float32 no product vanishes


def membership(images: int, dtype: torch.dtype = torch.float32) -> Tensor:
    """How far each of a unit's images belongs to it, strongest first: [images]."""
    return MEMBER_FIRST - torch.arange(images, dtype=dtype) / images * (MEMBER_FIRST - MEMBER_LAST)


def log_given(pool: Tensor, words: Tensor, sets: Tensor) -> Iterator[tuple[Tensor, float]]:
    """log p(t|B) of every set of images and word, in steps.

    Args:
        pool: Embeddings of the images, of length 1, [N, E].
        words: Embeddings of the words, of length 1, [W, E].
        sets: Images of each set by their place in the pool, strongest first, int64 [S, K].

    Yields:
        The table [S, W] as far as it is filled in, and the share that is done; the last is the whole.
    """
    logits = SHARPNESS * words.T
    per_image = max(min(len(pool), ENTRIES // len(words)), 1)
    scale = torch.cat([torch.logsumexp(part @ logits, 1) for part in pool.split(per_image)])
    members = membership(sets.shape[1], pool.dtype).to(pool.device)[:, None]
    table = pool.new_empty(len(sets), len(words))
    block = max(min(len(words), ENTRIES // len(pool)), 1)
    for start in range(0, len(words), block):
        said = (pool @ logits[:, start : start + block] - scale[:, None]).exp_()
        for first in range(0, len(sets), UNITS_AT_ONCE):
            chosen = sets[first : first + UNITS_AT_ONCE]
            kept = said[chosen].mul_(members).add_(1 - members + TINY)  # 1 + p (said - 1) without the cancellation
            table[first : first + len(chosen), start : start + block] = _log_product(kept)
            share = (first + len(chosen)) / len(sets)
            yield table, (start + share * min(block, len(words) - start)) / len(words)


def _log_product(factors: Tensor) -> Tensor:
    """The sum of the logarithms over dimension 1 of [S, K, W]."""
    return torch.stack([part.prod(1).log_() for part in factors.split(FACTORS, 1)]).sum(0)


def log_prior(given: Tensor) -> Tensor:
    """log p(t) from log p(t|B) of shuffled units [S, W]: the logarithm of the mean probability, [W]."""
    return torch.logsumexp(given, 0) - math.log(len(given))


def shuffled(sets: NDArray[np.int64], count: int, seed: int) -> NDArray[np.int64]:
    """`count` sets of as many images, [count, K], that have nothing in common but that some unit fires for them: the
    images of all units in one row, put in another order and cut anew. Drawn from the seed alone."""
    draw = np.random.default_rng(seed)
    rows = []
    while sum(map(len, rows)) < count:
        rows.append(draw.permutation(sets.ravel()).reshape(sets.shape))
    return np.concatenate(rows)[:count]
