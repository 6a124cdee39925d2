"""Small generated pictures, and a model folder that brings a corpus and a facet along."""

import io
import json
import tarfile
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance

from tests.tiny import tiny_hub_folder

COLOURS = ("red", "green", "blue", "orange", "purple")
KINDS = ("drawn", "painted")  # of a picture by its number
FAMILIES = {"red": "warm", "orange": "warm", "green": "cool", "blue": "cool"}  # purple is of none


def blobs(seed: int, side: int = 64) -> tuple[Image.Image, str]:
    """A picture of soft noise with a few discs of one colour, and that colour's name."""
    rng = np.random.default_rng(seed)
    colour = COLOURS[seed % len(COLOURS)]
    coarse = Image.fromarray(rng.integers(0, 256, (6, 6, 3), dtype=np.uint8))
    image = coarse.resize((side, side), Image.Resampling.BICUBIC)
    draw = ImageDraw.Draw(image)
    for _ in range(3):
        x, y, r = (int(v) for v in rng.integers(4, side - 16, 3))
        draw.ellipse((x, y, x + r // 2 + 6, y + r // 2 + 6), fill=colour)
    return image, colour


def stripes(seed: int, side: int = 64) -> Image.Image:
    """A picture of black and white stripes: a theme that blobs are not of."""
    rng = np.random.default_rng(seed)
    period, phase = rng.uniform(4, 12), rng.uniform(0, 12)
    across = np.add.outer(np.arange(side) * rng.uniform(-1, 1), np.arange(side))
    wave = 255.0 * (np.sin((across + phase) * 2 * np.pi / period) > 0)
    noisy = np.clip(wave[..., None].repeat(3, 2) + rng.normal(0, 12, (side, side, 3)), 0, 255)
    return Image.fromarray(noisy.astype(np.uint8))


def png(image: Image.Image) -> bytes:
    """The picture as PNG bytes."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def striped_files(count: int, start: int = 0) -> list[tuple[str, bytes]]:
    """Named PNG files of stripes, as an upload has them."""
    return [(f"stripes-{i}.png", png(stripes(i))) for i in range(start, start + count)]


def write_tar(path: Path, entries: list[tuple[str, bytes]]) -> None:
    """A plain tar of named bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w") as archive:
        for name, data in entries:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))


CARD = """---
license: apache-2.0
---
# The *small* model

A random network: see [its figures](#figures-and-more), [the hub](https://huggingface.co) or [the code](../code.py).

## Figures and more

| way of showing | top-1 over all | top-5 over all | per concept, from the worst to the best | images |
|---|--:|--:|:-:|---|
| discs | 0.20 | 0.90 | 0.10 to 0.30 | 120 |

## Pictures

![Stripes in a row](sheets/some%20stripes.png)

![Lost](sheets/lost.png) <b>and</b> an [open one](sheets/some%20stripes.png).

## Limits

<script>alert(1)</script>

## Licence

    make serve
"""


def write_card(path: Path) -> Path:
    """A model card with a picture beside it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(CARD, "utf-8")
    (path.parent / "sheets").mkdir(exist_ok=True)
    stripes(7, side=96).crop((0, 0, 96, 40)).save(path.parent / "sheets" / "some stripes.png")
    return path


def furnished_folder(folder: Path, pictures: int = 120, facet: int = 16, copies: int = 0) -> Path:
    """The tiny model with a corpus of blobs, a facet of stripes and a model card beside its weights.

    Args:
        copies: So many of the blobs once more at the end of the corpus, a little darker.
    """
    tiny_hub_folder(folder)
    write_card(folder / "README.md")
    entries: list[tuple[str, bytes]] = []
    for i in range(pictures + copies):
        image, colour = blobs(i % pictures)
        if i >= pictures:
            image = ImageEnhance.Brightness(image).enhance(0.97)
        record = {"caption": f"{colour} discs", "concept": colour, "family": FAMILIES.get(colour, "")}
        record["kind"] = KINDS[i % len(KINDS)]
        entries += [(f"{i:04d}.png", png(image)), (f"{i:04d}.json", json.dumps(record).encode())]
    write_tar(folder / "corpus-000000.tar", entries)
    write_tar(folder / "facets" / "stripes.tar", striped_files(facet, start=1000))
    return folder
