"""Words as pictures: all of the word is in the picture, and where its layout says."""

import numpy as np
import pytest

from app.lab.drawn import LAYOUTS, SIDE, drawings


@pytest.mark.parametrize("word", ["cat", "ice cream", "I", "incomprehensibilities", "Äpfel"])
def test_a_word_lies_where_its_layout_says(word: str) -> None:
    for layout, picture in zip(LAYOUTS, drawings(word), strict=True):
        ink = np.asarray(picture.convert("L")) != layout.paper
        rows, columns = np.flatnonzero(ink.any(1)), np.flatnonzero(ink.any(0))
        assert rows[0] > 0 and rows[-1] < SIDE - 1 and columns[0] > 0 and columns[-1] < SIDE - 1
        assert (columns[0] + columns[-1]) / 2 / SIDE == pytest.approx(layout.x, abs=0.03)
        assert (columns[-1] - columns[0]) / SIDE <= layout.width + 0.02
        assert (rows[-1] - rows[0]) / SIDE <= 0.55
