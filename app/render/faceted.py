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

`Diverse` is the article's variant without a direction: the attributions g * b of pictures grown together, summed over the
map, are driven apart. At each step that is a facet term whose weights point away from the others' attributions.
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


@dataclass(frozen=True, eq=False)
class Diverse(Objective):
    """Drives the pictures of one render apart in what makes `of` large ("diversity" in the article's appendix).

    With v_i = sum over the map of g * sg(b) at `layer`, [C], the value of a picture is -sum_{j != i} cos(v_i, v_j). Its
    slope in v_i, brought to root mean square `strength`, takes the place of a probe's weights in the facet term, so a
    strength means the same as a facet's. `groups` are the numbers of pictures that belong together, in order; None
    means all of them.
    """

    of: Objective
    layer: str
    strength: float
    positive: bool = True  # as the released form: only where more of it would help
    groups: tuple[int, ...] | None = None

    @property
    def kind(self) -> Hashable:
        return (Diverse, self.of.kind, self.layer, self.strength, self.positive)

    def joined(self, parts: Sequence[tuple[Objective, int]]) -> Objective:
        several = [(each, count) for each, count in parts if isinstance(each, Diverse)]
        of = self.of.joined([(each.of, count) for each, count in several])
        return Diverse(of, self.layer, self.strength, self.positive, tuple(count for _, count in several))

    def wants(self) -> frozenset[Tap]:
        facet: set[Tap] = {(self.layer, "post")}
        return self.of.wants() | facet

    def _slope(self, reading: Reading) -> tuple[Tensor, Tensor]:
        g = reading.maps[self.layer, "post"]
        (b,) = torch.autograd.grad(self.of.value(reading).sum(), g, retain_graph=True)
        return g, F.relu(b) if self.positive else b

    def _apart(self, attribution: Tensor) -> Tensor:
        """[B, C] to [B]: minus the sum of the cosines with the others of the group."""
        groups = F.normalize(attribution, dim=1).split(list(self.groups or [len(attribution)]))
        return torch.cat([-(each * (each.sum(dim=0) - each)).sum(dim=1) for each in groups])

    def value(self, reading: Reading) -> Tensor:
        g, b = self._slope(reading)
        return self._apart((g * b).sum(dim=(2, 3)))

    def weights(self, attribution: Tensor) -> Tensor:
        """What stands for a probe's weights where the attributions are [B, C]: [B, C]."""
        attribution = attribution.detach().requires_grad_()
        (away,) = torch.autograd.grad(self._apart(attribution).sum(), attribution)
        size = away.square().mean(dim=1, keepdim=True).sqrt()
        return self.strength * away / size.clamp_min(torch.finfo(away.dtype).tiny)

    def roots(self, reading: Reading) -> list[Root]:
        g, b = self._slope(reading)
        return [(g, self.weights((g * b).sum(dim=(2, 3)))[:, :, None, None] * b)]

    def __str__(self) -> str:
        return f"apart at {self.layer}"
