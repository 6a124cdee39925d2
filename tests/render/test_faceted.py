"""The faceted gradient against autograd of the objective written out, in float64."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from app.clip import taps
from app.clip.clip import Clip
from app.render.faceted import Faceted
from app.render.objective import Objective, Unit, read
from app.render.steer import below, lies_across
from app.spec import Form

LAYERS = {"one": 1, "several": 3}
Weights = dict[str, Tensor]


@pytest.fixture(params=["resnet", "transformer"])
def any_clip(request: pytest.FixtureRequest, double_clip: Clip, double_transformer: Clip) -> Clip:
    return double_clip if request.param == "resnet" else double_transformer


def last_layer(clip: Clip) -> str:
    return list(clip.layers)[-1]


def random_weights(clip: Clip, count: int, shape: str) -> Weights:
    draw = torch.Generator().manual_seed(11)
    weights = {}
    for name in below(clip, last_layer(clip))[:count]:
        layer = clip.layers[name]
        sides = {"channel": (1, 1), "spatial": layer.map, "resized": (5, 3)}[shape]
        weights[name] = torch.randn(2, layer.channels, *sides, generator=draw, dtype=torch.float64)
    return weights


def gradient(clip: Clip, objective: Objective, picture: Tensor) -> Tensor:
    """What the render loop follows: the roots' vector-Jacobian product at the picture."""
    rgb = picture.clone().requires_grad_()
    with read(clip, rgb, rgb, objective) as reading:
        roots = objective.roots(reading)
        torch.autograd.backward([tensor for tensor, _ in roots], [vector for _, vector in roots])
    assert rgb.grad is not None
    return rgb.grad


def response(clip: Clip, maps: dict[str, Tensor], unit: int, *, rectified: bool) -> Tensor:
    seen = maps[last_layer(clip)][:, unit]
    return (seen.clamp(min=0) if rectified else seen).mean(dim=(1, 2)).sum()


def written_out(clip: Clip, picture: Tensor, weights: Weights, unit: int, form: Form, *, rectified: bool) -> Tensor:
    """Autograd of f + sum_l <w_l, g_l * b_l>, with b_l made constant in a first pass of its own."""

    def forward(rgb: Tensor) -> tuple[Tensor, list[Tensor]]:
        with taps.tap(clip, {last_layer(clip): "pre"}) as top, taps.tap(clip, dict.fromkeys(weights, "post")) as maps:
            taps.run(clip, rgb, [last_layer(clip), *weights])
            f = response(clip, {last_layer(clip): top[last_layer(clip)]}, unit, rectified=rectified)
            return f, [maps[name] for name in weights]

    f, maps = forward(picture.clone().requires_grad_())
    slopes = [slope.detach() for slope in torch.autograd.grad(f, maps)]
    if form == "released":
        slopes = [slope.clamp(min=0) for slope in slopes]
    rgb = picture.clone().requires_grad_()
    f, maps = forward(rgb)
    total = f
    for g, w, b in zip(maps, weights.values(), slopes, strict=True):
        w = w if w.shape[-1] in (1, g.shape[-1]) else torch.nn.functional.interpolate(w, g.shape[-2:], mode="bilinear")
        total = total + (g * b * w).sum()
    return torch.autograd.grad(total, rgb)[0]


@pytest.mark.parametrize("rectified", [False, True], ids=["before ReLU", "after ReLU"])
@pytest.mark.parametrize("shape", ["channel", "spatial", "resized"])
@pytest.mark.parametrize("count", LAYERS.values(), ids=LAYERS)
@pytest.mark.parametrize("form", ["released", "paper"])
def test_the_faceted_gradient_is_autograd_of_the_objective_written_out(
    any_clip: Clip, picture: Tensor, form: Form, count: int, shape: str, rectified: bool
):
    weights = random_weights(any_clip, count, shape)
    unit = excited_unit(any_clip, picture)
    objective = Faceted(Unit(last_layer(any_clip), unit, rectified), weights, form, lies_across(any_clip))
    expected = written_out(any_clip, picture, weights, unit, form, rectified=rectified)
    error = (gradient(any_clip, objective, picture) - expected).norm() / expected.norm()
    assert expected.norm() > 0 and error < 1e-10


def excited_unit(clip: Clip, picture: Tensor) -> int:
    """A unit that fires somewhere on the picture, so that the form after the ReLU has a gradient."""
    layer = last_layer(clip)
    with torch.no_grad(), taps.tap(clip, {layer: "pre"}) as maps:
        taps.run(clip, picture, [layer])
        return int(maps[layer].amin(dim=0).amax(dim=(1, 2)).argmax())


def slope_along(value: Callable[[Tensor], float], picture: Tensor, direction: Tensor, step: float) -> float:
    """Central difference of fourth order."""
    near = value(picture + step * direction) - value(picture - step * direction)
    far = value(picture + 2 * step * direction) - value(picture - 2 * step * direction)
    return (8 * near - far) / (12 * step)


@pytest.mark.parametrize("count", LAYERS.values(), ids=LAYERS)
def test_the_second_order_gradient_is_the_finite_difference(any_clip: Clip, picture: Tensor, count: int):
    weights = random_weights(any_clip, count, "spatial")
    objective = Faceted(Unit(last_layer(any_clip), 1), weights, "second-order")

    def value(rgb: Tensor) -> float:
        rgb = rgb.clone().requires_grad_()
        with read(any_clip, rgb, rgb, objective) as reading:
            return float(objective.value(reading).detach().sum())

    slope = gradient(any_clip, objective, picture)
    for seed in range(3):
        direction = torch.randn(picture.shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
        direction = direction / direction.norm() + slope / slope.norm()
        expected = slope_along(value, picture, direction, 1e-7)
        assert abs(float((slope * direction).sum()) - expected) < 1e-4 * abs(expected)


def second_order_share(clip: Clip, picture: Tensor) -> float:
    weights = random_weights(clip, 1, "channel")
    unit = Unit(last_layer(clip), 1)
    full, constant = (
        gradient(clip, Faceted(unit, weights, form, lies_across(clip)), picture) for form in ("second-order", "paper")
    )
    return float((full - constant).norm() / constant.norm())


def test_the_second_order_term_matters_in_a_transformer(double_transformer: Clip, picture: Tensor):
    assert second_order_share(double_transformer, picture) > 0.01


def test_the_second_order_term_vanishes_in_a_resnet(double_clip: Clip, picture: Tensor):
    """With fixed batch norms it is piecewise linear: the slope b does not change with g inside a piece."""
    assert second_order_share(double_clip, picture) < 1e-10


def test_at_strength_nothing_the_facet_is_the_unit_alone(double_clip: Clip, picture: Tensor):
    unit = Unit(last_layer(double_clip), 1)
    weights = {name: 0 * w for name, w in random_weights(double_clip, 3, "channel").items()}
    for form in ("released", "paper", "second-order"):
        faceted = gradient(double_clip, Faceted(unit, weights, form), picture)
        torch.testing.assert_close(faceted, gradient(double_clip, unit, picture), rtol=1e-10, atol=1e-14)


def test_the_reported_value_is_the_objective_written_out(double_clip: Clip, picture: Tensor):
    weights = random_weights(double_clip, 1, "channel")
    ((name, w),) = weights.items()
    unit = Unit(last_layer(double_clip), 1)
    objective = Faceted(unit, weights, "paper")
    with read(double_clip, picture, picture.clone().requires_grad_(), objective) as reading:
        g, f = reading.maps[name, "post"], unit.value(reading)
        (b,) = torch.autograd.grad(f.sum(), g, retain_graph=True)
        torch.testing.assert_close(objective.value(reading), f + (w * g * b).sum(dim=(1, 2, 3)))


@pytest.mark.parametrize("count", LAYERS.values(), ids=LAYERS)
def test_a_facet_takes_one_backward_pass_through_the_layers_below_it(double_clip: Clip, picture: Tensor, count: int):
    weights = random_weights(double_clip, count, "channel")
    objective = Faceted(Unit(last_layer(double_clip), 1), weights, "released", across=True)
    passes = []
    with (
        taps.tap(double_clip, {"layer1.0": "post"}) as maps,
        read(double_clip, picture, picture.clone().requires_grad_(), objective) as reading,
    ):
        maps["layer1.0"].register_hook(passes.append)
        roots = objective.roots(reading)
        torch.autograd.backward([tensor for tensor, _ in roots], [vector for _, vector in roots])
    assert len(passes) == 1
