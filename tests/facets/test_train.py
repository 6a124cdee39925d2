import dataclasses

import numpy as np
import pytest
import torch
from PIL import Image, ImageEnhance

from app.clip.clip import Clip
from app.clip.layers import Layer
from app.errors import BadInput
from app.facets.duplicates import group
from app.facets.facet import log_odds
from app.facets.train import check_images, default_layers, train
from tests.facets.pictures import blobs

LAYERS = ("layer3.1", "layer3.0")


def plain(count: int, first: int = 0) -> list[Image.Image]:
    return [blobs(seed) for seed in range(first, first + count)]


def striped(count: int, first: int = 0) -> list[Image.Image]:
    return [blobs(seed, striped=True) for seed in range(first, first + count)]


@pytest.mark.parametrize("spatial", [False, True], ids=["pooled", "spatial"])
def test_a_facet_tells_its_theme_from_the_rest_on_pictures_it_never_saw(tiny_clip: Clip, spatial: bool):
    seen: list[tuple[int, int]] = []
    facet = train(tiny_clip, striped(40), plain(120), LAYERS, spatial=spatial, progress=lambda *step: seen.append(step))
    assert (facet.positives, facet.negatives, facet.warnings) == (40, 120, ())
    assert [report.layer for report in facet.reports] == list(LAYERS)
    assert all(report.auc > 0.9 and report.spatial is spatial for report in facet.reports)
    assert seen[-1] == (160, 160)
    odds = log_odds(facet, tiny_clip, tiny_clip.prepare([*striped(20, 900), *plain(20, 900)])).mean(dim=1)
    assert (odds[:20, None] > odds[None, 20:]).double().mean() > 0.9


def test_the_same_pictures_and_seed_give_the_same_facet(tiny_clip: Clip):
    first, again = (train(tiny_clip, striped(10), plain(20), LAYERS, seed=4) for _ in range(2))
    for layer in LAYERS:
        assert torch.equal(first.probes[layer].weight, again.probes[layer].weight)


def test_fewer_than_eight_pictures_are_refused_with_how_many_are_missing(tiny_clip: Clip):
    with pytest.raises(BadInput, match="theme has 5 usable different pictures; .* at least 8, so add 3 more"):
        train(tiny_clip, striped(5), plain(20), LAYERS)
    with pytest.raises(BadInput, match="comparison set has 2 "):
        train(tiny_clip, striped(8), plain(2), LAYERS)


def test_copies_do_not_make_up_for_pictures(tiny_clip: Clip):
    with pytest.raises(BadInput, match="2 usable different pictures, 20 with near-duplicates"):
        train(tiny_clip, striped(2) * 10, plain(20), LAYERS)


def altered(image: Image.Image) -> Image.Image:
    """The same photograph smaller and a little brighter."""
    return ImageEnhance.Brightness(image.resize((48, 48))).enhance(1.03)


def test_near_duplicates_are_one_group_and_different_pictures_are_not():
    images = plain(12)
    groups = group([*images, altered(images[3]), images[5]])
    assert groups[12] == groups[3] and groups[13] == groups[5]
    assert len(np.unique(groups)) == 12


def test_a_picture_and_its_middle_square_are_one_group() -> None:
    """An upload is kept whole, a corpus as the model sees it: the same photograph must not be on both sides."""
    rng = np.random.default_rng(0)
    wide = [
        Image.fromarray(rng.integers(0, 256, (5, 9, 3), dtype=np.uint8)).resize((360, 200), Image.Resampling.BICUBIC)
        for _ in range(4)
    ]
    middle = [image.crop((80, 0, 280, 200)).resize((160, 160), Image.Resampling.LANCZOS) for image in wide]
    groups = group([*wide, *middle])
    assert groups[:4].tolist() == groups[4:].tolist()
    assert len(set(groups.tolist())) == 4


def test_flat_pictures_of_other_colours_are_different():
    flat = [Image.new("RGB", (64, 64), colour) for colour in ("red", "green", "blue", "white")]
    assert len(np.unique(group(flat))) == 4


def test_what_is_doubtful_is_said():
    images = striped(9)
    checked = check_images([*images, images[0]], [*plain(230), images[1]])
    said = " ".join(checked.warnings)
    assert "Only 9 different pictures" in said
    assert "1 of 10 pictures are near-duplicates" in said
    assert "1 pictures of the comparison set look like ones of the theme" in said
    assert "Very uneven: 10 pictures of the theme against 230 others" in said
    assert len(checked.negatives) == 230


def test_facets_are_probed_at_every_second_block_of_the_stage_before_the_last(tiny_clip: Clip):
    def with_layers(*names: str) -> Clip:
        return dataclasses.replace(tiny_clip, layers={n: Layer(n, 8, 4, (4, 4), n) for n in names})

    paper = [f"layer{s}.{b}" for s, blocks in ((1, 4), (2, 6), (3, 10), (4, 6)) for b in range(blocks)]
    assert default_layers(with_layers(*paper)) == ["layer3.8", "layer3.6", "layer3.4", "layer3.2", "layer3.0"]
    assert default_layers(tiny_clip) == ["layer3.0"]
    assert default_layers(with_layers(*(f"blocks.{b}" for b in range(12)))) == ["blocks.8", "blocks.6"]
