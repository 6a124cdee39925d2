"""What written words do to units: each word is drawn as pictures."""

from collections.abc import Sequence

from PIL import Image, ImageDraw
from pydantic import BaseModel, ConfigDict

from app.lab.fonts import AILERON, Font, face

SIDE = 256  # px; the model's preprocessing makes of it what it needs

Colour = tuple[int, int, int]
"""Red, green and blue, 0 to 255."""


class Layout(BaseModel):
    """A way of drawing a word: its width and the middle of it as shares of the picture, ink and paper as greys, 0 to 255.

    A word that would be higher than half the picture is drawn that high.
    """

    model_config = ConfigDict(frozen=True)

    width: float
    x: float
    y: float
    ink: int
    paper: int

    @property
    def said(self) -> str:
        """The layout in words."""
        ink, paper = (_grey(grey) for grey in (self.ink, self.paper))
        across = _third(self.x, ("left", "", "right"))
        down = _third(self.y, ("top", "", "bottom"))
        place = " ".join(each for each in (down, across) if each) or "centre"
        return f"{self.width:.0%} wide, {place}, {ink} on {paper}"


LAYOUTS = (
    Layout(width=0.9, x=0.5, y=0.5, ink=0, paper=255),
    Layout(width=0.6, x=0.36, y=0.3, ink=0, paper=255),
    Layout(width=0.6, x=0.64, y=0.7, ink=0, paper=255),
    Layout(width=0.75, x=0.5, y=0.5, ink=255, paper=0),
)


def drawings(word: str, layouts: Sequence[Layout] = LAYOUTS, font: Font = AILERON) -> list[Image.Image]:
    """A word as pictures, one for each layout: RGB, 256 px square."""
    return [_drawing(word, layout, font) for layout in layouts]


def sheet(word: str, fonts: Sequence[Font], layouts: Sequence[Layout], side: int = 96) -> Image.Image:
    """A word drawn in all ways as one picture: a row for each font, a column for each layout, `side` px each."""
    whole = Image.new("RGB", (len(layouts) * (side + 1) - 1, len(fonts) * (side + 1) - 1), (128,) * 3)
    for row, font in enumerate(fonts):
        for column, picture in enumerate(drawings(word, layouts, font)):
            whole.paste(picture.resize((side, side), Image.Resampling.LANCZOS), (column * (side + 1), row * (side + 1)))
    return whole


def _drawing(word: str, layout: Layout, font: Font) -> Image.Image:
    ink, paper = layout.ink, layout.paper
    place = {"width": layout.width, "x": layout.x, "y": layout.y}
    return written(word, font, **place, ink=(ink, ink, ink), paper=(paper, paper, paper))


def written(word: str, font: Font, *, width: float, x: float, y: float, ink: Colour, paper: Colour) -> Image.Image:
    """A word in an ink on paper of any colour, else as a `Layout` says."""
    picture = Image.new("RGB", (SIDE, SIDE), paper)
    left, top, right, bottom = face(font, 100).getbbox(word)
    fitting = min(width / (right - left), 0.5 / (bottom - top)) if right > left and bottom > top else 0.001
    size = max(int(100 * SIDE * fitting), 1)
    ImageDraw.Draw(picture).text((x * SIDE, y * SIDE), word, ink, face(font, size), "mm")
    return picture


def _third(share: float, names: tuple[str, str, str]) -> str:
    return names[0] if share < 0.45 else names[2] if share > 0.55 else names[1]


def _grey(grey: int) -> str:
    return {0: "black", 255: "white"}.get(grey, f"grey {grey}")
