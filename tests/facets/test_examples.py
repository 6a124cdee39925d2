"""The formulas: which images stand for a unit under a facet, and how much of a unit a facet explains."""

from pathlib import Path

import numpy as np
import pytest

from app.clip.clip import Clip
from app.corpus.build import build
from app.corpus.column_writer import making
from app.corpus.columns import Columns
from app.corpus.index import Index
from app.corpus.look import look
from app.corpus.sources import open_source
from app.facets.columns import OWN
from app.facets.examples import STRONG, purity, share, strong, strongest, under
from app.facets.own import activations, looking, own_id
from tests.pictures import blobs, stripes


@pytest.mark.parametrize("seed", range(5))
def test_examples_under_a_facet_are_the_highest_products_of_its_own_images(seed: int) -> None:
    rng = np.random.default_rng(seed)
    sd, probability = rng.uniform(STRONG, 12, 500), rng.random(500).astype(np.float32)
    probability[rng.integers(0, 500, 60)] = 1.0
    sd[rng.integers(0, 500, 60)] = 9.0  # so that some products tie
    own = [place for place in range(500) if probability[place] >= OWN]
    expected = sorted(own, key=lambda place: (-sd[place] * probability[place], place))[:8]
    assert under(sd, probability, 8).tolist() == expected


def test_a_facet_that_takes_nothing_for_its_own_has_no_examples() -> None:
    assert under(np.array([9.0, 8.0]), np.array([0.49, 0.1], np.float32), 8).tolist() == []
    assert under(np.array([9.0, 8.0]), np.array([0.5, 0.9], np.float32), 8).tolist() == [1, 0]
    assert under(np.empty(0), np.empty(0, np.float32), 8).tolist() == []


def test_a_share_counts_and_purity_takes_away_what_chance_gives() -> None:
    probability = np.array([0.9, 0.5, 0.49, 0.0], np.float32)
    assert share(np.array([[0, 1], [1, 2], [2, 3]]), probability).tolist() == [1.0, 0.5, 0.0]
    shares = np.array([[1.0, 0.2, 1.0], [0.2, 0.1, 1.0], [0.0, 0.6, 1.0]])
    found = purity(shares, [0.2, 0.2, 1.0])
    assert found[:, 0].tolist() == pytest.approx([1, 0, -0.25])
    assert found[:, 1].tolist() == pytest.approx([0, -0.125, 0.5])
    assert found[:, 2].tolist() == [0, 0, 0], "a facet that takes every image says nothing"


@pytest.fixture(scope="module")
def indexed(tiny_clip: Clip, tmp_path_factory: pytest.TempPathFactory) -> tuple[Index, Columns]:
    pictures = tmp_path_factory.mktemp("pictures")
    for number in range(130):
        (stripes if number % 10 == 0 else lambda n: blobs(n)[0])(number).save(pictures / f"{number:03d}.png")
    folder = tmp_path_factory.mktemp("indexes") / "mixed"
    build(tiny_clip, open_source(str(pictures)), "mixed", ["layer4.0", "layer3.0"], folder)
    index = Index.open(folder, clip=tiny_clip)
    steps = making(tiny_clip, index)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return index, end.value


def test_strong_images_are_those_two_deviations_above_the_mean(indexed: tuple[Index, Columns]) -> None:
    index, columns = indexed
    for unit in range(0, 256, 37):
        values = columns.unit("layer4.0", unit).astype(np.float64)
        stats = index.unit("layer4.0", unit).stats
        expected = np.flatnonzero(values >= stats.mean + STRONG * stats.std)
        images, sd = strong(index, columns, "layer4.0", unit)
        assert images.tolist() == expected.tolist()
        np.testing.assert_allclose(sd, (values[expected] - stats.mean) / stats.std)
        assert (sd >= STRONG - 1e-4).all()


def test_the_strongest_images_of_all_units_are_those_of_each(indexed: tuple[Index, Columns]) -> None:
    index, _ = indexed
    found = strongest(index, "layer4.0")
    assert found.shape == (256, 100)
    assert found[7].tolist() == [entry.image for entry in index.unit("layer4.0", 7).top]


def test_own_pictures_are_measured_as_any_picture_is(
    tiny_clip: Clip, indexed: tuple[Index, Columns], tmp_path: Path
) -> None:
    index, _ = indexed
    pictures = [stripes(number) for number in range(1000, 1011)]
    path = tmp_path / "new" / "own.safetensors"
    seen = list(looking(tiny_clip, [lambda p=p: p for p in pictures], index.manifest.layers, path))
    assert seen == [(8, 11), (11, 11)]
    for layer, unit in (("layer4.0", 9), ("layer3.0", 0)):
        alone = [look(tiny_clip, index, picture)[layer][0][unit] for picture in pictures]
        np.testing.assert_allclose(activations(path, layer, unit), alone, atol=1e-4)
    assert list(path.parent.iterdir()) == [path]


def test_what_own_pictures_did_is_named_by_weights_layers_and_pictures() -> None:
    known = own_id("w", ["a", "b"], ["1", "2"])
    assert known == own_id("w", ["b", "a"], ["1", "2"])
    others = [
        own_id("v", ["a", "b"], ["1", "2"]),
        own_id("w", ["a"], ["b", "1", "2"]),
        own_id("w", ["a", "b"], ["2", "1"]),
    ]
    assert len({known, *others}) == 4
