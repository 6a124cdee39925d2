"""The terms of the loss. Pictures and texts of the same caption are positives of each other."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def contrastive(images: Tensor, texts: Tensor, scale: Tensor, same: Tensor) -> Tensor:
    """Symmetric cross-entropy with every same-caption pair an equal share of the target.

    images, texts: (n, d), L2-normalised here; scale: inverse temperature; same: bool (n, n), true on the diagonal.
    Radford et al. 2021, section 2.3, is the case in which only the diagonal is true.
    """
    logits = scale * F.normalize(images, dim=-1) @ F.normalize(texts, dim=-1).T  # (n, n)
    pairs = same.to(logits.dtype)
    target = pairs / pairs.sum(1, keepdim=True)
    rows = -(target * logits.log_softmax(1)).sum(1).mean()
    target = pairs / pairs.sum(0, keepdim=True)
    columns = -(target * logits.log_softmax(0)).sum(0).mean()
    return (rows + columns) / 2


def undershoot(deep: Tensor) -> Tensor:
    """Share of the energy of the last layer, before its ReLU, that lies below zero: a silent unit should be at rest.

    On its own it would be met by lifting every unit above zero; the non-negative term, which wants pictures of
    different captions at right angles, keeps the silent ones down.
    """
    return deep.clamp(max=0).square().sum() / deep.square().sum().clamp_min(1e-9)


class NonNegativeHead(nn.Module):
    """The text side of the non-negative term: `relu(linear(text embedding))`. Used in training only, never shipped.

    Non-negative contrastive features come out sparse and axis-aligned (Wang et al., ICLR 2024): the text has to choose
    a few units per concept, and pictures of every style must light the same ones.
    """

    def __init__(self, embed_dim: int, units: int, scale: float, scale_limit: float) -> None:
        super().__init__()
        self.linear = nn.Linear(embed_dim, units)
        self.log_scale = nn.Parameter(torch.tensor(float(scale)).log())
        self._limit = scale_limit

    def forward(self, pooled: Tensor, texts: Tensor, same: Tensor) -> Tensor:
        """pooled: (n, units) >= 0, the spatial mean of the last layer after its ReLU; texts: (n, embed_dim)."""
        wanted = self.linear(F.normalize(texts, dim=-1) * texts.shape[-1] ** 0.5).relu()
        return contrastive(pooled, wanted, self.log_scale.exp().clamp(max=self._limit), same)
