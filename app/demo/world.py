"""The picture world: a deterministic generator of labelled, captioned 64 px pictures.

Picture `index` of stream `stream` depends on (seed, stream, index, progress) alone, never on what was drawn before it.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from types import MappingProxyType

import numpy as np
from PIL import Image

from app.demo import captions
from app.demo.concepts import Concept
from app.demo.pack import Pack, SpriteLabel, TextLabel
from app.demo.paint import (
    SIDE,
    Place,
    any_colour,
    anywhere,
    contrasting,
    ink,
    luminance,
    mip,
    stamp,
    thicken,
    tint,
    warp,
)
from app.demo.scenery import SCENES, Scenery

LETTER_PX = 5.5  # a written word is at least this wide per letter, or as wide as the picture: below, nobody can read it
KINDS = ("colour", "sketch", "word", "several", "many", "scene", "labelled", "background")
TRAIN_MIX: Mapping[str, float] = MappingProxyType(
    {"word": 0.44, "colour": 0.18, "sketch": 0.13, "several": 0.04, "scene": 0.04, "labelled": 0.17}
)


@dataclass(frozen=True)
class Picture:
    """A picture uint8 (64, 64, 3), its caption, and what is true of it; `word` is what is written on it."""

    image: np.ndarray
    caption: str
    concept: str
    style: str
    word: str
    kind: str


@dataclass(frozen=True)
class _Sprite:
    levels: list[Image.Image]
    label: SpriteLabel


@dataclass(frozen=True)
class _Text:
    levels: list[Image.Image]
    label: TextLabel


class World:
    """Draws pictures from a pack. `held_out` draws from the styles and fonts that training never sees."""

    def __init__(self, pack: Pack, concepts: tuple[Concept, ...], *, held_out: bool = False) -> None:
        self.concepts = concepts
        self._scenery = Scenery()
        self._sprites: dict[tuple[str, str], dict[str, list[_Sprite]]] = defaultdict(lambda: defaultdict(list))
        self._texts: dict[tuple[str, str], list[_Text]] = defaultdict(list)
        names = {concept.name for concept in concepts} | {""}
        for rgba, label in zip(pack.sprites, pack.sprite_labels, strict=True):
            if label.held_out == held_out and label.concept in names:
                self._add_sprite(_Sprite(mip(Image.fromarray(rgba)), label))
        for mask, text in zip(pack.texts, pack.text_labels, strict=True):
            if text.held_out == held_out and text.concept in names:
                self._texts[text.kind, text.concept].append(_Text(mip(Image.fromarray(mask)), text))
        self._drawable = [c for c in concepts if (c.name, "colour") in self._sprites]
        self._sketchable = [c for c in concepts if (c.name, "sketch") in self._sprites]

    def _add_sprite(self, sprite: _Sprite) -> None:
        kind = "colour" if sprite.label.kind in ("colour", "flag") else "sketch"
        self._sprites[sprite.label.concept, kind][f"{sprite.label.style}/{sprite.label.kind}"].append(sprite)

    def drawable(self, kind: str) -> list[Concept]:
        """The concepts that can be shown as a colour picture, a sketch or a word."""
        return {"colour": self._drawable, "sketch": self._sketchable}.get(kind, list(self.concepts))

    def picture(
        self,
        seed: int,
        stream: str,
        index: int,
        *,
        kind: str | None = None,
        concept: Concept | None = None,
        progress: float = 1.0,
        mix: Mapping[str, float] = TRAIN_MIX,
    ) -> Picture:
        """Draw one picture; `kind` and `concept` are drawn from `mix` and evenly when not given.

        `progress` in 0..1 is how hard words are: from large, plain and upright to anything.
        """
        random = Random(f"{seed}/{stream}/{index}")
        if kind is None:
            kind = random.choices(list(mix), list(mix.values()))[0]
        if concept is None:
            concept = random.choice(self.drawable("sketch" if kind == "sketch" else _SHOWN.get(kind, "colour")))
        return getattr(self, f"_draw_{kind}")(concept, random, progress)

    def labelled(self, seed: int, index: int, shown: Concept, plate: str, written: Concept | None = None) -> Picture:
        """A picture of `shown` with a plate over at most 15% of it, for the typographic attack and its controls.

        `plate` is none, blank, word or scrambled; the last two are about `written`. The same seed and index put the
        same plate on the same picture whatever it says.
        """
        random = Random(f"{seed}/attack/{index}")
        image, sprite = self._object(shown, "colour", random, self._scenery.background(random))
        if plate != "none":
            self._plate(image, Random(f"{seed}/plate/{index}"), plate, written, share=0.15)
        return Picture(image, shown.word, shown.name, sprite.style, written.word if written else "", "labelled")

    def _pick(self, concept: Concept, kind: str, random: Random) -> _Sprite:
        styles = self._sprites[concept.name, kind]
        return random.choice(styles[random.choice(list(styles))])

    def _object(
        self, concept: Concept, kind: str, random: Random, canvas: np.ndarray, size: tuple[float, float] = (36, 66)
    ) -> tuple[np.ndarray, SpriteLabel]:
        sprite = self._pick(concept, kind, random)
        side = random.uniform(*size)
        place = anywhere(random, side, side * random.uniform(0.88, 1.14), 22, slack=0.06)
        mirror = random.random() < 0.5 and concept.count is None and sprite.label.kind != "flag"
        place = Place(place.x, place.y, place.width, place.height, place.turn, random.uniform(-0.12, 0.12), mirror)
        if kind == "colour":
            layer = warp(sprite.levels, place)
            tinted = not concept.shapes and random.random() < 0.5
            stamp(canvas, tint(layer, random) if tinted else layer)
        else:
            mask = warp(sprite.levels, place)[..., 3]
            self._draw_ink(canvas, thicken(mask) if random.random() < 0.25 else mask, concept, random)
        return canvas, sprite.label

    def _draw_ink(self, canvas: np.ndarray, mask: np.ndarray, concept: Concept, random: Random) -> None:
        behind = float(canvas.mean())
        colour = contrasting(random, behind, 110)
        if random.random() < 0.5:
            colour = (20, 20, 20) if behind > 128 else (240, 240, 240)
        if concept.shapes:
            colour = _hex(concept.shapes)
        ink(canvas, mask, colour)

    def _draw_colour(self, concept: Concept, random: Random, _: float) -> Picture:
        image, sprite = self._object(concept, "colour", random, self._scenery.background(random))
        self._occlude(image, random)
        return Picture(image, captions.picture(concept, random), concept.name, sprite.style, "", "colour")

    def _draw_sketch(self, concept: Concept, random: Random, _: float) -> Picture:
        canvas = self._scenery.background(random, calm=random.random() < 0.7)
        image, sprite = self._object(concept, "sketch", random, canvas)
        self._occlude(image, random)
        style = f"{sprite.style} {sprite.kind}"
        return Picture(image, captions.sketch(concept, random), concept.name, style, "", "sketch")

    def _draw_several(self, concept: Concept, random: Random, _: float) -> Picture:
        canvas = self._scenery.background(random)
        counter = random.choice([c for c in self.concepts if c.count] or [None]) if random.random() < 0.35 else None
        count = counter.count if counter and counter.count else random.randint(2, 9)
        return self._copies(concept, count, counter, canvas, random)

    def _draw_many(self, concept: Concept, random: Random, _: float) -> Picture:
        return self._copies(concept, random.randint(5, 9), None, self._scenery.background(random), random)

    def _copies(
        self, concept: Concept, count: int, counter: Concept | None, canvas: np.ndarray, random: Random
    ) -> Picture:
        sprite = self._pick(concept, "colour", random)
        side = random.uniform(16, 21) if count > 4 else random.uniform(20, 28)
        for x, y in _spread(count, random):
            stamp(canvas, warp(sprite.levels, Place(x, y, side, side, random.uniform(-20, 20))))
        if counter and random.random() < 0.6:
            return Picture(canvas, counter.word, counter.name, sprite.label.style, "", "several")
        caption = captions.several(concept, count, random)
        return Picture(canvas, caption, concept.name, sprite.label.style, "", "several")

    def _draw_scene(self, concept: Concept, random: Random, _: float) -> Picture:
        scene = random.choice(SCENES)
        canvas = self._scenery.named(scene, random)
        image, sprite = self._object(concept, "colour", random, canvas, (18, 34))
        return Picture(image, captions.in_scene(concept, scene, random), concept.name, sprite.style, "", "scene")

    def _draw_background(self, concept: Concept, random: Random, _: float) -> Picture:
        scene = random.choice(SCENES)
        return Picture(self._scenery.named(scene, random), f"a {scene} scene", "", "scene", "", "background")

    def _draw_word(self, concept: Concept, random: Random, difficulty: float) -> Picture:
        text = self._reading(concept, random, difficulty)
        canvas = self._scenery.background(random, calm=random.random() > difficulty * 0.75)
        turn = 2 + 13 * difficulty
        low = max(52 - 18 * difficulty, min(LETTER_PX * len(text.label.text), 60))
        place = self._text_place(text, random, random.uniform(low, 62), turn, wander=0.3 + 0.7 * difficulty)
        if random.random() < 0.3 * difficulty:
            backing = any_colour(random)
            _plate_under(canvas, place, backing)
            behind = luminance(backing)
        else:
            behind = float(canvas.mean())
        mask = warp(text.levels, place)
        bold = random.random() < 0.15 and place.width > 1.4 * LETTER_PX * len(text.label.text)
        ink(canvas, thicken(mask) if bold else mask, contrasting(random, behind, 120 - 45 * difficulty))
        self._occlude(canvas, random, 0.06 * difficulty)
        word = text.label.text
        return Picture(canvas, captions.writing(concept, word, random), concept.name, text.label.font, word, "word")

    def _reading(self, concept: Concept, random: Random, difficulty: float) -> _Text:
        texts = self._texts["word", concept.name]
        for _ in range(7):
            text = random.choice(texts)
            easy = text.label.font.endswith("*") and text.label.text == concept.word
            if easy or random.random() < difficulty:
                return text
        return random.choice(texts)

    @staticmethod
    def _text_place(text: _Text, random: Random, width: float, turn: float, wander: float) -> Place:
        full = text.levels[0]
        height = min(width * full.height / full.width * random.uniform(0.9, 1.3), 34)
        width = min(width, height * full.width / full.height * 1.3)
        place = anywhere(random, width, height, turn)
        x, y = (SIDE / 2 + wander * (v - SIDE / 2) for v in (place.x, place.y))
        return Place(x, y, width, height, place.turn, random.uniform(-0.15, 0.15))

    def _draw_labelled(self, concept: Concept, random: Random, progress: float) -> Picture:
        image, sprite = self._object(concept, "colour", random, self._scenery.background(random))
        plate = random.choices(("own", "blank", "scrambled", "nonsense", "word"), (0.08, 0.14, 0.12, 0.08, 0.58))[0]
        other = concept if plate == "own" else random.choice(self.concepts)
        written = self._plate(image, random, "word" if plate == "own" else plate, other, random.uniform(0.08, 0.25))
        caption = captions.picture(concept, random)
        if plate == "word":
            caption = captions.labelled(concept, other, written, random)
        return Picture(image, caption, concept.name, sprite.style, written, "labelled")

    def _plate(self, image: np.ndarray, random: Random, kind: str, written: Concept | None, share: float) -> str:
        width = random.uniform(48, 60)
        height = share * SIDE * SIDE / width
        place = anywhere(random, width, height, 8)
        backing = any_colour(random) if random.random() < 0.4 else (245, 245, 240)
        _plate_under(image, place, backing, margin=1.0)
        colour = contrasting(random, luminance(backing), 120)
        if kind == "blank":
            return ""
        key = ("nonsense", "") if kind == "nonsense" else (kind, written.name if written else "")
        text = random.choice(self._texts[key])
        natural = text.levels[0].width / text.levels[0].height * 0.72 * height
        inner = Place(place.x, place.y, min(0.9 * width, 2 * natural), 0.72 * height, place.turn)
        ink(image, warp(text.levels, inner), colour)
        return text.label.text

    @staticmethod
    def _occlude(image: np.ndarray, random: Random, chance: float = 0.1) -> None:
        if random.random() < chance:
            width, height = random.randint(6, 26), random.randint(6, 26)
            row, column = random.randrange(SIDE - height), random.randrange(SIDE - width)
            image[row : row + height, column : column + width] = any_colour(random)


_SHOWN = {"word": "word", "background": "word"}
_ROWS, _COLUMNS = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32)


def _plate_under(image: np.ndarray, place: Place, colour: tuple[int, int, int], margin: float = 1.25) -> None:
    """Fill the place's turned rectangle, `margin` times its size."""
    angle = np.deg2rad(place.turn)
    x, y = _COLUMNS + 0.5 - place.x, _ROWS + 0.5 - place.y
    across = np.abs(x * np.cos(angle) + y * np.sin(angle)) <= margin * place.width / 2
    up = np.abs(y * np.cos(angle) - x * np.sin(angle)) <= margin * place.height / 2
    image[across & up] = colour


def _spread(count: int, random: Random) -> list[tuple[float, float]]:
    """Centres of `count` different cells of a 2x2 or 3x3 grid, jittered."""
    cells = 2 if count <= 4 and random.random() < 0.5 else 3
    step = SIDE / cells
    picked = random.sample(range(cells * cells), count)
    return [
        ((cell % cells + 0.5) * step + random.uniform(-2, 2), (cell // cells + 0.5) * step + random.uniform(-2, 2))
        for cell in picked
    ]


def _hex(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
