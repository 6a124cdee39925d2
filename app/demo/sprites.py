"""Build time only: icon sets (npm packages of SVG bodies) -> 96 px RGBA sprites with their labels.

Only sets under Apache-2.0, MIT or ISC train the model; the two held-out styles (CC BY, CC BY-SA) are for evaluation
and nothing drawn from them is shipped.
"""

import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from app.demo.concepts import Concept
from app.demo.pack import SPRITE_PX, SpriteLabel
from app.errors import NotReady


@dataclass(frozen=True)
class IconSet:
    """An icon set and what its pictures are to the world."""

    package: str
    kind: str
    held_out: bool = False


ICON_SETS = (
    IconSet("noto", "colour"),
    IconSet("noto-v1", "colour"),
    IconSet("fluent-emoji-flat", "colour"),
    IconSet("fxemoji", "colour"),
    IconSet("twemoji", "colour", held_out=True),
    IconSet("openmoji", "colour", held_out=True),
    IconSet("fluent-emoji-high-contrast", "line"),
    IconSet("tabler", "line"),
    IconSet("mdi", "line"),
    IconSet("lucide", "line"),
    IconSet("ph", "line"),
    IconSet("flag", "flag"),
    IconSet("circle-flags", "flag"),
)
LINE_SETS = {"tabler", "mdi", "lucide", "ph"}


class IconFile:
    """One iconify package: `icons.json` holds SVG bodies, sizes and aliases."""

    def __init__(self, folder: Path) -> None:
        data = json.loads((folder / "icons.json").read_text("utf-8"))
        self._icons, self._aliases = data["icons"], data.get("aliases", {})
        self._size = (data.get("width", 16), data.get("height", 16))

    def svg(self, name: str) -> str | None:
        """The icon as a whole SVG document, or None where the set has no such name."""
        icon = self._icons.get(name) or self._icons.get(self._aliases.get(name, {}).get("parent"))
        if icon is None:
            return None
        width, height = icon.get("width", self._size[0]), icon.get("height", self._size[1])
        box = f"{icon.get('left', 0)} {icon.get('top', 0)} {width} {height}"
        return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}" color="#000">{icon["body"]}</svg>'


def draw(svg: str) -> np.ndarray:
    """Render an SVG to uint8 (96, 96, 4), centred on its longer side.

    Raises:
        NotReady: resvg-py is not installed; the application runs without it.
    """
    try:
        import resvg_py  # pyright: ignore[reportMissingImports] - in the group `world` only
    except ImportError as error:
        raise NotReady("resvg-py is not installed: `uv sync --group world` installs it.") from error
    picture = Image.open(io.BytesIO(bytes(resvg_py.svg_to_bytes(svg_string=svg, width=SPRITE_PX)))).convert("RGBA")
    picture.thumbnail((SPRITE_PX, SPRITE_PX), Image.Resampling.LANCZOS)
    canvas = Image.new("RGBA", (SPRITE_PX, SPRITE_PX))
    canvas.paste(picture, ((SPRITE_PX - picture.width) // 2, (SPRITE_PX - picture.height) // 2))
    return np.asarray(canvas)


def edge_sketch(rgba: np.ndarray) -> np.ndarray:
    """Ink where a colour sprite has an edge (Sobel over luminance on white and over alpha), black with alpha = ink."""
    alpha = rgba[..., 3:].astype(np.float32) / 255
    grey = (rgba[..., :3] * alpha + 255 * (1 - alpha)).mean(-1) / 255
    ink = np.clip(2.2 * (_sobel(grey) + 0.5 * _sobel(alpha[..., 0])) - 0.25, 0, 1)
    out = np.zeros_like(rgba)
    out[..., 3] = (255 * ink).astype(np.uint8)
    return out


def _sobel(plane: np.ndarray) -> np.ndarray:
    p = np.pad(plane, 1, mode="edge")
    rows = p[:, :-2] + 2 * p[:, 1:-1] + p[:, 2:]
    columns = p[:-2] + 2 * p[1:-1] + p[2:]
    return np.hypot(rows[2:] - rows[:-2], columns[:, 2:] - columns[:, :-2]) / 2


def icon_names(concept: Concept, icon_set: IconSet) -> Sequence[str]:
    """The names under which a set may have this concept."""
    if icon_set.package == "flag":
        return [f"{concept.flag}-4x3", f"{concept.flag}-1x1"] if concept.flag else []
    if icon_set.package == "circle-flags":
        return [concept.flag] if concept.flag else []
    if icon_set.package == "fxemoji":
        return concept.fx
    if icon_set.package in LINE_SETS:
        return concept.line
    flags = [f"flag-{concept.country}", f"flag-for-flag-{concept.country}"] if concept.country else []
    return [*concept.icons, *flags]


_SHAPES = (
    '<circle cx="48" cy="48" r="44"/>',
    '<rect x="8" y="8" width="80" height="80"/>',
    '<rect x="4" y="20" width="88" height="56" rx="14"/>',
    '<path d="M48 6 92 88H4z"/>',
    '<path d="M48 4 92 48 48 92 4 48z"/>',
    '<path d="M10 60C-5 20 30 0 50 14s50 0 38 40-28 40-46 30-27-4-32-24z"/>',
)


def shapes(concept: Concept) -> Iterator[tuple[np.ndarray, SpriteLabel]]:
    """Plain shapes in the concept's colour, our own drawing."""
    for body in _SHAPES if concept.shapes else ():
        svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 96 96" fill="{concept.shapes}">{body}</svg>'
        yield draw(svg), SpriteLabel(concept.name, "shape", "shapes", "colour", held_out=False)


def sprites(folder: Path, concepts: Sequence[Concept]) -> Iterator[tuple[np.ndarray, SpriteLabel]]:
    """All sprites of all sets in `folder/<package>/icons.json`; each colour sprite brings its edge sketch along.

    Raises FileNotFoundError when a package is missing.
    """
    for concept in concepts:
        yield from shapes(concept)
    for icon_set in ICON_SETS:
        icons = IconFile(folder / icon_set.package)
        for concept in concepts:
            yield from _concept_sprites(icons, icon_set, concept)


def _concept_sprites(icons: IconFile, icon_set: IconSet, concept: Concept) -> Iterator[tuple[np.ndarray, SpriteLabel]]:
    seen: set[bytes] = set()
    for name in icon_names(concept, icon_set):
        svg = icons.svg(name)
        picture = draw(svg) if svg else None
        if picture is None or not picture[..., 3].any() or picture.tobytes() in seen:
            continue
        seen.add(picture.tobytes())
        kind = "flag" if name.startswith("flag-") and concept.country else icon_set.kind
        yield picture, SpriteLabel(concept.name, name, icon_set.package, kind, icon_set.held_out)
        if kind != "line" and not concept.shapes:
            yield edge_sketch(picture), SpriteLabel(concept.name, name, icon_set.package, "edge", icon_set.held_out)
