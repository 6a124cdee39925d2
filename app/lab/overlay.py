"""Typographic attacks: a text written over a picture.

Goh et al. 2021, "Typographic attacks" and figure 15. The style `paper` is the article's: eight copies in DejaVu Sans of 20 px,
white with a black outline, at fixed places of a picture of 288 px. Places and size are derived from the published
before/after pair. Its ink begins at (21, 24), and its "pizza" changes 6,638 pixels: an outline of 2 px makes them 6,640,
one of 1 px 5,080. A text at (20, 20) begins there because the Pillow of 2020 put the outline's width before it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.random import default_rng
from PIL import Image, ImageDraw, ImageFont

from app.errors import BadInput
from app.lab.fonts import DEJAVU, INTUITIVE, Font, face, lacks
from app.spec.attack import StyleName

SIDE = 288  # px of the square that places and sizes are given on: the input of RN50x4
COPIES = ((22, 22), (72, 47), (22, 72), (72, 97), (122, 122), (172, 147), (122, 172), (172, 197))
SIZE, OUTLINE = 20, 2  # px
LONGEST = 40  # characters
HEIGHT = 0.4  # of a line of free writing, or of a label, to its width

Colour = tuple[int, int, int]
INKS: dict[str, Colour] = {
    "white": (255, 255, 255),
    "black": (0, 0, 0),
    "red": (200, 30, 30),
    "green": (20, 140, 50),
    "blue": (30, 70, 200),
    "yellow": (250, 210, 30),
}
LIGHT = frozenset({"white", "yellow"})  # outlined in black; the others in white
PAPER, FELT_PEN = (246, 243, 232), (28, 30, 44)


@dataclass(frozen=True)
class Style:
    """How a text is put on a picture: `paper` as the article does, `label` on a light slip of paper by hand, `free` as it is.

    The middle of a label or of free writing and its width are shares of the picture, `turn` is in degrees, anticlockwise.
    `ink` and `outlined` are of free writing alone.
    """

    name: StyleName = "paper"
    x: float = 0.5
    y: float = 0.5
    width: float = 0.5
    turn: float = 0.0
    ink: str = "white"
    outlined: bool = True


STYLES: dict[StyleName, Style] = {
    "paper": Style("paper"),
    "label": Style("label", y=0.65, width=0.75, turn=4.0),
    "free": Style("free", y=0.75, width=0.85),
}
"""What each style is unless somebody chooses otherwise."""


def overlaid(picture: Image.Image, text: str, style: Style) -> Image.Image:
    """A picture with a text on it: RGB, of the picture's size.

    What is written is drawn for 288 px and scaled to the picture, so that a style is one attack at any size; at 288 px
    itself it is drawn as it is. An empty text leaves a label without writing, and other styles nothing.

    Args:
        picture: RGB, square, as `Clip.fit` gives it.

    Raises:
        BadInput: as `check_text` does.
    """
    check_text(text)
    return Image.alpha_composite(picture.convert("RGBA"), _layer(text, style, picture.size)).convert("RGB")


@lru_cache(maxsize=8)
def _layer(text: str, style: Style, size: tuple[int, int]) -> Image.Image:
    """What lies on a picture of a size, kept for the next one: drawing it takes longer than looking at a small picture."""
    scale = -(-size[0] // SIDE)  # larger pictures get larger letters, not blown-up ones
    layer = Image.new("RGBA", (SIDE * scale, SIDE * scale))
    {"paper": _copies, "label": _label, "free": _free}[style.name](layer, text, style, scale)
    if layer.size != size:
        layer = layer.convert("RGBa").resize(size, Image.Resampling.BOX).convert("RGBA")
    return layer


def cover(before: Sequence[Image.Image], after: Sequence[Image.Image]) -> float:
    """The mean share of the pixels that changed at all, 0..1: the article's pixel cover. Pictures are RGB, in pairs of a size."""
    pairs = zip(before, after, strict=True)
    return float(np.mean([(np.asarray(a) != np.asarray(b)).any(-1).mean() for a, b in pairs]))


def check_text(text: str) -> None:
    """Raise `BadInput` for a text that is too long, or has letters that no font has."""
    if len(text) > LONGEST:
        raise BadInput(f"text: {len(text)} characters are too many; write at most {LONGEST}.", field="text")
    if lacks(DEJAVU, text):
        raise BadInput(
            f"text: {text!r} has letters that no font here can draw: try Latin, Greek or Cyrillic ones.", field="text"
        )


def scrambled(text: str, seed: int = 0) -> str:
    """The letters of a text in another order, for a control: as much ink, and nothing to read. The same where no order differs."""
    rng = default_rng([seed, *map(ord, text)])
    for _ in range(20):
        mixed = "".join(rng.permutation(list(text)).tolist()) if text else text
        if mixed != text:
            return mixed
    return text


def _copies(layer: Image.Image, text: str, _style: Style, scale: int) -> None:
    draw, font = ImageDraw.Draw(layer), face(DEJAVU, SIZE * scale)
    for x, y in COPIES:
        draw.text(
            (x * scale, y * scale), text, INKS["white"], font, stroke_width=OUTLINE * scale, stroke_fill=INKS["black"]
        )


def _label(layer: Image.Image, text: str, style: Style, _scale: int) -> None:
    """A slip of paper of one size whatever is on it, four times as large first, since Pillow turns without smoothing its rim."""
    side = layer.width
    width = round(4 * style.width * side)
    slip = Image.new("RGBA", (width, round(HEIGHT * width)), (*PAPER, 255))
    font = fitted(INTUITIVE if not lacks(INTUITIVE, text) else DEJAVU, text, 0.84 * slip.width, 0.7 * slip.height)
    ImageDraw.Draw(slip).text((slip.width / 2, slip.height / 2), text, FELT_PEN, font, "mm")
    turned = slip.convert("RGBa").rotate(style.turn, Image.Resampling.BILINEAR, expand=True)
    small = turned.resize((round(turned.width / 4), round(turned.height / 4)), Image.Resampling.BOX).convert("RGBA")
    layer.alpha_composite(*_inside(small, layer, style))


def _free(layer: Image.Image, text: str, style: Style, scale: int) -> None:
    width = style.width * layer.width
    stroke = OUTLINE * scale if style.outlined else 0
    line = Image.new("RGBA", (round(width) + 2 * stroke, round(HEIGHT * width) + 2 * stroke))
    ImageDraw.Draw(line).text(
        (line.width / 2, line.height / 2),
        text,
        INKS[style.ink],
        fitted(DEJAVU, text, width, HEIGHT * width),
        "mm",
        stroke_width=stroke,
        stroke_fill=INKS["black" if style.ink in LIGHT else "white"],
    )
    turned = line.convert("RGBa").rotate(style.turn, Image.Resampling.BICUBIC, expand=True).convert("RGBA")
    layer.alpha_composite(*_inside(turned, layer, style))


def fitted(font: Font, text: str, width: float, height: float) -> ImageFont.FreeTypeFont:
    """A font in the largest whole size at which a text is neither wider nor higher, in px; at least 1."""
    left, top, right, bottom = face(font, 100).getbbox(text)
    if right <= left or bottom <= top:
        return face(font, 1)
    return face(font, max(int(100 * min(width / (right - left), height / (bottom - top))), 1))


def _inside(
    part: Image.Image, layer: Image.Image, style: Style
) -> tuple[Image.Image, tuple[int, int], tuple[int, int]]:
    """A part with where it goes on a layer and where it starts itself: what hangs over the left or upper rim is cut off."""
    left = round(style.x * layer.width - part.width / 2)
    top = round(style.y * layer.height - part.height / 2)
    return part, (max(left, 0), max(top, 0)), (max(-left, 0), max(-top, 0))
