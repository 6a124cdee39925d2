"""Where a unit fires is drawn where it fires, whatever the model's way of cropping."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from app.clip.clip import Clip
from app.clip.taps import activations
from app.corpus.heat import around, heat_map, unit_maps, upsampled
from app.errors import NotFound
from app.images import square

LAYER, UNIT = "layer1.0", 3


def hottest(image: Image.Image) -> tuple[int, int]:
    """The x and y of the warmest place of a heat map: the most red over blue, in the middle of where that is."""
    rgb = np.asarray(image).astype(int)
    rows, columns = np.nonzero((warm := rgb[..., 0] - rgb[..., 2] + rgb[..., 1]) == warm.max())
    return int(np.median(columns)), int(np.median(rows))


@pytest.mark.parametrize("place", range(0, 81, 7))
def test_the_hottest_pixel_lies_in_the_hottest_cell(place: int) -> None:
    map_ = np.full((9, 9), -0.5, np.float32)
    map_.flat[place] = 2.0
    x, y = hottest(heat_map(Image.new("RGB", (252, 252), "grey"), map_, 2.0))
    assert (y // 28, x // 28) == divmod(place, 9)


def test_only_what_is_positive_is_warm_and_strength_shows() -> None:
    picture = Image.new("RGB", (64, 64), (90, 90, 90))

    def middle(value: float) -> np.ndarray:
        return np.asarray(heat_map(picture, np.full((3, 3), value, np.float32), 1.0))[32, 32].astype(int)

    redness = [int(middle(value)[0] - middle(value)[2]) for value in (-1, -0.2, 0, 0.2, 0.6)]
    assert redness == sorted(redness) and redness[2] == 0 and redness[1] < 0 < redness[3]
    assert (middle(3) == middle(1)).all(), "beyond the strongest there is nothing"


def test_a_map_is_read_off_the_taps(tiny_clip: Clip) -> None:
    rng = np.random.default_rng(0)
    pictures = [Image.fromarray(rng.integers(0, 256, (70, 90, 3), dtype=np.uint8)) for _ in range(3)]
    for layer in ("layer1.0", "layer4.0"):
        wanted = activations(tiny_clip, tiny_clip.prepare(pictures), [layer])[layer][:, 5]
        maps = unit_maps(tiny_clip, pictures, layer, 5)
        np.testing.assert_array_equal(np.stack(maps), wanted.numpy())
        assert maps[0].shape == tiny_clip.layers[layer].map
    with pytest.raises(NotFound, match="from 0 to"):
        unit_maps(tiny_clip, pictures, LAYER, 9999)


@pytest.mark.parametrize("mode", ["shortest", "longest", "squash"])
@pytest.mark.parametrize("at", [(60, 20), (90, 60), (75, 40)])
def test_a_bright_square_is_hot_where_the_picture_that_is_shown_has_it(
    tiny_clip: Clip, mode: str, at: tuple[int, int]
) -> None:
    """The units of a random model do not stand for squares, but what one changes lies where the square is."""
    clip = replace(tiny_clip, preprocess=replace(tiny_clip.preprocess, resize_mode=mode))  # pyright: ignore[reportArgumentType]
    blank, bright = Image.new("RGB", (180, 120), "grey"), Image.new("RGB", (180, 120), "grey")
    bright.paste("white", (*at, at[0] + 16, at[1] + 16))
    before, after = unit_maps(clip, [blank, bright], LAYER, UNIT)
    seen = np.asarray(square(bright, 240, mode).convert("L"))
    x, y = hottest(heat_map(square(bright, 240, mode), np.abs(after - before), float(np.abs(after - before).max())))
    rows, columns = np.nonzero(seen > 200)
    cell = 240 // clip.layers[LAYER].map[0]
    assert rows.min() - cell <= y <= rows.max() + cell and columns.min() - cell <= x <= columns.max() + cell


def test_upsampling_is_bilinear_between_the_middles_of_cells() -> None:
    wide = upsampled(np.array([[0.0, 1.0]], np.float32), 8)
    np.testing.assert_allclose(wide[4], [0, 0, 0.125, 0.375, 0.625, 0.875, 1, 1])


@pytest.mark.parametrize(("place", "left", "top"), [(0, 0, 0), (4, 40, 0), (40, 40, 40), (44, 80, 40), (80, 80, 80)])
def test_a_crop_is_half_the_picture_around_the_place_and_inside_it(place: int, left: int, top: int) -> None:
    side = np.arange(160, dtype=np.uint8)
    picture = Image.fromarray(np.stack([np.tile(side, (160, 1)), np.tile(side[:, None], (1, 160))] * 2, 2)[..., :3])
    crop = around(picture, (9, 9), place)
    assert crop.size == (80, 80)
    assert crop.getpixel((0, 0))[:2] == (left, top)  # pyright: ignore[reportIndexIssue, reportOptionalSubscript]
