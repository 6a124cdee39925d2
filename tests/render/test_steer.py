import dataclasses

import pytest
import torch

from app.clip.clip import Clip
from app.facets.facet import Facet, Probe
from app.render.faceted import Faceted
from app.render.objective import Unit
from app.render.steer import steering
from tests.render.test_faceted import gradient

LAST = "layer4.0"


def facet(clip: Clip, layers: tuple[str, ...], scale: float = 1.0) -> Facet:
    draw = torch.Generator().manual_seed(2)
    probes = {n: Probe(n, scale * torch.randn(clip.layers[n].channels, generator=draw), 0.0) for n in layers}
    return Facet(clip.slug, clip.weights_hash, probes, (), (), 9, 9)


@pytest.mark.parametrize("layers", [("layer3.1",), ("layer3.1", "layer3.0", "layer2.0")], ids=["one", "three"])
@pytest.mark.parametrize("scale", [1e-3, 1e3])
def test_at_strength_one_the_facet_pulls_about_as_hard_as_the_unit(
    double_clip: Clip, picture: torch.Tensor, layers: tuple[str, ...], scale: float
):
    unit = Unit(LAST, 5)
    weights = steering(facet(double_clip, layers, scale), double_clip, LAST, [1.0, 1.0])
    own = gradient(double_clip, unit, picture)
    weights = {name: weight.double() for name, weight in weights.items()}
    extra = gradient(double_clip, Faceted(unit, weights, "paper"), picture) - own
    assert 0.3 < extra.norm() / own.norm() < 2


def test_strength_scales_the_pull_and_may_push_away(tiny_clip: Clip):
    weights = steering(facet(tiny_clip, ("layer3.1",)), tiny_clip, LAST, [1.0, 2.0, -1.0])["layer3.1"]
    torch.testing.assert_close(weights[1], 2 * weights[0])
    torch.testing.assert_close(weights[2], -weights[0])


def test_a_spatial_probe_steers_place_by_place(tiny_clip: Clip):
    layer = tiny_clip.layers["layer3.1"]
    weight = torch.randn(layer.channels, *layer.map, generator=torch.Generator().manual_seed(0))
    spatial = dataclasses.replace(facet(tiny_clip, ("layer3.1",)), probes={"layer3.1": Probe("layer3.1", weight, 0.0)})
    weights = steering(spatial, tiny_clip, LAST, [0.5])["layer3.1"]
    assert weights.shape == (1, layer.channels, *layer.map)
    torch.testing.assert_close(weights.square().mean().sqrt(), torch.tensor(0.5))


def test_deepest_layers_come_first_whatever_the_facets_order(tiny_clip: Clip):
    weights = steering(facet(tiny_clip, ("layer2.0", "layer3.1", "layer3.0")), tiny_clip, LAST, [1.0])
    assert list(weights) == ["layer3.1", "layer3.0", "layer2.0"]
