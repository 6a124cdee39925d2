"""A facet's column is what its probes say of every image, and a stale one is not used."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from app.clip.clip import Clip
from app.corpus.build import build
from app.corpus.index import Index
from app.corpus.pictures import decode_item
from app.corpus.sources import open_source
from app.errors import BadInput, NotFound, NotReady
from app.facets.columns import FacetColumn, column_path, drop_others, making, read_column, write_column
from app.facets.facet import Facet, Probe, probes_id, score
from tests.pictures import blobs

IMAGES = 70


@pytest.fixture(scope="module")
def index(tiny_clip: Clip, tmp_path_factory: pytest.TempPathFactory) -> Index:
    pictures = tmp_path_factory.mktemp("pictures")
    for number in range(IMAGES):
        blobs(number)[0].save(pictures / f"{number:03d}.png")
    folder = tmp_path_factory.mktemp("indexes") / "blobs"
    build(tiny_clip, open_source(str(pictures)), "blobs", ["layer4.0"], folder)
    return Index.open(folder, clip=tiny_clip)


def facet(clip: Clip, seed: int, *, spatial: bool = False) -> Facet:
    """A random facet of two layers whose probes are unsure enough to differ."""
    draw = torch.Generator().manual_seed(seed)
    probes = {}
    for name in ("layer3.1", "layer3.0"):
        layer = clip.layers[name]
        shape = (layer.channels, *layer.map) if spatial else (layer.channels,)
        probes[name] = Probe(name, torch.randn(shape, generator=draw) / (30 if spatial else 3), 0.1)
    return Facet(clip.slug, clip.weights_hash, probes, (), (), 9, 100)


def made(clip: Clip, index: Index, **facets: Facet) -> list[tuple[int, int]]:
    return list(making(clip, index, facets))


def test_a_column_has_the_score_of_every_image_and_one_pass_makes_all(tiny_clip: Clip, index: Index) -> None:
    facets = {"pooled": facet(tiny_clip, 0), "spatial": facet(tiny_clip, 1, spatial=True)}
    assert made(tiny_clip, index, **facets) == [(32, 70), (64, 70), (70, 70)]
    pictures = [decode_item(index.item(number)) for number in range(IMAGES)]
    for name, each in facets.items():
        column = read_column(index, name, probes_id(each))
        alone = torch.cat([score(each, tiny_clip, tiny_clip.prepare([picture])) for picture in pictures]).numpy()
        np.testing.assert_allclose(column.probability, alone, atol=1e-5)


def test_chance_is_the_share_of_all_images_that_the_probes_take_for_their_own() -> None:
    column = FacetColumn(np.array([0.5, 0.499, 1.0, 0.0, 0.7], np.float32))
    assert column.own.tolist() == [True, False, True, False, True] and column.chance == pytest.approx(0.6)


def test_a_column_of_other_probes_or_another_index_is_not_used(tiny_clip: Clip, index: Index) -> None:
    first, again = facet(tiny_clip, 0), facet(tiny_clip, 2)
    with pytest.raises(NotFound):
        read_column(index, "new", probes_id(first))
    made(tiny_clip, index, new=first)
    read_column(index, "new", probes_id(first))
    with pytest.raises(NotReady, match=probes_id(again)):
        read_column(index, "new", probes_id(again))
    shifted = replace(first, probes={n: Probe(n, p.weight, 0.2) for n, p in first.probes.items()})
    assert probes_id(shifted) != probes_id(first), "the bias is part of it"
    other = Index(index.folder, index.manifest.model_copy(update={"key": "another"}))
    with pytest.raises(NotReady, match="another"):
        read_column(other, "new", probes_id(first))
    column_path(index, "new").rename(column_path(index, "moved"))
    with pytest.raises(NotReady, match="moved"):
        read_column(index, "moved", probes_id(first))


@pytest.mark.parametrize("damage", [b"", b"no tensors", b"\x40" + bytes(7) + b"{}" + bytes(62)])
def test_a_damaged_column_is_to_be_made_again(tiny_clip: Clip, index: Index, damage: bytes) -> None:
    known = probes_id(facet(tiny_clip, 0))
    write_column(index, "damaged", known, np.zeros(IMAGES, np.float32))
    whole = column_path(index, "damaged").read_bytes()
    for bytes_ in (damage, whole[:-40]):
        column_path(index, "damaged").write_bytes(bytes_)
        with pytest.raises(NotReady, match="damaged"):
            read_column(index, "damaged", known)


def test_an_interrupted_pass_leaves_nothing_and_other_weights_are_refused(tiny_clip: Clip, index: Index) -> None:
    steps = making(tiny_clip, index, {"half": facet(tiny_clip, 0)})
    next(steps)
    steps.close()
    assert not column_path(index, "half").exists()
    stranger = Facet("RN50.other", "f" * 16, facet(tiny_clip, 0).probes, (), (), 9, 9)
    with pytest.raises(BadInput, match="RN50.other"):
        made(tiny_clip, index, stranger=stranger)
    assert made(tiny_clip, index) == []


def test_a_column_of_an_index_that_was_built_anew_is_not_written(tiny_clip: Clip, index: Index) -> None:
    steps = making(
        tiny_clip, Index(index.folder, index.manifest.model_copy(update={"key": "before"})), {"x": facet(tiny_clip, 0)}
    )
    with pytest.raises(NotReady, match="built anew"):
        list(steps)
    assert not column_path(index, "x").exists()


def test_columns_of_facets_that_are_gone_are_removed(index: Index) -> None:
    for name in ("kept", "gone"):
        write_column(index, name, "probes", np.zeros(IMAGES, np.float32))
    drop_others(index, {"kept"})
    assert column_path(index, "kept").exists() and not column_path(index, "gone").exists()
