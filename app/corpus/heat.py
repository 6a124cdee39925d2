"""Where in a picture a unit fires: its map laid over the picture, and the part of the picture around its strongest place."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from app.clip.clip import Clip
from app.clip.taps import activations

Map = NDArray[np.float32]
"""A unit's output before the last ReLU at each place of its layer's map, [h, w]."""

WARM, HOT, COOL = (214, 40, 20), (255, 236, 120), (40, 110, 255)
DIMMED = 0.8  # of its light that the picture keeps; its colours would pass for the map's
WARMEST, COOLEST = 0.85, 0.4  # opacity at full strength; some of the picture always shows through
CROPPED = 0.5  # of the picture's side that a crop shows


def unit_maps(clip: Clip, pictures: Sequence[Image.Image], layer: str, unit: int) -> list[Map]:
    """The unit's map on each picture, before the last ReLU. On the device thread.

    Raises:
        NotFound: the model has no such layer or unit.
    """
    clip.unit(layer, unit)
    maps = activations(clip, clip.prepare(pictures), [layer])[layer][:, unit]
    return list(maps.float().cpu().numpy())


def upsampled(map_: Map, side: int) -> Map:
    """A map [h, w] over a picture of `side` px, bilinear: each cell's value lies at the middle of the cell."""
    return np.asarray(Image.fromarray(map_, "F").resize((side, side), Image.Resampling.BILINEAR))


def heat_map(picture: Image.Image, map_: Map, scale: float) -> Image.Image:
    """The picture in grey with a unit's map over it: warm where the unit is active, cool where it is inhibited.

    Args:
        picture: Square, as the model sees it (`Index.image`), since the map spans exactly that.
        scale: The value of the map that is drawn at full strength; > 0.
    """
    value = (upsampled(map_, picture.width) / scale).clip(-1, 1)[..., None]
    grey = DIMMED * np.asarray(picture.convert("L"), np.float32)[..., None]
    warm, hot, cool = (np.array(colour, np.float32) for colour in (WARM, HOT, COOL))
    tint = np.where(value > 0, warm + (hot - warm) * (2 * value - 1).clip(0, 1), cool)
    opacity = np.where(value > 0, WARMEST * np.sqrt(value.clip(min=0)), -COOLEST * value)
    return Image.fromarray((grey * (1 - opacity) + tint * opacity).astype(np.uint8))


def around(picture: Image.Image, map_size: tuple[int, int], place: int) -> Image.Image:
    """Half the side of a square picture around a place of the map: its middle is the middle of the place's cell, as far as
    the picture's edges let it be.

    Args:
        map_size: (height, width) of the map.
        place: The flat index into it.
    """
    side = picture.width
    shown = max(round(CROPPED * side), 1)
    row, column = divmod(place, map_size[1])
    left, top = (
        min(max(round((at + 0.5) / cells * side - shown / 2), 0), side - shown)
        for at, cells in ((column, map_size[1]), (row, map_size[0]))
    )
    return picture.crop((left, top, left + shown, top + shown))
