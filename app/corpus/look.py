"""What one picture, or a batch of them, does to the units of some layers."""

from collections.abc import Sequence

import numpy as np
from PIL import Image
from torch import Tensor

from app.clip.clip import Clip
from app.clip.layers import Layer
from app.clip.taps import activations
from app.corpus.index import Index
from app.corpus.layers import default_layers

Measured = tuple[Tensor, Tensor]
"""Activations [B, C] float32 and places [B, C] int32, both on the CPU."""


def measure(clip: Clip, rgb: Tensor, layers: Sequence[str]) -> dict[str, Measured]:
    """The activation of every unit of the layers: the spatial mean of its map before the last ReLU; and its place:
    the flat argmax over that map.

    Args:
        rgb: [B, 3, S, S] in 0..1, as `Clip.prepare` gives it.
    """
    maps = activations(clip, rgb, layers)
    return {layer: _summary(maps[layer].float().flatten(2)) for layer in layers}


def _summary(map_: Tensor) -> Measured:
    return map_.mean(2).cpu(), map_.argmax(2).int().cpu()


def look(clip: Clip, index: Index | None, image: Image.Image) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """What one picture does to the layers of an index, or to those it would have by default.

    Returns:
        Layer name -> activations [C] float32 and places [C] int32.
    """
    layers = index.manifest.layers if index else default_layers(clip)
    measured = measure(clip, clip.prepare([image]), layers)
    return {layer: (values[0].numpy(), places[0].numpy()) for layer, (values, places) in measured.items()}


def box(layer: Layer, place: int) -> tuple[float, float, float, float]:
    """Where in the picture a place lies: its cell of the map with half a cell around it, since units see beyond it.

    Returns:
        (x0, y0, x1, y1) as fractions of the picture as the model saw it, origin top left.
    """
    height, width = layer.map
    row, column = divmod(int(place), width)
    x0, x1 = (column - 0.5) / width, (column + 1.5) / width
    y0, y1 = (row - 0.5) / height, (row + 1.5) / height
    return max(x0, 0.0), max(y0, 0.0), min(x1, 1.0), min(y1, 1.0)
