"""Placing sprites and masks on a 64 px canvas by affine warps."""

import math
from dataclasses import dataclass
from random import Random

import numpy as np
from PIL import Image

SIDE = 64

Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Place:
    """Where something goes: centre and size in pixels of the canvas, turn in degrees, horizontal shear, mirrored."""

    x: float
    y: float
    width: float
    height: float
    turn: float = 0.0
    shear: float = 0.0
    mirror: bool = False


def anywhere(random: Random, width: float, height: float, turn: float = 0.0, *, slack: float = 0.0) -> Place:
    """A place that keeps the thing inside the canvas; `slack` lets that share of it hang over the rim."""
    reach_x = max(SIDE / 2 - width * (0.5 - slack), 0)
    reach_y = max(SIDE / 2 - height * (0.5 - slack), 0)
    x, y = (SIDE / 2 + random.uniform(-r, r) for r in (reach_x, reach_y))
    return Place(x, y, width, height, random.uniform(-turn, turn))


def _inverse(place: Place, width: int, height: int) -> tuple[float, ...]:
    """Pillow's coefficients: canvas pixel -> source pixel."""
    angle = math.radians(place.turn)
    cos, sin = math.cos(angle), math.sin(angle)
    scale_x, scale_y = width / place.width * (-1 if place.mirror else 1), height / place.height
    a, b = scale_x * (cos - place.shear * sin), scale_x * (sin + place.shear * cos)
    d, e = -scale_y * sin, scale_y * cos
    c = width / 2 - a * place.x - b * place.y
    f = height / 2 - d * place.x - e * place.y
    return a, b, c, d, e, f


def warp(levels: list[Image.Image], place: Place) -> np.ndarray:
    """Warp the level of a mip chain (full size, halves) that suits the place; uint8 (64, 64[, bands])."""
    level = levels[0]
    for smaller in levels[1:]:
        if place.height < 0.75 * level.height:
            level = smaller
    coefficients = _inverse(place, level.width, level.height)
    return np.asarray(level.transform((SIDE, SIDE), Image.Transform.AFFINE, coefficients, Image.Resampling.BILINEAR))


def mip(picture: Image.Image, levels: int = 3) -> list[Image.Image]:
    """The picture and its halves. RGBA is premultiplied first, so that edges keep their colour."""
    chain = [picture.convert("RGBa") if picture.mode == "RGBA" else picture]
    while len(chain) < levels and min(chain[-1].size) >= 8:
        chain.append(chain[-1].reduce(2))
    return chain


def stamp(canvas: np.ndarray, layer: np.ndarray) -> None:
    """Lay a premultiplied RGBA layer over the canvas, in place."""
    keep = 255 - layer[..., 3:].astype(np.uint16)
    canvas[:] = np.minimum(layer[..., :3] + canvas * keep // 255, 255)


def ink(canvas: np.ndarray, mask: np.ndarray, colour: Colour) -> None:
    """Colour the canvas where the mask covers it, in place."""
    cover = mask[..., None].astype(np.uint16)
    canvas[:] = (canvas * (255 - cover) + cover * np.array(colour, np.uint16)) // 255


def tint(layer: np.ndarray, random: Random) -> np.ndarray:
    """A premultiplied RGBA layer with each colour made up to a quarter stronger or weaker."""
    gains = np.array([random.randint(192, 320) for _ in range(3)], np.uint32)
    coloured = layer[..., :3] * gains // 256
    return np.concatenate([np.minimum(coloured, layer[..., 3:]).astype(np.uint8), layer[..., 3:]], axis=-1)


def thicken(mask: np.ndarray) -> np.ndarray:
    """Strokes of a mask (h, w) one pixel wider."""
    wide = np.maximum(mask, np.roll(mask, 1, axis=0))
    return np.maximum(wide, np.roll(wide, 1, axis=1))


def any_colour(random: Random) -> Colour:
    """Any colour, dull and vivid ones alike."""
    return (random.randrange(256), random.randrange(256), random.randrange(256))


def luminance(colour: Colour) -> float:
    """Rec. 601 luma in 0..255."""
    return 0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2]


def contrasting(random: Random, behind: float, gap: float = 90.0) -> Colour:
    """A colour whose luma is at least `gap` away from `behind`."""
    for _ in range(12):
        colour = any_colour(random)
        if abs(luminance(colour) - behind) >= gap:
            return colour
    return (255, 255, 255) if behind < 128 else (0, 0, 0)
