"""A partition: so many consecutive images of a source, and what they do to the units.

What an image does to the units does not depend on the images beside it, so a source may be cut anywhere, and its
partitions may be measured anywhere and in any order. What comes of one are the activations themselves, not tables of
them: of fewer than a thousand images they take less room than the tables, and they can still be numbered when it is
known how many images before them were refused.
"""

from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import islice

import torch
from PIL import Image
from torch import Tensor

from app.clip.clip import Clip
from app.corpus.look import Measured, measure
from app.corpus.pictures import Decoded, decoded
from app.corpus.sources import Item
from app.errors import BadInput, FacetscopeError

GROUP = 32  # pictures per forward pass, always: for another number the kernels may round differently
IMAGES = 512  # of a partition unless told otherwise: under a second's work of a GPU, minutes of a CPU's
MOST_IMAGES = 8192  # their activations lie in memory


@dataclass(frozen=True)
class Partition:
    """What some consecutive images of a source do to the units.

    Args:
        images: How many there are, those that were refused too.
        refused: Position among them -> the sentence that says why, in order.
        measured: Layer -> activations [n, C] and places [n, C] of the n others, in order.
    """

    images: int
    refused: dict[int, str]
    measured: dict[str, Measured]


def check_partition(images: int) -> None:
    """Raise BadInput for a partition that leaves its last pass partly empty, or does not fit into memory."""
    if images % GROUP or not GROUP <= images <= MOST_IMAGES:
        raise BadInput(
            f"A partition has a multiple of {GROUP} images, at most {MOST_IMAGES}, not {images}.", field="partition"
        )


def cut(source: Iterable[Item], images: int) -> Iterator[list[Item]]:
    """The items of a source in lists of `images`, the last one shorter."""
    items = iter(source)
    while part := list(islice(items, images)):
        yield part


def measuring(
    clip: Clip, items: Sequence[Item], layers: Sequence[str], batch_size: int
) -> Generator[int, None, Partition]:
    """Measure a partition in steps of `batch_size` pictures; yields how many images were looked at."""
    refused: dict[int, str] = {}
    batches: list[dict[str, Measured]] = []
    good = looked = 0
    with closing(decoded(items, clip.fit)) as stream:
        pictures = _readable(stream, refused)
        while batch := list(islice(pictures, batch_size)):
            measured = in_groups(clip, clip.tensors([picture for _, picture in batch]), layers)
            finite = torch.stack([values.isfinite().all(1) for values, _ in measured.values()]).all(0)
            for (position, _), keep in zip(batch, finite.tolist(), strict=True):
                if not keep:
                    refused[position] = (
                        f"{items[position].key} drives some unit to an activation that is not a finite number."
                    )
            batches.append({layer: (values[finite], places[finite]) for layer, (values, places) in measured.items()})
            good += int(finite.sum())
            looked = good + len(refused)
            yield looked
    if looked < len(items):
        yield len(items)
    return Partition(len(items), dict(sorted(refused.items())), _joined(batches, layers))


def _readable(stream: Iterable[Decoded], refused: dict[int, str]) -> Iterator[tuple[int, Image.Image]]:
    """Positions with their pictures, brought to the model's size."""
    for position, (_, picture) in enumerate(stream):
        if isinstance(picture, FacetscopeError):
            refused[position] = picture.detail
        else:
            yield position, picture


def in_groups(clip: Clip, rgb: Tensor, layers: Sequence[str]) -> dict[str, Measured]:
    """`measure` in passes of exactly `GROUP` pictures, the last filled up with black."""
    padded = torch.cat([rgb, rgb.new_zeros(-len(rgb) % GROUP, *rgb.shape[1:])])
    joined = _joined([measure(clip, group, layers) for group in padded.split(GROUP)], layers)
    return {layer: (values[: len(rgb)], places[: len(rgb)]) for layer, (values, places) in joined.items()}


def _joined(parts: Sequence[dict[str, Measured]], layers: Sequence[str]) -> dict[str, Measured]:
    """One after the other; nothing at all where there are no parts."""
    if not parts:
        return {}
    columns = {layer: tuple(zip(*(part[layer] for part in parts), strict=True)) for layer in layers}
    return {layer: (torch.cat(values), torch.cat(places)) for layer, (values, places) in columns.items()}
