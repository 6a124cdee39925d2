"""The two contact sheets of the model card: renders beside the pictures that drive their units, and units x facets."""

from collections.abc import Sequence
from pathlib import Path

import torch
from PIL import Image, ImageDraw, ImageFont

from app import images
from app.clip.clip import Clip
from app.corpus.look import measure
from app.corpus.sources import Item, open_source
from app.demo.steering import MAX_BYTES, MAX_PIXELS, Theme, draw

SIDE, GAP, LINE = 96, 6, 22
STRONGEST = 6
CHUNK = 128

Named = Sequence[tuple[int, str]]
"""Units with what they are for."""

Row = tuple[str, list[Image.Image]]


def renders(clip: Clip, release: Path, units: Named) -> Image.Image:
    """Each unit's render without a facet, then its strongest pictures of the corpus; two units side by side."""
    numbers = [unit for unit, _ in units]
    drawn = draw(clip, numbers)
    seen = _strongest(clip, list(open_source(str(release / "corpus-*.tar"))), numbers)
    rows = [(f"{name} · {unit}", [drawn[i], *seen[i]]) for i, (unit, name) in enumerate(units)]
    half = (len(rows) + 1) // 2
    left, right = _table(rows[:half], []), _table(rows[half:], [])
    sheet = Image.new("RGB", (left.width + right.width + 4 * GAP, max(left.height, right.height)), "white")
    sheet.paste(left, (0, 0))
    sheet.paste(right, (left.width + 4 * GAP, 0))
    return sheet


def facets(clip: Clip, units: Named, among: Sequence[Theme]) -> Image.Image:
    """A row per unit: its render without a facet, then one with each."""
    numbers = [unit for unit, _ in units]
    columns = [draw(clip, numbers), *(draw(clip, numbers, theme.steers) for theme in among)]
    rows = [(f"{name} · {unit}", [column[i] for column in columns]) for i, (unit, name) in enumerate(units)]
    return _table(rows, ["no facet", *(theme.name for theme in among)])


@torch.no_grad()
def _strongest(clip: Clip, items: Sequence[Item], units: Sequence[int]) -> list[list[Image.Image]]:
    found = []
    for start in range(0, len(items), CHUNK):
        rgb = clip.prepare([_decoded(item) for item in items[start : start + CHUNK]])
        found.append(measure(clip, rgb, [clip.default_layer])[clip.default_layer][0][:, list(units)])
    order = torch.cat(found).argsort(dim=0, descending=True, stable=True)[:STRONGEST]  # (strongest, units)
    return [[_decoded(items[int(i)]) for i in column] for column in order.T]


def _decoded(item: Item) -> Image.Image:
    return images.decode(item.read(), max_bytes=MAX_BYTES, max_pixels=MAX_PIXELS)


def _table(rows: Sequence[Row], titles: Sequence[str]) -> Image.Image:
    """Rows of square pictures, each row under its name, each column under its title where there are titles."""
    step, top = SIDE + GAP, LINE if titles else 0
    columns = max(len(pictures) for _, pictures in rows)
    sheet = Image.new("RGB", (columns * step, top + len(rows) * (step + LINE)), "white")
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(14)
    for column, title in enumerate(titles):
        pen.text((column * step, 2), title, fill="black", font=font)
    for number, (name, pictures) in enumerate(rows):
        y = top + number * (step + LINE)
        pen.text((0, y + 2), name, fill="black", font=font)
        for column, picture in enumerate(pictures):
            sheet.paste(
                picture.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BICUBIC), (column * step, y + LINE)
            )
    return sheet
