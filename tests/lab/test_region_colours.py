"""The colours of figure 6: by hand from its formula, and as Python's own colorsys has them."""

import colorsys
from math import pi

import numpy as np
import pytest

from app.lab.region_colours import hues, mixed, rgb


def test_one_unit_colours_by_its_hue_and_the_more_the_darker() -> None:
    found = mixed(np.array([[0.0], [0.5], [1.0]]), np.array([2.0]))
    assert found.hue[1:].tolist() == pytest.approx([2, 2])
    assert found.saturation.tolist() == pytest.approx([0, 1, 1])  # 120 % of nearly 1, cut at 1
    assert found.lightness.tolist() == pytest.approx([0.94, 1 - 0.6 * 0.6, 0.4])
    assert found.strength.tolist() == [0, 0.5, 1]


def test_units_mix_as_vectors_and_opposing_hues_are_grey() -> None:
    four = hues(4)
    assert four.tolist() == pytest.approx([0, pi / 2, pi, 3 * pi / 2])
    found = mixed(np.array([[1.0, 1, 0, 0], [1, 0, 1, 0], [0, 0, 0, 0.1]]), four)
    assert found.hue[[0, 2]].tolist() == pytest.approx([pi / 4, 3 * pi / 2])
    agreement = (2**0.5 / 4) / (2 / 4 + 0.001)
    assert found.saturation.tolist() == pytest.approx([1.2 * agreement**3, 0, 1.2 * (0.0025 / 0.0035) ** 3])
    assert found.lightness.tolist() == pytest.approx([0.4, 0.4, 1 - 0.6 * 0.1])
    grey = rgb(found)[1]
    assert grey.max() - grey.min() == 0


def test_what_a_screen_shows_is_what_colorsys_says() -> None:
    values = np.random.default_rng(0).random((200, 5))
    found = mixed(values, hues(5))
    expected = [
        colorsys.hls_to_rgb(hue / (2 * pi), lightness, saturation)
        for hue, saturation, lightness, _ in zip(*found, strict=True)
    ]
    assert np.abs(rgb(found) - 255 * np.array(expected)).max() <= 0.51
