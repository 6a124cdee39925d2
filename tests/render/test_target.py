"""Every objective that composes, against autograd of its formula written out, in float64."""

from collections.abc import Callable, Mapping

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from app.clip import taps
from app.clip.clip import Clip
from app.clip.text import unit_scores
from app.errors import BadInput, NotFound
from app.facets.facet import Facet, Probe
from app.render.faceted import Diverse, Faceted
from app.render.objective import Caricature, Direction, Each, Greyness, Objective, Smoothness, Unit, Whole, read
from app.render.run import begin, measure, render
from app.render.steer import below, lies_across, mixed
from app.render.target import target
from app.spec import RenderSpec
from tests.render.test_faceted import gradient

LAST, LOWER = "layer4.0", "layer3.1"
Maps = Mapping[tuple[str, str], Tensor]


def like(clip: Clip) -> Tensor:
    layer = clip.layers[LAST]
    return torch.randn(1, layer.channels, *layer.map, generator=torch.Generator().manual_seed(5), dtype=torch.float64)


def weights(clip: Clip, layer: str = LAST) -> Tensor:
    return torch.randn(clip.layers[layer].channels, generator=torch.Generator().manual_seed(6), dtype=torch.float64)


def alike(maps: Tensor, other: Tensor) -> Tensor:
    """The caricature's formula, place by place."""
    total = maps.new_zeros(len(maps))
    for row in range(maps.shape[2]):
        for column in range(maps.shape[3]):
            a, b = maps[:, :, row, column], other[:, :, row, column]
            total = total + (a @ b[0]) * F.cosine_similarity(a, b, dim=1).clamp_min(0.1) ** 2
    return total / maps[0, 0].numel()


Case = tuple[Callable[[Clip], Objective], Callable[[Clip, Tensor, Maps], Tensor]]
CASES: dict[str, Case] = {
    "unit": (lambda _: Unit(LAST, 5), lambda _c, _x, maps: maps[LAST, "pre"][:, 5].mean(dim=(1, 2))),
    "unit after ReLU": (
        lambda _: Unit(LAST, 5, rectified=True),
        lambda _c, _x, maps: maps[LAST, "pre"][:, 5].clamp(min=0).mean(dim=(1, 2)),
    ),
    "centre": (lambda _: Unit(LAST, 5, centre=True), lambda _c, _x, maps: maps[LAST, "pre"][:, 5, 1, 1]),
    "least": (lambda _: -Unit(LAST, 5), lambda _c, _x, maps: -maps[LAST, "pre"][:, 5].mean(dim=(1, 2))),
    "direction": (
        lambda clip: Direction(LAST, weights(clip)),
        lambda clip, _x, maps: sum(
            (w * maps[LAST, "pre"][:, unit].mean(dim=(1, 2)) for unit, w in enumerate(weights(clip))), torch.zeros(2)
        ),
    ),
    "direction after ReLU at the centre": (
        lambda clip: Direction(LAST, weights(clip), rectified=True, centre=True),
        lambda clip, _x, maps: maps[LAST, "pre"][:, :, 1, 1].clamp(min=0) @ weights(clip),
    ),
    "layer": (lambda _: Whole(LAST), lambda _c, _x, maps: (maps[LAST, "post"] ** 2).flatten(1).mean(dim=1)),
    "caricature": (
        lambda clip: Caricature(LAST, like(clip)),
        lambda clip, _x, maps: alike(maps[LAST, "post"], like(clip)),
    ),
    "sum and factors": (
        lambda clip: 3 * Unit(LAST, 5) - 0.5 * Whole(LOWER) + 10 * Greyness() + Smoothness(),
        lambda _c, x, maps: (
            3 * maps[LAST, "pre"][:, 5].mean(dim=(1, 2))
            - 0.5 * (maps[LOWER, "post"] ** 2).flatten(1).mean(dim=1)
            - 10 * ((x - 0.5) ** 2).flatten(1).mean(dim=1)
            - (x[:, :, 1:] - x[:, :, :-1]).abs().flatten(1).mean(dim=1)
            - (x[:, :, :, 1:] - x[:, :, :, :-1]).abs().flatten(1).mean(dim=1)
        ),
    ),
    "an objective for each picture": (
        lambda clip: Each(((Unit(LAST, 5), 1), (Direction(LAST, weights(clip)), 1))),
        lambda clip, _x, maps: torch.stack(
            [maps[LAST, "pre"][0, 5].mean(), maps[LAST, "pre"][1].mean(dim=(1, 2)) @ weights(clip)]
        ),
    ),
}


def all_maps(clip: Clip, rgb: Tensor) -> Maps:
    layers = {LAST, LOWER, *below(clip, LAST)[:3]}
    with taps.tap(clip, dict.fromkeys(layers, "pre")) as pre, taps.tap(clip, dict.fromkeys(layers, "post")) as post:
        taps.run(clip, rgb, list(layers))
    return {(layer, "pre"): pre[layer] for layer in layers} | {(layer, "post"): post[layer] for layer in layers}


def apart(found: Tensor, expected: Tensor) -> float:
    assert expected.norm() > 0
    return float((found - expected).norm() / expected.norm())


@pytest.mark.parametrize("case", CASES)
def test_the_gradient_is_autograd_of_the_formula(double_clip: Clip, picture: Tensor, case: str):
    objective, formula = CASES[case][0](double_clip), CASES[case][1]
    rgb = picture.clone().requires_grad_()
    value = formula(double_clip, rgb, all_maps(double_clip, rgb))
    with read(double_clip, picture, picture, objective) as reading:
        torch.testing.assert_close(objective.value(reading).double(), value.detach(), rtol=1e-9, atol=1e-12)
    assert apart(gradient(double_clip, objective, picture), torch.autograd.grad(value.sum(), rgb)[0]) < 1e-10


@pytest.mark.parametrize("form", ["released", "paper"])
@pytest.mark.parametrize("case", ["direction", "layer", "caricature", "least"])
def test_any_objective_can_have_facets(double_clip: Clip, picture: Tensor, case: str, form: str):
    """f + sum over facets and their layers of w . (g * sg(b)), with three facets that share layers or do not."""
    objective, formula = CASES[case][0](double_clip), CASES[case][1]
    facets = several_facets(double_clip)
    merged = mixed(double_clip, LAST, facets)
    assert list(merged) == [layer for layer in below(double_clip, LAST) if layer in merged]
    faceted = Faceted(objective, merged, form, lies_across(double_clip))  # type: ignore[arg-type]

    rgb = picture.clone().requires_grad_()
    maps = all_maps(double_clip, rgb)
    terms = [(maps[layer, "post"], w) for each in facets for layer, w in each.items()]
    f = formula(double_clip, rgb, maps).sum()
    slopes = [slope.detach() for slope in torch.autograd.grad(f, [g for g, _ in terms], retain_graph=True)]
    slopes = [slope.clamp(min=0) for slope in slopes] if form == "released" else slopes
    total = f
    for (g, w), b in zip(terms, slopes, strict=True):
        w = w if w.shape[-1] in (1, g.shape[-1]) else F.interpolate(w, size=g.shape[-2:], mode="bilinear")
        total = total + (w * g * b).sum()
    assert apart(gradient(double_clip, faceted, picture), torch.autograd.grad(total, rgb)[0]) < 1e-10


def several_facets(clip: Clip) -> list[dict[str, Tensor]]:
    """One by channel, one by place, one with negative strength at a layer of its own."""
    draw = torch.Generator().manual_seed(8)
    first, second, third = below(clip, LAST)[:3]

    def random(layer: str, *sides: int) -> Tensor:
        return torch.randn(1, clip.layers[layer].channels, *sides, generator=draw, dtype=torch.float64)

    return [
        {first: random(first, 1, 1), second: random(second, 1, 1)},
        {first: random(first, *clip.layers[first].map)},
        {third: -2 * random(third, 1, 1)},
    ]


@pytest.mark.parametrize("positive", [True, False])
def test_diversity_is_a_facet_whose_weights_point_away_from_the_others(
    double_clip: Clip, picture: Tensor, positive: bool
):
    rgb = torch.cat([picture, picture.flip(3)]).requires_grad_()
    objective = Diverse(Unit(LAST, 5), LOWER, 1.5, positive, groups=(3, 1))
    maps = all_maps(double_clip, rgb)
    g = maps[LOWER, "post"]
    (b,) = torch.autograd.grad(maps[LAST, "pre"][:, 5].mean(dim=(1, 2)).sum(), g, retain_graph=True)
    b = b.clamp(min=0) if positive else b
    v = (g * b).sum(dim=(2, 3)).detach().requires_grad_()
    together = -sum(
        (F.cosine_similarity(v[i], v[j], dim=0) for i in range(3) for j in range(3) if i != j), v.new_zeros(())
    )
    (away,) = torch.autograd.grad(together, v)
    w = 1.5 * away / away.square().mean(dim=1, keepdim=True).sqrt().clamp_min(1e-300)
    assert w[:3].norm(dim=1).min() > 0 and w[3].norm() == 0, "the fourth picture is alone in its group"
    expected = torch.autograd.grad((w[:, :, None, None] * g * b.detach()).sum(), rgb)[0]
    assert apart(gradient(double_clip, objective, rgb.detach()), expected) < 1e-10
    with read(double_clip, rgb, rgb, objective) as reading:
        torch.testing.assert_close(objective.value(reading).sum(), together, rtol=1e-9, atol=1e-12)


def spec(clip: Clip, **changes: object) -> RenderSpec:
    return RenderSpec.model_validate({"model": clip.slug, "layer": LAST, "size": 64, "steps": 30, "seed": 1, **changes})


def picture_of(clip: Clip, wanted: RenderSpec, **given: object) -> np.ndarray:
    *_, final = render(clip, wanted, **given)  # type: ignore[arg-type]
    assert final.image is not None
    return final.image


def stripes() -> Image.Image:
    side = np.indices((64, 64))[0] // 6 % 2 * 200 + 20
    return Image.fromarray(np.stack([side, side[::-1], side.T], axis=2).astype(np.uint8))


@pytest.mark.parametrize(
    "target_of",
    [{"direction": "5 + 0.5*9 - 2*17"}, {"of": "layer"}, {"prompt": "a red apple"}, {"of": "picture", "picture": "x"}],
    ids=lambda fields: next(iter(fields)),
)
def test_a_render_makes_large_what_it_was_asked_for(tiny_clip: Clip, target_of: dict[str, str]):
    wanted, source = spec(tiny_clip, **target_of), stripes()
    start, *_, end = (frame for frame in render(tiny_clip, wanted, picture=source) if frame.image is not None)
    before, after = (
        measure(tiny_clip, wanted, [], frame.image[0], picture=source).activation
        for frame in (start, end)
        if frame.image is not None
    )
    assert after > before + 0.1 * abs(before)


def test_a_direction_of_one_unit_is_the_unit(tiny_clip: Clip):
    unit, same = spec(tiny_clip, unit=5, steps=8), spec(tiny_clip, direction="5", steps=8)
    difference = picture_of(tiny_clip, unit).astype(int) - picture_of(tiny_clip, same)
    assert np.abs(difference).max() <= 1


def test_a_prompt_is_the_bilinear_forms_direction(tiny_clip: Clip):
    objective = target(tiny_clip, spec(tiny_clip, prompt="a red apple"))
    assert isinstance(objective, Direction)
    scores = unit_scores(tiny_clip, ["a red apple"])[0]
    torch.testing.assert_close(objective.weights, scores / scores.norm())


def test_diverse_pictures_differ_more_than_those_of_other_seeds(tiny_clip: Clip):
    """Compared by what makes the unit large in them: the mean cosine of their attributions."""
    together = picture_of(tiny_clip, spec(tiny_clip, unit=5, steps=60, ramp=3, diversity=2.0))
    alone = picture_of(tiny_clip, spec(tiny_clip, unit=5, steps=60, ramp=3, diversity=1e-9))

    def alike(pictures: np.ndarray) -> float:
        rgb = tiny_clip.prepare([Image.fromarray(each) for each in pictures]).requires_grad_()
        objective = Diverse(Unit(LAST, 5), LOWER, 1.0)
        with read(tiny_clip, rgb, rgb, objective) as reading:
            return -float(objective.value(reading).detach().mean())

    assert together.shape == (3, 64, 64, 3)
    assert alike(together) < alike(alone) - 0.1


def test_several_facets_pull_together(tiny_clip: Clip):
    """Two facets that want the opposite cancel out; a ramp's last picture is the mix at full strength."""
    draw = torch.Generator().manual_seed(2)
    probe = Probe(LOWER, torch.randn(tiny_clip.layers[LOWER].channels, generator=draw), 0.0)
    facet = Facet(tiny_clip.slug, tiny_clip.weights_hash, {LOWER: probe}, (), (), 9, 9)
    opposite = Facet(tiny_clip.slug, tiny_clip.weights_hash, {LOWER: Probe(LOWER, -probe.weight, 0.0)}, (), (), 9, 9)
    plain = picture_of(tiny_clip, spec(tiny_clip, unit=5, steps=8))
    mix = spec(tiny_clip, unit=5, steps=8, facet="a", mix={"b": 1.0})
    cancelled = picture_of(tiny_clip, mix, facets=[facet, opposite])
    doubled = picture_of(tiny_clip, mix, facets=[facet, facet])
    twice = picture_of(tiny_clip, spec(tiny_clip, unit=5, steps=8, facet="a", strength=2.0), facets=[facet])
    assert np.abs(plain.astype(int) - cancelled).max() <= 1
    assert np.abs(twice.astype(int) - doubled).max() <= 1
    assert np.abs(plain.astype(int) - doubled).max() > 10


def test_what_cannot_be_made_large_is_refused_with_the_field(tiny_clip: Clip):
    with pytest.raises(NotFound, match="0 to 255"):
        begin(tiny_clip, spec(tiny_clip, direction="5 + 300"))
    with pytest.raises(BadInput, match="last layer") as refused:
        begin(tiny_clip, spec(tiny_clip, prompt="a", layer=LOWER))
    assert refused.value.field == "layer"
    with pytest.raises(BadInput, match="picture") as refused:
        begin(tiny_clip, spec(tiny_clip, of="picture", picture="x"))
    assert refused.value.field == "picture"
    first = next(iter(tiny_clip.layers))
    with pytest.raises(BadInput, match="no layer below") as refused:
        begin(tiny_clip, spec(tiny_clip, unit=0, layer=first, diversity=1.0))
    assert refused.value.field == "diversity"
