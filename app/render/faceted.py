"""The faceted objective of Goh et al. (Distill, 2021): maximise a unit within one facet of what it responds to.

With f the unit's activation, g_l the map of facet layer l (after its ReLU), w_l the probe's weights there and
b_l = df/dg_l, the objective is f + sum_l w_l . (g_l * b_l). Three forms of it:

- `released`: b_l held constant, and only its positive part in the facet term (the code that came with the article);
- `paper`: b_l held constant, its sign kept (the formula as it is usually read);
- `second-order`: the formula differentiated in full, through b_l as well.

Held constant, the facet term's gradient is itself a vector-Jacobian product. In a ResNet the deepest facet layer g_1
lies across the whole network, so f's own gradient passes through it too, and one backward pass carries both:

    d/dx [ f + sum_l w_l . (g_l * sg(b_l)) ] = J_1' b_1 + sum_l J_l' (w_l * b_l),

one `autograd.grad` from f down to the facet layers and one backward from there, no second full pass. A transformer's
map leaves out the class token, through which f's gradient passes as well: there f keeps a backward pass of its own.
A ResNet with a unit read before its last ReLU is piecewise linear, so `second-order` gives the same there as `paper`.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from app.render.objective import Objective, Reading, Root, Tap
from app.spec import Form


def fitted(weight: Tensor, like: Tensor) -> Tensor:
    """A weight [B or 1, C, h, w] resized bilinearly to the map `like` [B, C, H, W]; [.., 1, 1] broadcasts as it is."""
    if weight.shape[-2:] in ((1, 1), like.shape[-2:]):
        return weight
    return F.interpolate(weight, size=like.shape[-2:], mode="bilinear", align_corners=False)


def _stacked(weights: Sequence[tuple[Tensor, int]]) -> Tensor:
    """Weights [B or 1, C, h, w], each for so many pictures, as one [sum of B, C, H, W]; channel weights next to spatial
    ones are spread over the map."""
    height, width = (max(each.shape[side] for each, _ in weights) for side in (2, 3))
    return torch.cat([each.expand(count, -1, height, width) for each, count in weights])


@dataclass(frozen=True, eq=False)
class Faceted(Objective):
    """`of` within a facet.

    `weights` maps each facet layer, **deepest first**, to probe weights times strengths, [B or 1, C, h or 1, w or 1];
    several facets at once are the sum of theirs. Every layer must lie strictly below all that `of` looks at. `across`
    says that nothing gets past the deepest layer's map, as in a ResNet.
    """

    of: Objective
    weights: Mapping[str, Tensor]
    form: Form = "released"
    across: bool = False

    @property
    def twice(self) -> bool:
        return self.form == "second-order"

    @property
    def kind(self) -> Hashable:
        return (Faceted, self.of.kind, tuple(self.weights), self.form, self.across)

    def joined(self, parts: Sequence[tuple[Objective, int]]) -> Objective:
        """One objective with the weights of all, so that one pass finds the slopes of all."""
        several = [(each, count) for each, count in parts if isinstance(each, Faceted)]
        weights = {layer: _stacked([(each.weights[layer], count) for each, count in several]) for layer in self.weights}
        return Faceted(self.of.joined([(each.of, count) for each, count in several]), weights, self.form, self.across)

    def wants(self) -> frozenset[Tap]:
        facet: set[Tap] = {(layer, "post") for layer in self.weights}
        return self.of.wants() | facet

    def _facet_maps(self, reading: Reading) -> list[tuple[Tensor, Tensor]]:
        maps = [reading.maps[layer, "post"] for layer in self.weights]
        return [(g, fitted(w, g)) for g, w in zip(maps, self.weights.values(), strict=True)]

    def _slopes(self, reading: Reading, *, create_graph: bool) -> tuple[Tensor, ...]:
        total = self.of.value(reading).sum()
        maps = [g for g, _ in self._facet_maps(reading)]
        return torch.autograd.grad(total, maps, retain_graph=True, create_graph=create_graph)

    def _kept(self, slope: Tensor) -> Tensor:
        return F.relu(slope) if self.form == "released" else slope

    def value(self, reading: Reading) -> Tensor:
        """The objective written out, [B]; differentiating it is the slow way to what `roots` gives."""
        slopes = self._slopes(reading, create_graph=self.twice)
        total = self.of.value(reading)
        for (g, w), slope in zip(self._facet_maps(reading), slopes, strict=True):
            total = total + (w * g * self._kept(slope)).sum(dim=(1, 2, 3))
        return total

    def roots(self, reading: Reading) -> list[Root]:
        if self.twice:
            return super().roots(reading)
        maps = self._facet_maps(reading)
        slopes = self._slopes(reading, create_graph=False)
        roots = [(g, w * self._kept(slope)) for (g, w), slope in zip(maps, slopes, strict=True)]
        if not self.across:
            return [*self.of.roots(reading), *roots]
        (deepest, vector), *rest = roots
        return [(deepest, vector + slopes[0]), *rest]

    def __str__(self) -> str:
        return f"{self.of} within a facet at {', '.join(self.weights)} ({self.form})"
