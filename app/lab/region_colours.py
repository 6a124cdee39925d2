"""How several units colour the places of one map, as figure 6 of Goh et al. 2021 does.

Unit i of n has the hue 2 pi i / n. A place's colour is the mean of its units' hues as vectors, each as long as the square of
the unit's value there: units of opposing hues make grey, and so do many that agree on nothing.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]


class Mixture(NamedTuple):
    """The colours of places, each an array [P]: `hue` in radians, `saturation` and `lightness` from 0 to 1; `strength`, 0 to
    1, is the opacity of a city's circle, and its radius is 10 times that."""

    hue: Values
    saturation: Values
    lightness: Values
    strength: Values


def hues(count: int) -> Values:
    """The hues of so many units in radians, [n]."""
    return 2 * np.pi * np.arange(count) / count


def mixed(values: Values, hue: Values) -> Mixture:
    """Mix the units' values [P, n], from 0 to 1, with their hues [n]."""
    squares = values**2
    east, north = (squares * np.cos(hue)).mean(1), (squares * np.sin(hue)).mean(1)
    agreement = np.hypot(east, north) / (squares.mean(1) + 0.001)
    most, mean = values.max(1), values.mean(1)
    return Mixture(
        hue=np.arctan2(north, east) % (2 * np.pi),
        saturation=np.minimum(1.2 * agreement**3, 1),
        lightness=1 - 0.6 * np.clip(0.4 * (2 * most + mean), 0.1, 1),
        strength=0.5 * (most + mean),
    )


def rgb(mixture: Mixture) -> NDArray[np.uint8]:
    """The colours as a screen has them, [P, 3]; from hue, saturation and lightness as in CSS Color 4."""
    reach = mixture.saturation * np.minimum(mixture.lightness, 1 - mixture.lightness)
    place = (np.array([0, 8, 4]) + np.rad2deg(mixture.hue)[:, None] / 30) % 12
    away = np.clip(np.minimum(place - 3, 9 - place), -1, 1)
    return np.rint(255 * (mixture.lightness[:, None] - reach[:, None] * away)).astype(np.uint8)
