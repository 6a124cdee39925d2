"""`distill-2021`: every constant of the released recipe, its transforms step by step, and its redirected ReLU."""

import numpy as np
import pytest
import torch
from torch import nn

from app.clip import taps
from app.clip.clip import Clip
from app.facets.facet import Facet, Probe
from app.render import released
from app.render.faceted import Faceted
from app.render.objective import Greyness, Scaled, Sum, Unit
from app.render.presets import recipe
from app.render.run import begin, strengths
from app.spec import RenderSpec

LAST = "layer4.0"


def spec(**changes: object) -> RenderSpec:
    values = {"model": "tiny", "layer": LAST, "unit": 5, "preset": "distill-2021", "facet": "a"}
    return RenderSpec.model_validate(values | changes)


@pytest.fixture(scope="module")
def spatial(tiny_clip: Clip) -> Facet:
    """Spatial probes at two layers."""
    draw = torch.Generator().manual_seed(1)
    probes = {
        name: Probe(name, torch.randn(tiny_clip.layers[name].channels, 4, 4, generator=draw), 0.0)
        for name in ("layer3.1", "layer3.0")
    }
    return Facet(tiny_clip.slug, tiny_clip.weights_hash, probes, (), (), 9, 9)


def test_its_numbers_are_those_of_the_released_code() -> None:
    wanted, how = spec(), recipe("distill-2021")
    assert (wanted.size, wanted.steps, wanted.ramp, wanted.form) == (256, 4096, 9, "released")
    np.testing.assert_allclose(strengths(wanted), np.linspace(0.1, 5.0, 9))
    assert (how.sd, how.decay, how.lr, how.greyness) == (0.01, 1.0, 0.02, 10.0)
    assert how.redirected == 16 and how.rectified and how.absolute and how.smoothness is None
    assert (released.PAD, released.GREY, released.JITTERS, released.JITTER, released.LAST_JITTER) == (2, 0.5, 10, 4, 2)
    assert sorted(released.SCALES) == sorted(
        [0.995**n for n in range(-5, 80)] + [0.998**n for _ in range(2) for n in range(20, 40)]
    )
    assert sorted(released.DEGREES) == sorted([*range(-20, 20), *range(-10, 10), *range(-5, 5), 0, 0, 0, 0, 0])


def test_what_the_recipe_settles_cannot_be_changed_and_size_and_steps_can() -> None:
    wanted = spec(strength="1", ramp="1", form="paper", size="64", steps="10")
    assert (wanted.strength, wanted.ramp, wanted.form, wanted.size, wanted.steps) == (5.0, 9, "released", 64, 10)


def test_its_objective_is_the_unit_after_its_relu_the_facet_as_it_is_and_the_grey_prior(
    tiny_clip: Clip, spatial: Facet
) -> None:
    ascent = begin(tiny_clip, spec(model=tiny_clip.slug, size=64, steps=2), [spatial])
    objective = ascent.objective
    assert isinstance(objective, Sum) and objective.right == Scaled(Greyness(), 10.0)
    assert isinstance(objective.left, Faceted) and objective.left.form == "released"
    assert objective.left.of == Unit(LAST, 5, rectified=True)
    for layer, weight in objective.left.weights.items():
        expected = torch.linspace(0.1, 5.0, 9)[:, None, None, None] * spatial.probes[layer].weight
        torch.testing.assert_close(weight, expected)


def test_it_runs_and_leaves_the_model_as_it_was(tiny_clip: Clip, spatial: Facet) -> None:
    grey = taps.activations(tiny_clip, torch.full((1, 3, 64, 64), 0.5), [LAST])[LAST]
    alive = int(grey.mean(dim=(0, 2, 3)).argmax())  # its own ReLU is not redirected: a silent unit would stay so
    before = [each.forward for each in tiny_clip.module.modules() if isinstance(each, nn.ReLU)]
    frames = list(begin(tiny_clip, spec(model=tiny_clip.slug, unit=alive, size=64, steps=18), [spatial]).frames())
    last = frames[-1].image
    assert last is not None and last.shape == (9, 64, 64, 3)
    assert [each.forward for each in tiny_clip.module.modules() if isinstance(each, nn.ReLU)] == before
    assert np.abs(last[0].astype(int) - last[-1]).max() > 5


def test_without_scale_and_rotation_the_view_is_a_crop_on_black() -> None:
    size = 64
    rgb = torch.rand(1, 3, size, size, generator=torch.Generator().manual_seed(0))
    draw = released.Draw(jitter=(20, 11), scale=1.0, degrees=0.0, last=(1, 2))
    grid, inside = draw.where(size)
    seen = torch.nn.functional.grid_sample(rgb, torch.from_numpy(grid)[None], align_corners=False)[0]
    shown = size + 4 - 40 - 2
    edge = (size - shown) // 2
    assert inside.sum() == shown**2 and inside[edge : edge + shown, edge : edge + shown].all()
    left, top = 20 + 1 - 2, 11 + 2 - 2
    expected = rgb[0, :, top : top + shown, left : left + shown]
    torch.testing.assert_close(seen[:, edge : edge + shown, edge : edge + shown], expected, rtol=1e-4, atol=1e-4)


def test_a_quarter_turn_is_a_quarter_turn() -> None:
    size = 64
    rgb = torch.rand(1, 3, size, size, generator=torch.Generator().manual_seed(0))

    def seen(degrees: float) -> torch.Tensor:
        grid, _ = released.Draw(jitter=(20, 20), scale=1.0, degrees=degrees, last=(1, 1)).where(size)
        return torch.nn.functional.grid_sample(rgb, torch.from_numpy(grid)[None], align_corners=False)[
            0, :, 20:44, 20:44
        ]

    torch.testing.assert_close(seen(90.0), torch.rot90(seen(0.0), 1, (1, 2)), rtol=1e-3, atol=1e-3)


def test_the_padding_is_grey_and_the_rest_of_the_canvas_black() -> None:
    rgb = torch.full((40, 3, 64, 64), 0.9)
    seen = released.Transforms()(rgb, [(seed, 0) for seed in range(40)], 1, 999)
    assert seen.shape == rgb.shape
    values = seen.unique()
    assert values.min() == 0 and values.max() <= 0.9 + 1e-6
    covered = (seen[:, 0] > 0).float().mean(dim=(1, 2)).sqrt() * 64
    assert covered.min() > 0.5 * 26 and covered.max() <= 1.026 * 28


def test_views_differ_by_slot_and_step() -> None:
    rgb = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    views = released.Transforms()
    first, again, later = (views(rgb, [(0, 0), (0, 1)], step, 64) for step in (1, 1, 2))
    assert torch.equal(first, again) and not torch.equal(first, later)
    assert torch.equal(views(rgb[1:], [(0, 1)], 1, 64)[0], first[1])


def test_a_dead_picture_is_led_upwards_and_a_living_one_is_not_touched() -> None:
    relu = nn.Sequential(nn.ReLU(inplace=True))
    x = torch.tensor([[-1.0, -2.0, -3.0], [-1.0, 2.0, -3.0]], requires_grad=True)
    with released.redirected(relu):
        out = relu(x)
    (gradient,) = torch.autograd.grad(out, x, torch.tensor([[1.0, -1.0, 2.0], [1.0, -1.0, 2.0]]))
    assert gradient.tolist() == [[1.0, 0.0, 2.0], [0.0, -1.0, 0.0]]
    assert out.tolist() == [[0.0, 0.0, 0.0], [0.0, 2.0, 0.0]]
    assert "forward" not in vars(relu[0])
