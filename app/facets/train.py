"""From pictures of a theme and pictures of anything else to a facet."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from app.clip import taps
from app.clip.clip import Clip
from app.errors import BadInput
from app.facets import probe
from app.facets.alignment import Alignment
from app.facets.duplicates import group
from app.facets.facet import Facet, Probe, ProbeReport

MINIMUM_IMAGES = 8
IMBALANCE = 20
FEW = 30
BATCH = 32

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Checked:
    """Pictures fit for training: `groups` [positives + negatives] numbers near-duplicates alike."""

    positives: list[Image.Image]
    negatives: list[Image.Image]
    groups: NDArray[np.int64]
    warnings: tuple[str, ...]


def check_images(positives: Iterable[Image.Image], negatives: Iterable[Image.Image]) -> Checked:
    """Group near-duplicates, drop negatives that are also in the theme, and say what is doubtful.

    Raises BadInput where either side has fewer than `MINIMUM_IMAGES` different pictures.
    """
    theme, others = list(positives), list(negatives)
    groups = group([*theme, *others])
    inside, outside = groups[: len(theme)], groups[len(theme) :]
    kept = ~np.isin(outside, inside)
    others = [image for image, keep in zip(others, kept, strict=True) if keep]
    outside = outside[kept]
    _refuse_few("theme", len(theme), len(np.unique(inside)))
    _refuse_few("comparison set", len(others), len(np.unique(outside)))
    warnings = _warnings(inside, outside, int((~kept).sum()))
    return Checked(theme, others, np.concatenate([inside, outside]), warnings)


def _refuse_few(side: str, images: int, different: int) -> None:
    if different >= MINIMUM_IMAGES:
        return
    alike = f", {images} with near-duplicates" if images > different else ""
    raise BadInput(
        f"images: the {side} has {different} usable different pictures{alike}; "
        f"a probe needs at least {MINIMUM_IMAGES}, so add {MINIMUM_IMAGES - different} more",
        field="images",
    )


def _warnings(inside: NDArray[np.int64], outside: NDArray[np.int64], removed: int) -> tuple[str, ...]:
    repeats = len(inside) - len(np.unique(inside))
    ratio = len(outside) / len(inside)
    said = []
    if len(inside) - repeats < FEW:
        said.append(f"Only {len(inside) - repeats} different pictures: the quality below is a rough guess.")
    if repeats:
        said.append(f"{repeats} of {len(inside)} pictures are near-duplicates of others; they were kept on one side.")
    if removed:
        said.append(f"{removed} pictures of the comparison set look like ones of the theme and were left out.")
    if ratio > IMBALANCE or ratio < 1 / IMBALANCE:
        said.append(f"Very uneven: {len(inside)} pictures of the theme against {len(outside)} others.")
    return tuple(said)


def default_layers(clip: Clip) -> list[str]:
    """Where facets are probed unless told otherwise, deepest first.

    For a ResNet every second block of the stage before the last, as in the released code (`layer3.0`, `layer3.2`,
    ...); for a transformer every second block of the third quarter of its depth.
    """
    stages: dict[str, list[str]] = {}
    for name in clip.layers:
        stages.setdefault(name.rsplit(".", 1)[0], []).append(name)
    groups = list(stages.values())
    if len(groups) > 1:
        return groups[-2][::2][::-1]
    blocks = groups[0]
    return blocks[len(blocks) // 2 : max(len(blocks) * 3 // 4, len(blocks) // 2 + 1)][::2][::-1]


@torch.no_grad()
def features(
    clip: Clip,
    images: Sequence[Image.Image],
    layers: Sequence[str],
    *,
    spatial: bool,
    progress: Progress | None = None,
    seen: Callable[[str, int, Tensor], None] = lambda _layer, _start, _maps: None,
) -> dict[str, NDArray[np.float32]]:
    """What the probes see: each layer's map after its ReLU, pooled [N, C] or, if `spatial`, flattened [N, C * h * w].

    `seen` is shown every layer's maps [B, C, h, w] with the number of their first picture.
    """
    parts: dict[str, list[NDArray[np.float32]]] = {layer: [] for layer in layers}
    for start in range(0, len(images), BATCH):
        batch = clip.prepare(images[start : start + BATCH])
        with taps.tap(clip, dict.fromkeys(layers, "post")) as maps:
            taps.run(clip, batch, list(layers))
            for layer in layers:
                seen(layer, start, maps[layer])
                pooled = maps[layer].flatten(1) if spatial else maps[layer].mean(dim=(2, 3))
                parts[layer].append(pooled.float().cpu().numpy())
        if progress:
            progress(min(start + BATCH, len(images)), len(images))
    return {layer: np.concatenate(part) for layer, part in parts.items()}


def train(
    clip: Clip,
    positives: Iterable[Image.Image],
    negatives: Iterable[Image.Image],
    layers: Sequence[str],
    *,
    spatial: bool = False,
    seed: int = 0,
    progress: Progress | None = None,
) -> Facet:
    """Train one probe per layer to tell `positives` from `negatives`; `layers` deepest first.

    `progress(done, total)` counts pictures seen by the model. Raises BadInput for too few different pictures, naming
    how many more are needed. The same pictures, layers and seed give the same facet.
    """
    checked = check_images(positives, negatives)
    images = [*checked.positives, *checked.negatives]
    labels = np.repeat([1, 0], [len(checked.positives), len(checked.negatives)])
    theme, others = ({layer: Alignment() for layer in layers} for _ in range(2))

    def align(layer: str, start: int, maps: Tensor) -> None:
        inside = max(len(checked.positives) - start, 0)
        theme[layer].add(maps[:inside])
        others[layer].add(maps[inside:])

    seen = features(clip, images, layers, spatial=spatial, progress=progress, seen=align)
    probes, reports = {}, []
    for layer in layers:
        fit = probe.fit(seen[layer], labels, seed=seed, groups=checked.groups)
        shape = (clip.layers[layer].channels, *(clip.layers[layer].map if spatial else ()))
        probes[layer] = Probe(layer, torch.from_numpy(fit.weight).reshape(shape), fit.bias)
        aligned = (theme[layer].value(), others[layer].value())
        reports.append(ProbeReport(layer, fit.auc, fit.auc_low, fit.auc_high, fit.accuracy, spatial, *aligned))
    return Facet(
        model_slug=clip.entry.slug,
        weights_hash=clip.weights_hash,
        probes=probes,
        reports=tuple(reports),
        warnings=checked.warnings,
        positives=len(checked.positives),
        negatives=len(checked.negatives),
    )
