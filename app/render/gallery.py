"""Every unit of a layer as a small render: many units in one batch, one zip of pictures per facet."""

import json
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

from app import images
from app.clip.clip import Clip
from app.facets.facet import Facet
from app.render.ascend import Ascent
from app.render.faceted import Faceted
from app.render.objective import Objective, Reading, Tap
from app.render.presets import recipe
from app.render.spectrum import Spectrum
from app.render.steer import lies_across, steering
from app.spec import PRESETS, RenderSpec

BATCH = 16
QUALITY = 80  # WebP; a gallery picture is looked at 100 px wide


@dataclass(frozen=True)
class Units(Objective):
    """One unit of a layer for each picture of the batch: the spatial mean of its map before the last ReLU."""

    layer: str
    units: tuple[int, ...]

    def wants(self) -> frozenset[Tap]:
        return frozenset({(self.layer, "pre")})

    def value(self, reading: Reading) -> Tensor:
        maps = reading.maps[self.layer, "pre"]
        return maps[torch.arange(len(self.units)), list(self.units)].mean(dim=(1, 2))

    def __str__(self) -> str:
        return f"{self.layer}:{','.join(map(str, self.units))}"


@dataclass(frozen=True)
class Drawing:
    """How the units of a layer are drawn: one picture each, all from the seed 0."""

    layer: str
    facet: Facet | None
    preset: str
    strength: float
    spectrum: Spectrum | None = None


Draw = Callable[[Drawing, Iterable[tuple[int, ...]]], Iterator[list[bytes]]]
"""From batches of units, in order, to the WebP of each unit's picture."""


def drawing_here(clip: Clip) -> Draw:
    """Draws in this thread, when a batch is asked for."""
    return lambda drawing, batches: (drawn(clip, drawing, batch) for batch in batches)


def drawn(clip: Clip, drawing: Drawing, units: tuple[int, ...]) -> list[bytes]:
    """The WebP of the pictures of a batch of units."""
    made = pictures(clip, drawing.layer, units, drawing.facet, drawing.preset, drawing.strength, drawing.spectrum)
    return [images.encode_webp(picture, quality=QUALITY) for picture in made]


def render_layer(
    clip: Clip,
    layer: str,
    facet: Facet | None,
    path: Path,
    *,
    preset: str,
    strength: float | None = None,
    units: int | None = None,
    spectrum: Spectrum | None = None,
    progress: Callable[[int, int | None], None] = lambda done, total: None,
    draw: Draw | None = None,
) -> None:
    """Write `path`, a zip of `UNIT.webp` for every unit of a layer, and `about.json` with how they were made.

    The same model, preset and facet give the same bytes on the same kind of machine.

    Args:
        units: Only the first so many units, in the batches in which all of them are rendered.
        spectrum: That of the model's corpus, which the preset `maco` draws with.
        draw: Where batches are rendered; none means here.
    """
    channels = clip.layers[layer].channels
    total = channels if units is None else min(channels, -(-units // BATCH) * BATCH)
    about = _about(clip, layer, facet, preset, strength)
    drawing = Drawing(layer, facet, preset, _pull(strength), spectrum)
    batches = [tuple(range(start, min(start + BATCH, total))) for start in range(0, total, BATCH)]
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    with zipfile.ZipFile(part, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(zipfile.ZipInfo("about.json"), json.dumps(about))
        for batch, made in zip(batches, (draw or drawing_here(clip))(drawing, batches), strict=True):
            for unit, picture in zip(batch, made, strict=True):
                archive.writestr(zipfile.ZipInfo(f"{unit}.webp"), picture)
            progress(batch[-1] + 1, total)
    part.replace(path)


def is_rendered(clip: Clip, layer: str, facet: Facet | None, path: Path, preset: str) -> bool:
    """Whether `render_layer` has written `path` for every unit, with just these weights and this preset. A facet is told
    by the name of the file."""
    try:
        with zipfile.ZipFile(path) as archive:
            found = json.loads(archive.read("about.json"))
            count = sum(name.endswith(".webp") for name in archive.namelist())
    except (OSError, zipfile.BadZipFile, KeyError, ValueError):
        return False
    return found == _about(clip, layer, facet, preset, None) and count == clip.layers[layer].channels


def _pull(strength: float | None) -> float:
    return float(RenderSpec.model_fields["strength"].default if strength is None else strength)


def _about(clip: Clip, layer: str, facet: Facet | None, preset: str, strength: float | None) -> dict[str, object]:
    pull = _pull(strength) if facet else None
    return {"weights": clip.weights_hash, "layer": layer, "preset": preset, "strength": pull}


def pictures(
    clip: Clip,
    layer: str,
    units: tuple[int, ...],
    facet: Facet | None,
    preset: str,
    strength: float,
    spectrum: Spectrum | None = None,
) -> list[Image.Image]:
    """The finished pictures of a batch of units, one each, all from the seed 0."""
    how, watch = recipe(preset), Units(layer, units)
    objective: Objective = watch
    if facet is not None:
        objective = Faceted(watch, steering(facet, clip, layer, [strength] * len(units)), "released", lies_across(clip))
    chosen = PRESETS[preset]
    run = Ascent(
        clip,
        objective,
        watch,
        slots=[(0, 0)] * len(units),
        size=chosen.size,
        steps=chosen.steps,
        recipe=how,
        spectrum=None if spectrum is None else spectrum.at(chosen.size),
    )
    picture = None
    for frame in run.frames():
        picture = frame.image if frame.image is not None else picture
    return [] if picture is None else [Image.fromarray(each) for each in picture]
