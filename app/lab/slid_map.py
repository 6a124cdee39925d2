"""An unlabelled map of the world slid under units: where on it are they driven?

Goh et al. 2021, figure 6: "spatial activations in response to unlabeled geographical world map, averaged over random crops",
a grid of 40 x 80. The map's look and the sizes of the crops are not published; those here are ours.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.random import default_rng
from PIL import Image
from torch import Tensor
from torch.nn.functional import grid_sample

from app.clip.clip import Clip
from app.clip.taps import activations
from app.lab.atlas.picture import unlabelled

ROWS, COLUMNS = 40, 80
SMALLEST, LARGEST = 0.35, 0.9  # sides of a crop, as shares of the map's height
CROPS_AT_ONCE = 4


class Crop(NamedTuple):
    """A square part of the map. Lengths are shares of the map's height, so that the map is 2 wide; a crop goes on from the
    right edge to the left one, and beyond the poles with the map's last row."""

    left: float
    top: float
    side: float


def random_crops(count: int, seed: int) -> list[Crop]:
    """Crops of all sizes whose middle may lie anywhere on the map."""
    rng = default_rng(seed)
    side = rng.uniform(SMALLEST, LARGEST, count)
    left, top = rng.uniform(0, 2, count), rng.uniform(0, 1, count) - side / 2
    return [Crop(*each) for each in zip(left.tolist(), top.tolist(), side.tolist(), strict=True)]


def cut(picture: Image.Image, crop: Crop) -> Image.Image:
    """What a crop shows of a map that is twice as wide as high."""
    pixels, height = np.asarray(picture), picture.height
    across = (np.arange(round(crop.side * height)) + round(crop.left * height)) % picture.width
    down = np.arange(round(crop.side * height)) + round(crop.top * height)
    return Image.fromarray(pixels[down.clip(0, height - 1)][:, across])


def sliding(clip: Clip, layer: str, units: Sequence[int], count: int, seed: int) -> Iterator[tuple[int, int] | Tensor]:
    """Read the spatial maps of units for random crops, and average them back onto the world.

    Yields:
        How many crops are done and how many there are; at the end the grid [U, 40, 80] float32 on the CPU, north on top,
        180 degrees west on the left: before the last ReLU.

    Raises:
        NotFound: the model has no such layer.
    """
    picture, crops, world = unlabelled(), random_crops(count, seed), World(len(units))
    for start in range(0, count, CROPS_AT_ONCE):
        some = crops[start : start + CROPS_AT_ONCE]
        maps = activations(clip, clip.prepare([cut(picture, crop) for crop in some]), [layer])[layer]
        world.put_back(maps[:, list(units)].float().cpu(), some)
        yield start + len(some), count
    yield world.grid


class World:
    """A grid of the world that maps of crops are put back onto: each cell is the mean over the crops that show it."""

    def __init__(self, units: int) -> None:
        self._sum = torch.zeros(units, ROWS, COLUMNS)
        self._seen = torch.zeros(ROWS, COLUMNS)

    def put_back(self, maps: Tensor, crops: Sequence[Crop]) -> None:
        """Add the maps [B, U, h, w] of crops, interpolated at the middles of the cells that each shows."""
        across, down = _within(crops)
        inside = ((across < 1) & (down >= 0) & (down < 1)).float()
        at = torch.stack([across, down], dim=-1) * 2 - 1
        found = grid_sample(maps, at, padding_mode="border", align_corners=False)
        self._sum += (found * inside[:, None]).sum(0)
        self._seen += inside.sum(0)

    @property
    def grid(self) -> Tensor:
        """The means [U, 40, 80]; where no crop came by, that over the cells that were seen."""
        means = self._sum / self._seen.clamp(min=1)
        seen = self._seen > 0
        return torch.where(seen, means, means[:, seen].mean(1)[:, None, None])


def _within(crops: Sequence[Crop]) -> tuple[Tensor, Tensor]:
    """Where the middles of all cells lie in each crop, [B, 40, 80]: 0 is its left or upper edge and 1 its other one."""
    left, top, side = (each[:, None, None] for each in torch.tensor(crops).unbind(1))
    x = ((torch.arange(COLUMNS) + 0.5) / ROWS).expand(1, ROWS, COLUMNS)
    y = ((torch.arange(ROWS) + 0.5) / ROWS)[:, None].expand(1, ROWS, COLUMNS)
    return (x - left).remainder(2) / side, (y - top) / side
