import torch
from torch import Tensor

from app.clip.clip import Clip
from app.render.faceted import Faceted
from app.render.objective import Greyness, Objective, Reading, Smoothness, Unit, read
from app.render.steer import below
from tests.render.test_faceted import gradient, last_layer


def parts(clip: Clip) -> tuple[Unit, Faceted, Smoothness]:
    layer = last_layer(clip)
    channels = clip.layers[below(clip, layer)[0]].channels
    weight = torch.linspace(-1, 1, channels, dtype=torch.float64)[None, :, None, None]
    return Unit(layer, 2), Faceted(Unit(layer, 1), {below(clip, layer)[0]: weight}, "released"), Smoothness()


def test_sums_differences_and_multiples_have_the_gradients_of_their_parts(double_clip: Clip, picture: Tensor):
    unit, faceted, smooth = parts(double_clip)
    whole: Objective = 2.0 * unit + faceted - 0.5 * smooth
    each = [gradient(double_clip, part, picture) for part in (unit, faceted)]
    rgb = picture.clone().requires_grad_()
    smooth.value(Reading(rgb, {})).sum().backward()
    assert rgb.grad is not None
    expected = 2.0 * each[0] + each[1] - 0.5 * rgb.grad
    torch.testing.assert_close(gradient(double_clip, whole, picture), expected, rtol=1e-10, atol=1e-14)


def test_an_objective_says_in_words_what_it_is(double_clip: Clip):
    unit, faceted, smooth = parts(double_clip)
    below_last = below(double_clip, last_layer(double_clip))[0]
    assert str(unit + 0.5 * smooth) == f"{unit.layer}:2 + 0.5 * (smoothness)"
    assert str(faceted) == f"{unit.layer}:1 within a facet at {below_last} (released)"


def test_a_step_along_the_gradient_raises_every_objective(double_clip: Clip, picture: Tensor):
    unit, faceted, _ = parts(double_clip)
    for objective in (unit, -unit, faceted):
        slope = gradient(double_clip, objective, picture)

        def value(rgb: Tensor, objective: Objective = objective) -> Tensor:
            with read(double_clip, rgb, rgb.requires_grad_(), objective) as reading:
                return objective.value(reading).detach().sum()

        assert value((picture + 1e-4 * slope / slope.norm()).detach()) > value(picture.clone())


def test_the_priors_prefer_a_flat_grey_picture(picture: Tensor):
    grey = torch.full_like(picture, 0.5)
    for prior in (Greyness(), Smoothness()):
        assert (prior.value(Reading(grey, {})) == 0).all()
        assert (prior.value(Reading(picture, {})) < 0).all()
