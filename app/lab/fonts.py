"""The fonts that words are drawn in: from packages or beside this file, so that every machine draws the same."""

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont
from pydantic import BaseModel

_UNASSIGNED = "\uffff"  # no font has it: what is drawn for it stands for every letter that a font lacks


class Font(BaseModel, frozen=True):
    """A font by its name; `package` has the file under `files`, empty for the font that comes with Pillow."""

    name: str
    package: str = ""
    file: str = ""


AILERON = Font(name="Aileron Regular")

FONTS = (
    Font(name="Source Sans Pro Regular", package="font_source_sans_pro", file="SourceSansPro-Regular.ttf"),
    Font(name="Source Serif Pro Semibold", package="font_source_serif_pro", file="SourceSerifPro-Semibold.ttf"),
    Font(name="Manrope Bold", package="font_manrope", file="Manrope-Bold.ttf"),
)
"""A plain, a serif and a geometric face of different weights; all have Latin, Greek and Cyrillic letters."""

DEJAVU = Font(name="DejaVu Sans", package="app.lab", file="DejaVuSans.ttf")
"""The face of the paper's attacks: its published share of changed pixels is met to the pixel. Many scripts."""

INTUITIVE = Font(name="Intuitive", package="font_intuitive", file="Intuitive.ttf")
"""A hand with a felt pen; Latin letters only."""


@lru_cache(maxsize=256)
def face(font: Font, size: int) -> ImageFont.FreeTypeFont:
    """A font at a size in px."""
    if font.package:
        return ImageFont.truetype(_path(font), size)
    found = ImageFont.load_default(size)
    assert isinstance(found, ImageFont.FreeTypeFont)
    return found


def lacks(font: Font, text: str) -> bool:
    """Whether a font lacks a letter of a text, which it would draw as an empty box; spaces need none."""
    return not all(each.isspace() or _has(font, each) for each in text)


@lru_cache(maxsize=16384)
def _has(font: Font, letter: str) -> bool:
    return _drawn(font, letter) != _drawn(font, _UNASSIGNED)


def _drawn(font: Font, letter: str) -> bytes:
    picture = Image.new("L", (80, 80))
    ImageDraw.Draw(picture).text((40, 40), letter, 255, face(font, 40), "mm")
    return picture.tobytes()


def _path(font: Font) -> Path:
    """Where the file is; the package is not run."""
    found = find_spec(font.package)
    assert found and found.submodule_search_locations, f"{font.package} is a dependency"
    return Path(found.submodule_search_locations[0], "files", font.file)
