"""Build time only: words, scrambled words and nonsense in many fonts, as 32 px high coverage masks."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from app.demo.concepts import Concept
from app.demo.pack import TEXT_PX, TextLabel


@dataclass(frozen=True)
class Face:
    """A font file under the system's font folder. `plain` faces are what a reader learns from first."""

    path: str
    plain: bool = False
    held_out: bool = False

    @property
    def name(self) -> str:
        return Path(self.path).stem


# Debian packages, see release/SOURCES.md. Two whole families are never trained on.
FACES = (
    Face("truetype/dejavu/DejaVuSans.ttf", plain=True),
    Face("truetype/dejavu/DejaVuSans-Bold.ttf", plain=True),
    Face("truetype/dejavu/DejaVuSerif.ttf"),
    Face("truetype/dejavu/DejaVuSerif-Bold.ttf"),
    Face("truetype/dejavu/DejaVuSansMono.ttf"),
    Face("truetype/liberation2/LiberationSans-Regular.ttf", plain=True),
    Face("truetype/liberation2/LiberationSans-Bold.ttf", plain=True),
    Face("truetype/liberation2/LiberationSerif-Regular.ttf"),
    Face("truetype/liberation2/LiberationSerif-Bold.ttf"),
    Face("truetype/liberation2/LiberationMono-Bold.ttf"),
    Face("truetype/lato/Lato-Regular.ttf", plain=True),
    Face("truetype/lato/Lato-Black.ttf", plain=True),
    Face("truetype/roboto/unhinted/RobotoTTF/Roboto-Regular.ttf", plain=True),
    Face("truetype/roboto/unhinted/RobotoTTF/Roboto-Black.ttf", plain=True),
    Face("truetype/roboto/unhinted/RobotoCondensed-Bold.ttf"),
    Face("opentype/comic-neue/ComicNeue-Regular.otf"),
    Face("opentype/comic-neue/ComicNeue-Bold.otf"),
    Face("opentype/cantarell/Cantarell-Bold.otf"),
    Face("truetype/inconsolata/Inconsolata.otf"),
    Face("truetype/quicksand/Quicksand-Bold.ttf"),
    Face("opentype/dosis/Dosis-SemiBold.otf"),
    Face("opentype/lobstertwo/LobsterTwo-Bold.otf"),
    Face("truetype/open-sans/OpenSans-Regular.ttf", held_out=True),
    Face("truetype/open-sans/OpenSans-Bold.ttf", held_out=True),
    Face("opentype/ebgaramond/EBGaramond12-Regular.otf", held_out=True),
    Face("opentype/ebgaramond/EBGaramond12-Bold.otf", held_out=True),
)


def text_mask(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> np.ndarray:
    """Coverage of a text cropped to its ink and scaled to uint8 (32, w), w at most 8 times the height."""
    left, top, right, bottom = (int(v) for v in font.getbbox(text))
    canvas = Image.new("L", (right - left + 4, bottom - top + 4))
    ImageDraw.Draw(canvas).text((2 - left, 2 - top), text, fill=255, font=font)
    ink = canvas.crop(canvas.getbbox())
    width = min(max(round(ink.width * TEXT_PX / ink.height), 4), 8 * TEXT_PX)
    return np.asarray(ink.resize((width, TEXT_PX), Image.Resampling.LANCZOS))


def scramble(word: str, random: Random) -> str:
    """The word's letters in another order; letters of no word at all where every order reads the same."""
    for _ in range(20):
        mixed = "".join(random.sample(word, len(word)))
        if mixed != word:
            return mixed
    return "".join(random.sample("bcdfghjklmnpqrstvwxz", max(len(word), 3)))


def nonsense(count: int, random: Random) -> list[str]:
    """Pronounceable strings of three to eight letters."""
    syllables = [c + v for c in "bdfgklmnprstvz" for v in "aeiou"]
    return ["".join(random.choices(syllables, k=random.randint(2, 4))) for _ in range(count)]


def letterings(
    fonts: Path, concepts: Sequence[Concept], faces: Sequence[Face] = FACES, nonsense_words: int = 150, seed: int = 0
) -> Iterator[tuple[np.ndarray, TextLabel]]:
    """Every word in every face, in lower or upper case or with a capital, plus scrambled words and nonsense.

    Raises OSError when a font is missing.
    """
    random = Random(seed)
    extra = nonsense(nonsense_words, random)
    for face in faces:
        font = ImageFont.truetype(str(fonts / face.path), 48)
        style = f"{face.name}{'*' if face.plain else ''}"
        for concept in concepts:
            for word in concept.words:
                for case in (str.lower, str.upper, str.title):
                    yield text_mask(case(word), font), TextLabel(word, concept.name, style, "word", face.held_out)
            mixed = random.choice((str.lower, str.upper))(scramble(concept.word, random))
            yield text_mask(mixed, font), TextLabel(mixed, concept.name, style, "scrambled", face.held_out)
        for word in extra:
            text = random.choice((str.lower, str.upper))(word)
            yield text_mask(text, font), TextLabel(text, "", style, "nonsense", face.held_out)
