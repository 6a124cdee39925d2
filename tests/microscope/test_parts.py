"""A part is cut out as a square around its box, and nothing of the box is lost."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from app.microscope.parts import Box, cut

SIDES = st.tuples(st.integers(1, 90), st.integers(1, 90))
FRACTIONS = st.tuples(st.floats(0, 1), st.floats(0, 1)).filter(lambda pair: abs(pair[0] - pair[1]) >= 0.01)


def numbered(width: int, height: int) -> Image.Image:
    """Each pixel says where it is; the third channel tells the picture from what fills its place."""
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    return Image.fromarray(np.stack([x, y, np.full_like(x, 255)], 2).astype(np.uint8))


@settings(deadline=None, max_examples=200)
@given(SIDES, FRACTIONS, FRACTIONS)
def test_the_square_holds_the_box_and_stays_inside_where_it_can(
    size: tuple[int, int], across: tuple[float, float], down: tuple[float, float]
) -> None:
    width, height = size
    box: Box = (min(across), min(down), max(across), max(down))
    part = cut(numbered(width, height), box)
    x0, y0, x1, y1 = part.square
    side = part.picture.width
    assert part.picture.size == (side, side)
    assert (x1 - x0) * width == pytest.approx(side) == (y1 - y0) * height
    assert x0 * width <= box[0] * width + 0.5 + 1e-9 and x1 * width >= box[2] * width - 0.5 - 1e-9
    assert y0 * height <= box[1] * height + 0.5 + 1e-9 and y1 * height >= box[3] * height - 0.5 - 1e-9
    fits = side <= min(width, height)
    assert (part.fill is None) == fits
    if fits:
        assert min(part.square) >= 0 and max(part.square) <= 1
        left, top = round(x0 * width), round(y0 * height)
        expected = numbered(width, height).crop((left, top, left + side, top + side))
        np.testing.assert_array_equal(np.asarray(part.picture), np.asarray(expected))


def test_a_part_longer_than_the_picture_is_filled_with_its_mean_colour() -> None:
    picture = Image.new("RGB", (40, 10), (200, 100, 0))
    part = cut(picture, (0, 0, 1, 0.5))
    assert part.picture.size == (40, 40) and part.fill == "#c86400"
    assert part.square == (0, -1.5, 1, 2.5)
    assert np.asarray(part.picture).reshape(-1, 3).tolist() == [[200, 100, 0]] * 1600
