"""How far a set shows things at the same places, against the mean over all pairs written out."""

import numpy as np
import pytest
import torch
from PIL import Image

from app.clip.clip import Clip
from app.facets.alignment import Alignment
from app.facets.train import train


def maps(seed: int, count: int = 7) -> torch.Tensor:
    return torch.rand(count, 3, 4, 5, generator=torch.Generator().manual_seed(seed))


def value(*batches: torch.Tensor) -> float:
    alignment = Alignment()
    for batch in batches:
        alignment.add(batch)
    found = alignment.value()
    assert found is not None
    return found


def test_it_is_the_mean_over_pairs_in_any_batches() -> None:
    x = maps(0) + 0.5 * maps(1, 1)
    z = (x - x.mean(dim=(2, 3), keepdim=True)).flatten(1).double()
    products = z @ z.T
    pairs = (products.sum() - products.trace()) / (7 * 6)
    expected = float(pairs / (products.trace() / 7))
    assert value(x) == pytest.approx(expected) == pytest.approx(value(x[:2], x[2:3], x[3:]))


def test_copies_agree_wholly_and_noise_does_not() -> None:
    assert value(maps(0, 1).expand(5, -1, -1, -1)) == pytest.approx(1)
    assert abs(value(maps(2, 200))) < 0.02


def test_what_cannot_be_known_is_none() -> None:
    alone, flat = Alignment(), Alignment()
    alone.add(maps(0, 1))
    flat.add(torch.ones(5, 3, 1, 1))
    assert alone.value() is None and flat.value() is None and Alignment().value() is None


def with_a_bar(seed: int, x: int, y: int) -> Image.Image:
    """A bright upright bar on soft noise of its own."""
    noise = np.random.default_rng(seed).integers(0, 110, (4, 4, 3), dtype=np.uint8)
    image = Image.fromarray(noise).resize((64, 64), Image.Resampling.BICUBIC)
    image.paste((250, 240, 230), (x, y, x + 10, y + 40))
    return image


def test_a_facet_of_pictures_with_one_layout_says_so(tiny_clip: Clip) -> None:
    places = np.random.default_rng(1).integers(0, (54, 24), (12, 2))
    same = [with_a_bar(seed, 8, 12) for seed in range(12)]
    anywhere = [with_a_bar(100 + seed, int(x), int(y)) for seed, (x, y) in enumerate(places)]
    (report,) = train(tiny_clip, same, anywhere, ["layer3.0"]).reports
    assert report.alignment is not None and report.alignment_others is not None
    assert report.alignment > 1.4 * report.alignment_others
