"""Where in a picture a unit fires: its map laid over the picture, and the part of the picture around its strongest place."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from app.clip.clip import Clip
from app.clip.taps import activations

Map = NDArray[np.float32]
"""A unit's output before the last ReLU at each place of its layer's map, [h, w]."""

HOT, WARM, COOL = (255, 233, 120), (222, 62, 22), (70, 130, 235)
FADED = 0.45  # of the picture's own light that is left where the unit is silent
STRONGEST_TINT = 0.82  # opacity where the map reaches its scale; some of the picture always shows through
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
    """The picture with a unit's map over it: warm where the unit is active, cool where it is inhibited.

    Args:
        picture: Square, as the model sees it (`Index.image`), since the map spans exactly that.
        scale: The value of the map that is drawn at full strength; > 0.
    """
    value = (upsampled(map_, picture.width) / scale).clip(-1, 1)[..., None]
    rgb = np.asarray(picture.convert("RGB"), np.float32)
    grey = rgb.mean(2, keepdims=True)
    faded = FADED * (0.5 * rgb + 0.5 * grey)
    rise, fall = value.clip(min=0), (-value).clip(min=0)
    warm = np.array(WARM) + (np.array(HOT, np.float32) - np.array(WARM)) * (2 * rise - 1).clip(min=0)
    tint = np.where(rise > 0, warm, np.array(COOL, np.float32))
    opacity = STRONGEST_TINT * np.where(rise > 0, np.sqrt(rise), fall)
    lit = faded + (rgb - faded) * rise.clip(max=0.5) * 2  # where the unit fires, the picture keeps its colours
    return Image.fromarray((lit * (1 - opacity) + tint * opacity).clip(0, 255).astype(np.uint8))


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
