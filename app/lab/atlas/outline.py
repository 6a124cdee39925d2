"""Outlines as SVG path data."""

from collections.abc import Iterable
from functools import lru_cache

import numpy as np

from app.lab.atlas.flat import laid_flat, projected
from app.lab.atlas.topojson import Line, Polygon
from app.lab.atlas.world import countries, land


@lru_cache(maxsize=1)
def country_paths() -> dict[str, str]:
    """The outline of every country by its name, on a map `app.lab.atlas.flat.WIDTH` wide."""
    return {country.name: path(country.polygons) for country in countries()}


@lru_cache(maxsize=1)
def land_path() -> str:
    """The outline of all land."""
    return path(land())


def path(shapes: Iterable[Polygon]) -> str:
    """Polygons as SVG path data with one decimal; fill it by the even-odd rule, for the holes."""
    return "".join(_closed(flat) for shape in shapes for ring in shape for flat in laid_flat(ring, closed=True))


def _closed(ring: Line) -> str:
    """A ring in tenths: its first point, then steps, without those that are too short to be seen."""
    tenths = np.rint(projected(ring) * 10).astype(int)
    steps = np.diff(tenths[:-1], axis=0)  # the last point is the first
    steps = steps[steps.any(1)]
    if len(steps) < 2:
        return ""
    return f"M{_pair(*tenths[0])}l{' '.join(_pair(*step) for step in steps)}z"


def _pair(x: int, y: int) -> str:
    return f"{x / 10:g},{y / 10:g}"
