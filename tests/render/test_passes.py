"""Renders side by side: what one gets does not depend on the others, and a batch that is too large is halved."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from torch import Tensor

from app.clip.clip import Clip
from app.render.ascend import Ascent
from app.render.faceted import Faceted
from app.render.objective import Greyness, Objective, Reading, Unit
from app.render.passes import Pass
from app.render.presets import Recipe
from app.spec import Form

LAST, LOWER = "layer4.0", "layer3.0"


def ascent(clip: Clip, objective: Objective, seed: int, slots: int = 1, steps: int = 64) -> Ascent:
    return Ascent(clip, objective, Unit(LAST, 0), slots=[(seed, 0)] * slots, size=48, steps=steps, recipe=Recipe())


def side_by_side(ascents: Sequence[Ascent]) -> list[np.ndarray]:
    """The last pictures of ascents of one kind, grown together."""
    assert len({each.ask().kind for each in ascents}) == 1
    images: list[np.ndarray | None] = [None] * len(ascents)
    while running := [n for n, each in enumerate(ascents) if not each.done]:
        for n, slope in zip(running, Pass.together([ascents[n].ask() for n in running]), strict=True):
            images[n] = ascents[n].take(slope).image
    return [image for image in images if image is not None]


def facet_weights(clip: Clip, seed: int, spatial: bool = False) -> Tensor:
    layer = clip.layers[LOWER]
    shape = layer.map if spatial else (1, 1)
    return torch.randn(1, layer.channels, *shape, generator=torch.Generator().manual_seed(seed), dtype=clip.mean.dtype)


def objectives(clip: Clip, form: Form | None) -> list[Objective]:
    if form is None:
        return [Unit(LAST, unit) - 0.5 * Greyness() for unit in (3, 8, 3)]
    return [
        Faceted(Unit(LAST, unit), {LOWER: facet_weights(clip, unit, spatial)}, form, across=True)
        for unit, spatial in ((3, False), (8, True), (5, False))
    ]


@pytest.mark.parametrize("form", [None, "released", "paper", "second-order"])
def test_in_exact_arithmetic_a_batch_does_not_mix_its_renders(double_clip: Clip, form: Form | None) -> None:
    alone = [ascent(double_clip, each, seed).ask().run() for seed, each in enumerate(objectives(double_clip, form))]
    passes = [ascent(double_clip, each, seed).ask() for seed, each in enumerate(objectives(double_clip, form))]
    for one, other in zip(alone, Pass.together(passes), strict=True):
        torch.testing.assert_close(other.seen, one.seen, rtol=1e-9, atol=1e-12 * float(one.seen.abs().max()))
        torch.testing.assert_close(other.rgb, one.rgb, rtol=1e-9, atol=1e-15)
        np.testing.assert_allclose(other.value, one.value, rtol=1e-6)


@pytest.mark.parametrize("companions", [1, 2, 7, 15])
def test_the_picture_is_the_same_alone_and_in_company(tiny_clip: Clip, companions: int) -> None:
    alone = side_by_side([ascent(tiny_clip, Unit(LAST, 5), seed=3)])[0]
    company = [ascent(tiny_clip, Unit(LAST, unit), seed=unit) for unit in range(20, 20 + companions)]
    among = side_by_side([*company[:4], ascent(tiny_clip, Unit(LAST, 5), seed=3), *company[4:]])[min(companions, 4)]
    assert np.abs(alone.astype(int) - among).max() <= 1


def test_joining_late_and_leaving_early_changes_nothing(tiny_clip: Clip) -> None:
    first, late = (ascent(tiny_clip, Unit(LAST, unit), seed=unit, steps=steps) for unit, steps in ((5, 24), (6, 40)))
    for _ in range(10):
        first.take(first.ask().run())
    drawn = side_by_side([first, late])
    expected = [
        list(ascent(tiny_clip, Unit(LAST, u), seed=u, steps=n).frames())[-1].image for u, n in ((5, 24), (6, 40))
    ]
    for image, alone in zip(drawn, expected, strict=True):
        assert alone is not None and np.abs(image.astype(int) - alone).max() <= 1


def test_a_ramp_runs_beside_single_renders(tiny_clip: Clip) -> None:
    ramp = ascent(tiny_clip, Unit(LAST, 5), seed=3, slots=3, steps=8)
    single = ascent(tiny_clip, Unit(LAST, 6), seed=3, steps=8)
    assert [image.shape for image in side_by_side([single, ramp])] == [(1, 48, 48, 3), (3, 48, 48, 3)]


@pytest.mark.parametrize(
    "other",
    [
        Unit(LOWER, 3),
        Unit(LAST, 3) + Greyness(),
        2.0 * Unit(LAST, 3),
    ],
)
def test_what_cannot_share_a_pass_is_of_another_kind(tiny_clip: Clip, other: Objective) -> None:
    plain = ascent(tiny_clip, Unit(LAST, 3), seed=0).ask().kind
    assert ascent(tiny_clip, other, seed=0).ask().kind != plain
    assert ascent(tiny_clip, Unit(LAST, 9), seed=1).ask().kind == plain


@dataclass(frozen=True)
class Hungry(Unit):
    """A unit on a device that holds only so many pictures at once."""

    room: int = 1

    def joined(self, parts: Sequence[tuple[Objective, int]]) -> Objective:
        if sum(count for _, count in parts) > self.room:
            raise torch.OutOfMemoryError("no room")
        return super().joined(parts)


def test_out_of_memory_halves_the_batch_and_carries_on(tiny_clip: Clip) -> None:
    fed = [ascent(tiny_clip, Unit(LAST, unit), seed=unit, steps=3) for unit in range(6)]
    hungry = [ascent(tiny_clip, Hungry(LAST, unit, room=2), seed=unit, steps=3) for unit in range(6)]
    for one, other in zip(side_by_side(fed), side_by_side(hungry), strict=True):
        np.testing.assert_array_equal(one, other)


def test_no_room_for_one_render_is_that_renders_error(tiny_clip: Clip) -> None:
    class Starved(Unit):
        def value(self, reading: Reading) -> Tensor:
            raise torch.OutOfMemoryError("no room")

    with pytest.raises(torch.OutOfMemoryError):
        ascent(tiny_clip, Starved(LAST, 3), seed=0).ask().run()
