"""A part of a picture as a picture of its own: the square around a box, cut out so that nothing in the box is lost."""

from dataclasses import dataclass

from PIL import Image, ImageStat

Box = tuple[float, float, float, float]
"""x0, y0, x1, y1 as fractions of the picture shown, origin top left."""


@dataclass(frozen=True)
class Cut:
    """What the model is shown of a part: `picture` is square, `square` where it lies on the whole. Where that reaches
    beyond 0..1 the picture has ended, and `fill` (#rrggbb), the mean colour of the rest, takes its place."""

    picture: Image.Image
    square: Box
    fill: str | None


def cut(picture: Image.Image, box: Box) -> Cut:
    """Cut the part out that a box, 0..1 with x0 < x1 and y0 < y1, is drawn around.

    A model sees squares. So the box is widened to one around its middle, moved to lie inside the picture; where the
    picture is too narrow for that, the part reaches beyond its edges.
    """
    width, height = picture.size
    x0, x1 = _pixels(box[0], box[2], width)
    y0, y1 = _pixels(box[1], box[3], height)
    side = max(x1 - x0, y1 - y0)
    left, top = _start(x0, x1, side, width), _start(y0, y1, side, height)
    inside = max(left, 0), max(top, 0), min(left + side, width), min(top + side, height)
    part, fill = picture.crop(inside), None
    if part.size != (side, side):
        colour = tuple(round(mean) for mean in ImageStat.Stat(part).mean)
        whole = Image.new("RGB", (side, side), colour)
        whole.paste(part, (inside[0] - left, inside[1] - top))
        part, fill = whole, "#{:02x}{:02x}{:02x}".format(*colour)
    return Cut(part, (left / width, top / height, (left + side) / width, (top + side) / height), fill)


def _pixels(low: float, high: float, length: int) -> tuple[int, int]:
    """The pixels from `low` to `high`, at least one."""
    first = min(round(low * length), length - 1)
    return first, max(round(high * length), first + 1)


def _start(low: int, high: int, side: int, length: int) -> int:
    """Where a span of `side` around that from `low` to `high` starts: inside 0..`length` where it fits, else around it."""
    middle = (low + high - side) // 2
    return min(max(middle, 0), length - side) if side <= length else (length - side) // 2
