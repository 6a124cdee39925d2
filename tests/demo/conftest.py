"""A picture world small enough for tests: three concepts, sprites drawn here, Pillow's own font."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from app.demo.concepts import Concept, concepts
from app.demo.lettering import text_mask
from app.demo.pack import SPRITE_PX, Pack, SpriteLabel, TextLabel
from app.demo.sprites import edge_sketch

SHAPES = {"sun": (255, 200, 0), "cat": (200, 90, 30), "car": (30, 90, 200)}


def sprite(name: str, style: str) -> np.ndarray:
    """A coloured shape of its own per concept; the styles differ in size."""
    picture = Image.new("RGBA", (SPRITE_PX, SPRITE_PX))
    draw, margin = ImageDraw.Draw(picture), {"plain": 6, "small": 20, "unseen": 12}[style]
    box = (margin, margin, SPRITE_PX - margin, SPRITE_PX - margin)
    if name == "sun":
        draw.ellipse(box, fill=SHAPES[name])
    elif name == "cat":
        draw.polygon([(margin, box[3]), (SPRITE_PX // 2, margin), (box[2], box[3])], fill=SHAPES[name])
    else:
        draw.rectangle((margin, SPRITE_PX // 2, box[2], box[3]), fill=SHAPES[name])
    return np.asarray(picture)


@pytest.fixture(scope="session")
def few() -> tuple[Concept, ...]:
    """Three of the real concepts."""
    return tuple(replace(c, count=None) for c in concepts() if c.name in SHAPES)


@pytest.fixture(scope="session")
def pack(few: tuple[Concept, ...]) -> Pack:
    """Two training styles and a held-out one, one training font and a held-out one."""
    sprites, labels, texts, text_labels = [], [], [], []
    for concept in few:
        for style in ("plain", "small", "unseen"):
            colour = sprite(concept.name, style)
            for kind, rgba in (("colour", colour), ("edge", edge_sketch(colour))):
                sprites.append(rgba)
                labels.append(SpriteLabel(concept.name, concept.name, style, kind, style == "unseen"))
        for size, held_out in ((20, False), (40, True)):
            font = ImageFont.load_default(size)
            for kind, text in (("word", concept.word), ("scrambled", concept.word[::-1])):
                texts.append(text_mask(text, font))
                text_labels.append(TextLabel(text, concept.name, f"size{size}*", kind, held_out))
    for held_out in (False, True):
        texts.append(text_mask("zibo", ImageFont.load_default(20)))
        text_labels.append(TextLabel("zibo", "", "size20*", "nonsense", held_out))
    return Pack(np.stack(sprites), labels, texts, text_labels)
