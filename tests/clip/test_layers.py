"""Layer tables: names, channels, strides and map sizes, without weights."""

import pytest
import torch

from app.clip import registry
from app.clip.clip import Clip
from app.clip.taps import activations
from app.errors import BadInput, NotFound


@pytest.mark.parametrize(
    ("slug", "layer", "channels", "side"),
    [
        ("RN50.openai", "layer4.2", 2048, 7),
        ("RN101.openai", "layer4.2", 2048, 7),
        ("RN50x4.openai", "layer3.0", 1280, 18),
        ("RN50x4.openai", "layer3.9", 1280, 18),
        ("RN50x4.openai", "layer4.5", 2560, 9),
        ("RN50x16.openai", "layer4.7", 3072, 12),
        ("RN50x64.openai", "layer4.9", 4096, 14),
        ("ViT-B-32.openai", "blocks.11", 768, 7),
        ("ViT-B-16.openai", "blocks.11", 768, 14),
        ("ViT-L-14.openai", "blocks.23", 1024, 16),
    ],
)
def test_published_models_have_the_published_layers(slug: str, layer: str, channels: int, side: int) -> None:
    found = registry.layers(registry.entry(slug))[layer]
    assert (found.channels, found.map) == (channels, (side, side))


def test_rn50x4_lists_its_26_blocks_in_order() -> None:
    table = registry.layers(registry.entry("RN50x4.openai"))
    assert list(table) == [f"layer{s}.{b}" for s, n in ((1, 4), (2, 6), (3, 10), (4, 6)) for b in range(n)]
    assert [table[f"layer{stage}.0"].stride for stage in (1, 2, 3, 4)] == [4, 8, 16, 32]


def test_the_table_says_what_the_taps_give(tiny_clip: Clip) -> None:
    read = activations(tiny_clip, torch.rand(2, 3, 64, 64), list(tiny_clip.layers))
    assert {name: tuple(values.shape[1:]) for name, values in read.items()} == {
        name: (layer.channels, *layer.map) for name, layer in tiny_clip.layers.items()
    }
    assert tiny_clip.default_layer == "layer4.0"


def test_a_tower_of_another_kind_is_refused_with_the_reason() -> None:
    with pytest.raises(BadInput, match="choose a model with open_clip's own ResNet"):
        registry.entry("EVA01-g-14.laion400m_s11b_b41k")


def test_an_unknown_layer_or_unit_is_named_with_what_there_is(tiny_clip: Clip) -> None:
    with pytest.raises(NotFound, match=r"no layer layer9\.0: it has layer1\.0, layer2\.0"):
        tiny_clip.layer("layer9.0")
    with pytest.raises(NotFound, match="no unit 256: they go from 0 to 255"):
        tiny_clip.unit("layer4.0", 256)
    with pytest.raises(NotFound, match="no unit -1"):
        tiny_clip.unit("layer4.0", -1)
    assert tiny_clip.unit("layer4.0", 255) == 255
