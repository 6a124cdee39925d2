"""What a render maximises: values that compose with `+`, `-` and `*`, and say in words what they are.

An objective answers with *roots*: pairs (tensor of the graph, vector) whose vector-Jacobian product is the direction of
ascent. A plain objective has the one root (its sum, 1); the faceted ones of `app.render.faceted` have cheaper ones.
"""

from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel

from app.clip import taps
from app.clip.clip import Clip

Stage = Literal["pre", "post"]
Tap = tuple[str, Stage]
Root = tuple[Tensor, Tensor]


@dataclass(frozen=True)
class Reading:
    """One forward pass: the pictures `rgb` [B, 3, S, S] in (0, 1) and the tapped maps [B, C, h, w], in the graph."""

    rgb: Tensor
    maps: Mapping[Tap, Tensor]

    def part(self, start: int, stop: int) -> "Reading":
        """The same of pictures `start` to `stop`."""
        return Reading(self.rgb[start:stop], {tap: each[start:stop] for tap, each in self.maps.items()})


class Objective(ABC):
    """One number per picture, to be made large."""

    @property
    def twice(self) -> bool:
        """Whether its gradient differentiates a gradient, which fused attention kernels cannot."""
        return False

    @abstractmethod
    def wants(self) -> frozenset[Tap]:
        """The block outputs that must be tapped."""

    @abstractmethod
    def value(self, reading: Reading) -> Tensor:
        """The objective, [B], differentiable in `reading`."""

    def roots(self, reading: Reading) -> list[Root]:
        """Where to start the backward pass, and with what. Pictures are independent, so they are summed."""
        total = self.value(reading).sum()
        return [(total, torch.ones_like(total))]

    @property
    def kind(self) -> Hashable:
        """Objectives of one kind can be made large in one pass, each for pictures of its own."""
        return self.wants()

    def joined(self, parts: "Sequence[tuple[Objective, int]]") -> "Objective":
        """Objectives of this one's kind as one, each for so many pictures of the batch, in order."""
        return Each(tuple(parts))

    def __add__(self, other: "Objective") -> "Objective":
        return Sum(self, other)

    def __sub__(self, other: "Objective") -> "Objective":
        return Sum(self, -1.0 * other)

    def __mul__(self, factor: float) -> "Objective":
        return Scaled(self, factor)

    __rmul__ = __mul__

    def __neg__(self) -> "Objective":
        return Scaled(self, -1.0)


@dataclass(frozen=True)
class Each(Objective):
    """For each run of pictures of the batch an objective of its own."""

    parts: tuple[tuple[Objective, int], ...]

    @property
    def twice(self) -> bool:
        return any(objective.twice for objective, _ in self.parts)

    def wants(self) -> frozenset[Tap]:
        return frozenset[Tap]().union(*(objective.wants() for objective, _ in self.parts))

    def value(self, reading: Reading) -> Tensor:
        values, start = [], 0
        for objective, count in self.parts:
            values.append(objective.value(reading.part(start, start + count)))
            start += count
        return torch.cat(values)

    def __str__(self) -> str:
        return "; ".join(f"{objective} (x{count})" for objective, count in self.parts)


@dataclass(frozen=True)
class Sum(Objective):
    """Both at once."""

    left: Objective
    right: Objective

    @property
    def kind(self) -> Hashable:
        return (Sum, self.left.kind, self.right.kind)

    def joined(self, parts: Sequence[tuple[Objective, int]]) -> Objective:
        sums = [(each, count) for each, count in parts if isinstance(each, Sum)]
        left = self.left.joined([(each.left, count) for each, count in sums])
        return Sum(left, self.right.joined([(each.right, count) for each, count in sums]))

    @property
    def twice(self) -> bool:
        return self.left.twice or self.right.twice

    def wants(self) -> frozenset[Tap]:
        return self.left.wants() | self.right.wants()

    def value(self, reading: Reading) -> Tensor:
        return self.left.value(reading) + self.right.value(reading)

    def roots(self, reading: Reading) -> list[Root]:
        return self.left.roots(reading) + self.right.roots(reading)

    def __str__(self) -> str:
        return f"{self.left} + {self.right}"


@dataclass(frozen=True)
class Scaled(Objective):
    """An objective `factor` times as strong; a negative factor makes it small instead of large."""

    objective: Objective
    factor: float

    @property
    def kind(self) -> Hashable:
        return (Scaled, self.factor, self.objective.kind)

    def joined(self, parts: Sequence[tuple[Objective, int]]) -> Objective:
        inner = [(each.objective, count) for each, count in parts if isinstance(each, Scaled)]
        return Scaled(self.objective.joined(inner), self.factor)

    @property
    def twice(self) -> bool:
        return self.objective.twice

    def wants(self) -> frozenset[Tap]:
        return self.objective.wants()

    def value(self, reading: Reading) -> Tensor:
        return self.factor * self.objective.value(reading)

    def roots(self, reading: Reading) -> list[Root]:
        return [(tensor, self.factor * vector) for tensor, vector in self.objective.roots(reading)]

    def __str__(self) -> str:
        return f"{self.factor:g} * ({self.objective})"


def _pooled(response: Tensor, centre: bool) -> Tensor:
    """One number for each map [B, h, w]: its mean, or its value at the centre."""
    height, width = response.shape[1:]
    return response[:, height // 2, width // 2] if centre else response.mean(dim=(1, 2))


@dataclass(frozen=True)
class Unit(Objective):
    """The activation of one unit: the spatial mean of its map before the last ReLU.

    `rectified` takes the mean after the ReLU instead, as the released code of the 2021 article does; a unit that is
    silent on the starting noise then has no gradient at all. `centre` takes the middle of the map alone, the neuron
    objective of Lucid and the Microscope.
    """

    layer: str
    unit: int
    rectified: bool = False
    centre: bool = False

    def wants(self) -> frozenset[Tap]:
        return frozenset({(self.layer, "pre")})

    def value(self, reading: Reading) -> Tensor:
        response = reading.maps[self.layer, "pre"][:, self.unit]
        response = F.relu(response) if self.rectified else response
        return _pooled(response, self.centre)

    def __str__(self) -> str:
        return f"{self.layer}:{self.unit}{' at the centre' if self.centre else ''}"


@dataclass(frozen=True, eq=False)
class Direction(Objective):
    """A weighted sum of the units of a layer, `weights` [C], read as `Unit` reads one.

    With the weights that a text gives the units of the last layer (`app.clip.text.unit_scores`) it is what the article's
    bilinear form makes of a prompt.
    """

    layer: str
    weights: Tensor
    rectified: bool = False
    centre: bool = False

    def wants(self) -> frozenset[Tap]:
        return frozenset({(self.layer, "pre")})

    def value(self, reading: Reading) -> Tensor:
        maps = reading.maps[self.layer, "pre"]
        maps = F.relu(maps) if self.rectified else maps
        response = torch.einsum("bchw,c->bhw", maps, self.weights.to(maps))
        return _pooled(response, self.centre)

    def __str__(self) -> str:
        return f"{self.layer}:{int(self.weights.count_nonzero())} units{' at the centre' if self.centre else ''}"


@dataclass(frozen=True)
class Whole(Objective):
    """All of a layer at once, whatever it already does most: the mean of its squared output (DeepDream as in Lucid)."""

    layer: str

    def wants(self) -> frozenset[Tap]:
        return frozenset({(self.layer, "post")})

    def value(self, reading: Reading) -> Tensor:
        return reading.maps[self.layer, "post"].square().mean(dim=(1, 2, 3))

    def __str__(self) -> str:
        return f"all of {self.layer}"


CARICATURE_POWER = 2.0
LEAST_LIKENESS = 0.1


@dataclass(frozen=True, eq=False)
class Caricature(Objective):
    """What another picture does to a layer, and more of it.

    Place by place the scalar product with that picture's output `like` [1, C, h, w], times their cosine to a power, so
    that the direction counts and not only the size: Lucid's caricatures (`dot_compare`, Apache-2.0).
    """

    layer: str
    like: Tensor

    def wants(self) -> frozenset[Tap]:
        return frozenset({(self.layer, "post")})

    def value(self, reading: Reading) -> Tensor:
        maps = reading.maps[self.layer, "post"]
        like = self.like.to(maps)
        if like.shape[-2:] != maps.shape[-2:]:
            like = F.interpolate(like, size=maps.shape[-2:], mode="bilinear", align_corners=False)
        dot = (maps * like).sum(dim=1)
        cosine = dot / (maps.norm(dim=1) * like.norm(dim=1)).clamp_min(1e-6)
        return (dot * cosine.clamp_min(LEAST_LIKENESS) ** CARICATURE_POWER).mean(dim=(1, 2))

    def __str__(self) -> str:
        return f"a picture's {self.layer}"


@dataclass(frozen=True)
class Greyness(Objective):
    """Minus the mean squared distance from mid grey (the released code adds ten times this)."""

    def wants(self) -> frozenset[Tap]:
        return frozenset()

    def value(self, reading: Reading) -> Tensor:
        return -((reading.rgb - 0.5) ** 2).mean(dim=(1, 2, 3))

    def __str__(self) -> str:
        return "greyness"


@dataclass(frozen=True)
class Smoothness(Objective):
    """Minus the total variation: the mean absolute difference between neighbouring pixels."""

    def wants(self) -> frozenset[Tap]:
        return frozenset()

    def value(self, reading: Reading) -> Tensor:
        down, right = reading.rgb.diff(dim=2).abs(), reading.rgb.diff(dim=3).abs()
        return -down.mean(dim=(1, 2, 3)) - right.mean(dim=(1, 2, 3))

    def __str__(self) -> str:
        return "smoothness"


@contextmanager
def read(clip: Clip, rgb: Tensor, seen: Tensor, *objectives: Objective) -> Iterator[Reading]:
    """Run the model on the views `seen` [B, 3, s, s] of the pictures `rgb`, as far as the deepest tap wanted."""
    wants = frozenset[Tap]().union(*(objective.wants() for objective in objectives))
    before: dict[str, Stage] = {layer: stage for layer, stage in wants if stage == "pre"}
    after: dict[str, Stage] = {layer: stage for layer, stage in wants if stage == "post"}
    kernel = sdpa_kernel(SDPBackend.MATH) if any(objective.twice for objective in objectives) else nullcontext()
    with kernel, taps.tap(clip, before) as pre, taps.tap(clip, after) as post:
        taps.run(clip, seen, [*before, *after])
        maps: dict[Tap, Tensor] = {(layer, "pre"): pre[layer] for layer in before}
        maps |= {(layer, "post"): post[layer] for layer in after}
        yield Reading(rgb, maps)
