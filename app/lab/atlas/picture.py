"""The world drawn as a picture without a word on it."""

from functools import lru_cache

from PIL import Image, ImageDraw

from app.lab.atlas.flat import laid_flat, projected
from app.lab.atlas.topojson import Line
from app.lab.atlas.world import borders, land

FINE = 2  # times as large is it drawn, for smooth edges
SEA, LAND, BORDER = (168, 203, 232), (240, 231, 208), (140, 126, 100)


@lru_cache(maxsize=2)
def unlabelled(width: int = 1440) -> Image.Image:
    """Land, sea and borders, equirectangular: RGB, `width` wide and half as high. Do not change it."""
    picture = Image.new("RGB", (width * FINE, width * FINE // 2), SEA)
    draw = ImageDraw.Draw(picture)

    def fill(ring: Line, colour: tuple[int, int, int]) -> None:
        for flat in laid_flat(ring, closed=True):
            draw.polygon(_points(flat, picture.width), colour)

    for outer, *holes in land():
        fill(outer, LAND)
        for hole in holes:
            fill(hole, SEA)
    for line in borders():
        for flat in laid_flat(line, closed=False):
            draw.line(_points(flat, picture.width), BORDER, max(FINE * width // 720, 1))
    return picture.resize((width, width // 2), Image.Resampling.BOX)


def _points(line: Line, width: int) -> list[tuple[float, float]]:
    return [(x, y) for x, y in projected(line, width).tolist()]
