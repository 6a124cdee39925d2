"""TopoJSON, as far as the atlas uses it: polygons out of arcs that neighbours share.

The format (https://github.com/topojson/topojson-specification): every arc is a line whose points are whole numbers, each
the step from the one before; `transform` brings them to degrees. A ring is a list of arcs by number, `~n` meaning arc n
the other way round; where one arc ends the next begins, with the same point.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.errors import NotReady

Line = NDArray[np.float64]
"""Points [P, 2]: longitude and latitude in degrees."""

Polygon = tuple[Line, ...]
"""Closed rings: the outer one, then those of its holes."""


def arcs(topology: Mapping[str, Any]) -> list[Line]:
    """The lines that polygons are made of."""
    transform = topology["transform"]
    scale, origin = np.array(transform["scale"]), np.array(transform["translate"])
    return [np.cumsum(steps, axis=0) * scale + origin for steps in topology["arcs"]]


def polygons(geometry: Mapping[str, Any], lines: Sequence[Line]) -> list[Polygon]:
    """The polygons of a geometry, which may be a collection.

    Raises:
        NotReady: it has something other than polygons.
    """
    kind = geometry["type"]
    if kind == "GeometryCollection":
        return [each for part in geometry["geometries"] for each in polygons(part, lines)]
    if kind not in ("Polygon", "MultiPolygon"):
        raise NotReady(f"The atlas has a {kind}, and only polygons can be drawn: put its file back as it was.")
    parts = [geometry["arcs"]] if kind == "Polygon" else geometry["arcs"]
    return [tuple(_ring(numbers, lines) for numbers in part) for part in parts]


def _ring(numbers: Sequence[int], lines: Sequence[Line]) -> Line:
    parts = [lines[number] if number >= 0 else lines[~number][::-1] for number in numbers]
    assert all(np.array_equal(one[-1], other[0]) for one, other in pairwise(parts)), "arcs of a ring join"
    return np.concatenate([parts[0], *(part[1:] for part in parts[1:])])
