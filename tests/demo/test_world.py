from random import Random

import numpy as np
import pytest

from app.demo.captions import labelled
from app.demo.concepts import Concept, concepts
from app.demo.pack import Pack, load_pack
from app.demo.paint import thicken, tint
from app.demo.world import KINDS, World


def test_the_same_seed_draws_the_same_pictures(pack: Pack, few: tuple[Concept, ...]) -> None:
    one, two = World(pack, few), World(pack, few)
    backwards = {index: two.picture(5, "train", index) for index in reversed(range(40))}
    for index in range(40):
        picture = one.picture(5, "train", index)
        assert np.array_equal(picture.image, backwards[index].image)
        assert picture.caption == backwards[index].caption


@pytest.mark.parametrize("other", [(6, "train", 0), (5, "corpus", 0), (5, "train", 1)])
def test_another_seed_stream_or_index_draws_another_picture(pack, few, other: tuple[int, str, int]) -> None:
    world = World(pack, few)
    image = world.picture(5, "train", 0, kind="colour").image
    assert not np.array_equal(image, world.picture(*other, kind="colour").image)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_gives_a_labelled_picture(pack, few, kind: str) -> None:
    world = World(pack, few)
    for index in range(30):
        picture = world.picture(1, "t", index, kind=kind)
        assert picture.image.shape == (64, 64, 3)
        assert picture.image.dtype == np.uint8
        assert picture.caption
        assert picture.kind == ("several" if kind == "many" else kind)
        assert picture.concept in ({""} if kind == "background" else {c.name for c in few})
        assert picture.word or kind != "word"


def test_a_picture_shows_the_concept_it_is_labelled_with(pack, few) -> None:
    world = World(pack, few)
    sun, car = (next(c for c in few if c.name == name) for name in ("sun", "car"))
    for index in range(40):  # the same dice, so that only the sprite differs
        yellow = world.picture(1, "t", index, kind="scene", concept=sun).image.astype(int)
        blue = world.picture(1, "t", index, kind="scene", concept=car).image.astype(int)
        changed = np.abs(yellow - blue).sum(2) > 0
        assert (yellow[..., 2] - blue[..., 2])[changed].mean() < 0


def test_words_are_easy_at_first_and_hard_at_last(pack, few) -> None:
    world = World(pack, few)
    first, last = (
        np.mean([world.picture(1, "t", i, kind="word", progress=p).image.std((0, 1)).max() for i in range(150)])
        for p in (0.0, 1.0)
    )
    assert first > last


def test_tinting_changes_colours_by_a_quarter_at_most_and_never_the_outline() -> None:
    layer = np.dstack([np.full((4, 4), value, np.uint8) for value in (100, 60, 10, 200)])
    layer[0, 0] = 0
    for seed in range(30):
        tinted = tint(layer, Random(seed)).astype(int)
        assert np.array_equal(tinted[..., 3], layer[..., 3])
        assert (tinted[..., :3] <= tinted[..., 3:]).all()  # still premultiplied
        assert (abs(tinted - layer) <= layer * 0.25 + 1).all()


def test_thick_strokes_cover_what_the_thin_ones_did_and_a_pixel_more() -> None:
    mask = np.zeros((8, 8), np.uint8)
    mask[3, 3] = 200
    thick = thicken(mask)
    assert thick[3, 3] == 200
    assert (thick > 0).sum() == 4


def test_a_labelled_picture_is_called_by_its_writing_by_both_or_by_itself(few) -> None:
    cat, sun = (next(c for c in few if c.name == name) for name in ("cat", "sun"))
    said = [labelled(cat, sun, "sun", Random(seed)) for seed in range(400)]
    written = np.mean(["sun" in caption and "cat" not in caption for caption in said])
    both = np.mean(["sun" in caption and "cat" in caption for caption in said])
    assert 0.65 < written < 0.85
    assert 0.08 < both < 0.25


def test_the_held_out_world_shares_no_style_and_no_font_with_the_other(pack, few) -> None:
    seen, unseen = (World(pack, few, held_out=held_out) for held_out in (False, True))
    for kind in ("colour", "sketch", "word"):
        styles = [{w.picture(1, "t", i, kind=kind).style for i in range(40)} for w in (seen, unseen)]
        assert not styles[0] & styles[1]


def test_every_plate_covers_the_same_small_part_of_the_same_picture(pack, few) -> None:
    world = World(pack, few)
    for index in range(25):
        images = {p: world.labelled(3, index, few[0], p, few[1]).image for p in ("none", "blank", "word", "scrambled")}
        covered = (images["blank"] != images["none"]).any(2)
        assert 0 < covered.mean() <= 0.16
        assert not (
            (images["word"] != images["none"]).any(2) & ~covered & (images["blank"] != images["word"]).any(2)
        ).any()


def test_a_pack_survives_its_file(pack: Pack, tmp_path) -> None:
    pack.save(tmp_path / "world.npz")
    again = load_pack(tmp_path / "world.npz")
    assert np.array_equal(again.sprites, pack.sprites)
    assert again.sprite_labels == pack.sprite_labels
    assert again.text_labels == pack.text_labels
    assert all(np.array_equal(a, b) for a, b in zip(again.texts, pack.texts, strict=True))


def test_concepts_have_words_of_their_own() -> None:
    words = [word for concept in concepts(2) for word in concept.words]
    assert len(words) == len(set(words))
    assert len(concepts(1)) >= 130
