"""What a region map is drawn of: outlines, and the colours of places."""

from collections.abc import Sequence

import numpy as np
from PIL import Image

from app import images
from app.lab.atlas.flat import HEIGHT, WIDTH, projected
from app.lab.atlas.outline import country_paths, land_path
from app.lab.region_colours import Values, hues, mixed, rgb

__all__ = ["HEIGHT", "WIDTH", "cells", "colours", "country_paths", "land_path", "on_map", "swatch"]


def colours(values: Sequence[Sequence[float]], only: int | None) -> list[tuple[str, float]]:
    """The colour of each place as #rrggbb and the strength of a city's circle there, 0 to 1, from what it does to each of
    the units; of the one at place `only` alone, if given, which keeps its hue."""
    mixture = mixed(*_of(np.array(values), only))
    return list(zip(map(_hex, rgb(mixture)), mixture.strength.tolist(), strict=True))


def swatch(number: int, count: int) -> str:
    """The colour that stands for a unit: that of its strongest place, if it were alone."""
    return _hex(rgb(mixed(np.ones((1, 1)), hues(count)[number : number + 1]))[0])


def cells(values: Values, only: int | None) -> bytes:
    """A grid of what places do to units, [n, rows, columns], as a picture with a pixel for each cell: PNG."""
    count, rows, columns = values.shape
    mixture = mixed(*_of(values.reshape(count, -1).T, only))
    return images.encode_png(Image.fromarray(rgb(mixture).reshape(rows, columns, 3)))


def on_map(longitude: float, latitude: float) -> tuple[float, float]:
    """Where a place lies on a map `WIDTH` wide."""
    x, y = projected(np.array([[longitude, latitude]]))[0].tolist()
    return x, y


def _of(values: Values, only: int | None) -> tuple[Values, Values]:
    all_hues = hues(values.shape[1])
    return (values, all_hues) if only is None else (values[:, [only]], all_hues[[only]])


def _hex(colour: np.ndarray) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour.tolist())
