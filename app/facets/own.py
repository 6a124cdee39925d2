"""What a facet's own pictures do to the units of a model: their activations, measured once and kept as a file."""

from collections.abc import Callable, Generator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from app.clip.clip import Clip
from app.corpus.look import measure
from app.errors import NotFound
from app.spec import content_id
from app.whole import write_whole

VERSION = "1"
BATCH = 8  # pictures a step: others may wait for the device


def own_id(weights_hash: str, layers: Sequence[str], pictures: Sequence[str]) -> str:
    """Names what the activations depend on: the model's weights, the layers, and the ids of the pictures in order."""
    return content_id("facet pictures", VERSION, weights_hash, str(len(layers)), *sorted(layers), *pictures)


def looking(
    clip: Clip, pictures: Sequence[Callable[[], Image.Image]], layers: Sequence[str], path: Path
) -> Generator[tuple[int, int]]:
    """The steps, a batch each, of measuring pictures and writing the file: how many were seen, and how many there are."""
    parts: dict[str, list[NDArray[np.float32]]] = {layer: [] for layer in layers}
    for start in range(0, len(pictures), BATCH):
        batch = [picture() for picture in pictures[start : start + BATCH]]
        for layer, (values, _) in measure(clip, clip.prepare(batch), layers).items():
            parts[layer].append(values.numpy())
        yield start + len(batch), len(pictures)
    # unit by unit, as columns are, so that one unit's are read at once
    write_whole(path, save({layer: np.ascontiguousarray(np.concatenate(part).T) for layer, part in parts.items()}))


def activations(path: Path, layer: str, unit: int) -> NDArray[np.float32]:
    """A unit's activation on each of the pictures, [pictures]. Raises NotFound where they were not measured."""
    try:
        with safe_open(path, framework="np") as file:  # type: ignore[no-untyped-call]
            return file.get_slice(layer)[unit]
    except (OSError, SafetensorError) as error:
        raise NotFound(f"What the pictures do to {layer} is not measured.") from error
