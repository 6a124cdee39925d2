"""A dense linear probe: multinomial logistic regression from a layer's units to the classes of a labelled corpus.

Goh et al. 2021, "Typographic attacks", attack linear probes of RN50x4 beside its zero-shot choice. Regulariser and pooling are
not published: here it is L2 on standardised units, each the spatial mean before the last ReLU.
"""

from collections.abc import Generator, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from app.corpus.columns import UNITS_AT_ONCE, Columns
from app.errors import NotReady

PENALTY = 1e-3  # of the mean squared weights' sum beside the mean loss over images
PASSES = 100  # L-BFGS iterations at most
PASSES_AT_ONCE = 5  # at most, and as many as look at so many numbers: a second or two of two cores
NUMBERS_AT_ONCE = 5_000_000_000  # images times units times classes
TOLERANCE = 1e-5
FLAT = 1e-6  # standard deviation below which a unit says nothing


@dataclass(frozen=True, eq=False)
class LinearProbe:
    """Log odds are `weight @ x + bias` for spatial means x [C] of the layer: `weight` float32 [K, C], `bias` [K]."""

    names: tuple[str, ...]
    weight: Tensor
    bias: Tensor

    def probabilities(self, values: Tensor) -> Tensor:
        """Spatial means [B, C] to the probability of each class, [B, K], rows sum to 1."""
        return (values.float().cpu() @ self.weight.T + self.bias).softmax(-1)


def all_units(columns: Columns, layer: str, images: NDArray[np.integer]) -> Generator[None, None, NDArray[np.float32]]:
    """The activations of all units of a layer on some images: float32 [images, C]. Yields after every `UNITS_AT_ONCE` units."""
    codes = columns.codes(layer)
    found = np.empty((len(images), len(codes)), np.float32)
    for unit in range(len(codes)):  # by units, as they are stored
        found[:, unit] = columns.unit(layer, unit)[images]
        if unit % UNITS_AT_ONCE == UNITS_AT_ONCE - 1:
            yield
    return found


def fitting(
    values: NDArray[np.float32], labels: NDArray[np.integer], names: tuple[str, ...], penalty: float = PENALTY
) -> Iterator[tuple[int, int] | LinearProbe]:
    """Fit the probe in steps.

    Minimises mean cross-entropy + penalty/2 * ||V||^2 over the weights V on standardised units and free biases, by L-BFGS:
    scikit-learn's `LogisticRegression` on them with C = 1 / (penalty * N).

    Args:
        values: [N, C] spatial means.
        labels: [N], the place of each image's class in `names`.

    Yields:
        Passes done and how many there are at most; at the end the probe, for values that are not standardised.

    Raises:
        NotReady: fewer than two classes have images.
    """
    if len(np.unique(labels)) < 2:
        raise NotReady("A linear probe needs images of at least two classes.")
    mean, std = values.mean(0), values.std(0)
    std = np.where(std > FLAT, std, np.inf)
    x = torch.from_numpy(((values - mean) / std).astype(np.float32))
    y = torch.from_numpy(labels.astype(np.int64))
    at_once = min(max(NUMBERS_AT_ONCE // (x.numel() * len(names)), 1), PASSES_AT_ONCE)
    weight = torch.zeros(len(names), x.shape[1], requires_grad=True)
    bias = torch.zeros(len(names), requires_grad=True)
    descent = torch.optim.LBFGS(
        [weight, bias],
        max_iter=at_once,
        history_size=20,
        line_search_fn="strong_wolfe",
        tolerance_grad=TOLERANCE,
        tolerance_change=0,
    )

    def loss() -> Tensor:
        descent.zero_grad()
        with torch.enable_grad():
            found = torch.nn.functional.cross_entropy(x @ weight.T + bias, y) + penalty / 2 * weight.square().sum()
            found.backward()
        return found

    for done in range(0, PASSES, at_once):
        descent.step(loss)  # pyright: ignore[reportArgumentType]
        yield min(done + at_once, PASSES), PASSES
        assert weight.grad is not None
        if float(weight.grad.abs().max()) < TOLERANCE:
            break
    raw = weight.detach() / torch.from_numpy(std.astype(np.float32))
    yield LinearProbe(names, raw, bias.detach() - raw @ torch.from_numpy(mean))
