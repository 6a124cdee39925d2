"""The round world on a flat map: the equirectangular projection, and lines that cross its edge.

The atlas has no edge: Russia goes on beyond 180° east at 180° west, and the outline of Antarctica goes once around the
world. On a map such a line is drawn once on each side, and the map's frame cuts what stands out.

Equirectangular, as figure 6 of Goh et al. 2021: a degree is as long anywhere.
"""

import numpy as np

from app.lab.atlas.topojson import Line

WIDTH, HEIGHT = 960, 480


def projected(points: Line, width: float = WIDTH) -> Line:
    """Longitude and latitude in degrees [P, 2] as x from the left and y from the top of a map of that width."""
    return (np.array([180.0, 90.0]) + points * [1, -1]) * (width / 360)


def laid_flat(line: Line, *, closed: bool) -> list[Line]:
    """A line or ring without jumps from one edge to the other, as often as it shows between 180° west and 180° east; parts
    may lie beyond. A ring that goes around a pole is led along that pole."""
    longitude, latitude = np.unwrap(line[:, 0], period=360), line[:, 1]
    if closed and abs(longitude[-1] - longitude[0]) > 180:
        pole = np.copysign(90.0, latitude.mean())
        longitude = np.concatenate([longitude, longitude[[-1, 0, 0]]])
        latitude = np.concatenate([latitude, [pole, pole, latitude[0]]])
    west, east = longitude.min(), longitude.max()
    turns = [turn for turn in (-360, 0, 360) if west + turn < 180 and east + turn > -180]
    return [np.stack([longitude + turn, latitude], axis=1) for turn in turns]
