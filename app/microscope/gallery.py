"""Prebuilt gallery renders: one zip of small pictures per layer and facet, and the thumbnail that stands for a unit.

`gallery render` writes `data/galleries/MODEL/LAYER/FACET.zip`; a model may bring `gallery/LAYER/FACET.zip` along.
"""

import json
import os
import zipfile
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from app import urls
from app.corpus.index import Index
from app.errors import NotFound
from app.microscope.residents import Residents

PLAIN = "any"  # the article's name for no facet


class Gallery:
    """Finds the picture that stands for a unit."""

    def __init__(self, folder: Path, residents: Residents) -> None:
        self.folder = folder
        self.residents = residents

    def path(self, slug: str, layer: str, facet: str = PLAIN) -> Path:
        """Where `gallery render` writes the renders of a layer."""
        return self.folder / slug / layer / f"{facet}.zip"

    def picture(self, slug: str, layer: str, unit: int, facet: str = PLAIN) -> bytes:
        """The gallery render of a unit as WebP. Raises `NotFound`."""
        sheet = self._find(slug, layer, facet)
        if sheet is None or unit not in sheet.units:
            raise NotFound(f"There is no gallery render of {slug} {layer} unit {unit} with facet {facet}.")
        with zipfile.ZipFile(sheet.path) as archive:
            return archive.read(f"{unit}.webp")

    def has(self, slug: str, layer: str, unit: int, facet: str = PLAIN) -> bool:
        """Whether there is a gallery render of a unit."""
        sheet = self._find(slug, layer, facet)
        return sheet is not None and unit in sheet.units

    def units(self, slug: str, layer: str, facet: str = PLAIN) -> frozenset[int]:
        """The units of a layer that there is a gallery render of."""
        sheet = self._find(slug, layer, facet)
        return sheet.units if sheet else frozenset()

    def render(self, slug: str, layer: str, unit: int, facet: str | None = None) -> str | None:
        """The address of a unit's gallery render: under the facet, else the plain one, else none."""
        wanted = (facet, PLAIN) if facet else (PLAIN,)
        found = next((each for each in wanted if self.has(slug, layer, unit, each)), None)
        return urls.gallery_picture(slug, layer, unit, found) if found else None

    def thumbnail(self, slug: str, layer: str, unit: int, index: Index | None, facet: str | None = None) -> str | None:
        """The address of the picture that stands for a unit: its render, else its strongest example, else none."""
        if render := self.render(slug, layer, unit, facet):
            return render
        if index is None or layer not in index.manifest.layers:
            return None
        return urls.corpus_image(index.manifest.name, index.top(layer, unit, 1)[0])

    def _find(self, slug: str, layer: str, facet: str) -> "Sheet | None":
        """The sheet of a layer and facet that was made with the weights as they are loaded."""
        clip = self.residents.find(slug)
        if clip is None:
            return None
        # texts instead of paths: a unit's page asks twenty times
        for folder in (f"{self.folder}/{slug}", f"{self.residents.entry(slug).pretrained}/gallery"):
            place = f"{folder}/{layer}/{facet}.zip"
            with suppress(OSError):
                sheet = _open(place, os.stat(place).st_mtime_ns)  # noqa: PTH116
                if sheet.weights == clip.weights_hash:
                    return sheet
        return None


@dataclass(frozen=True)
class Sheet:
    """A zip of gallery renders: the units it has and the weights they were made with."""

    path: str
    weights: str
    units: frozenset[int]


@lru_cache(maxsize=64)
def _open(path: str, _written: int) -> Sheet:
    with zipfile.ZipFile(path) as archive:
        weights = json.loads(archive.read("about.json"))["weights"]
        names = (Path(name) for name in archive.namelist())
        return Sheet(path, weights, frozenset(int(name.stem) for name in names if name.suffix == ".webp"))
