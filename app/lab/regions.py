"""What the world does to some units: the names of its countries and cities, and an unlabelled map. Figure 6 of Goh et al."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from app.errors import NotReady
from app.lab import place_names
from app.lab.atlas.world import countries
from app.whole import PRIVATE, write_whole

Values = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Regions:
    """Activations before the last ReLU of the units `units`: `names` float32 [N, n], countries and then cities, and `grid`
    float32 [n, 40, 80], of the map. `weights_hash` says of which weights, `drawn` how the names were drawn."""

    units: tuple[int, ...]
    names: torch.Tensor
    grid: torch.Tensor
    weights_hash: str
    drawn: str

    @property
    def countries(self) -> Values:
        """Countries [177, n] from 0, what the average name does to the unit or less, to 1, what the strongest does."""
        return scaled(self.names, 0)[: len(countries())]

    @property
    def cities(self) -> Values:
        """Cities [600, n] on the same scale: a unit has one for all names."""
        return scaled(self.names, 0)[len(countries()) :]

    @property
    def cells(self) -> Values:
        """The cells of the grid [n, 40, 80] from 0, what the average one does to the unit or less, to 1."""
        return scaled(self.grid, (1, 2))

    def write(self, path: Path) -> None:
        """Write all to a file, or nothing."""
        about = {"weights_hash": self.weights_hash, "drawn": self.drawn}
        tensors = {"units": torch.tensor(self.units), "names": self.names.contiguous(), "grid": self.grid.contiguous()}
        write_whole(path, save(tensors, about), PRIVATE)

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read what `write` wrote. Raises `NotReady` for a file that is gone or broken, or of other places than those that there
        are now, or other drawings of them."""
        try:
            with safe_open(path, "pt") as file:
                about, units = file.metadata() or {}, file.get_tensor("units")
                names, grid = file.get_tensor("names"), file.get_tensor("grid")
                found = cls(tuple(units.tolist()), names, grid, about["weights_hash"], about["drawn"])
        except (OSError, SafetensorError, KeyError, ValueError) as error:
            raise NotReady("The file of these regions is gone or broken: start the finding again.") from error
        if found.drawn != place_names.drawn():
            raise NotReady("These regions are of other places or drawn in another way: start the finding again.")
        return found


def scaled(activations: torch.Tensor, over: int | tuple[int, ...]) -> Values:
    """Activations from 0 at their mean, and below it, to 1 at their maximum; all 0 where they do not differ."""
    values = activations.double().numpy()
    above = (values - values.mean(over, keepdims=True)).clip(min=0)
    return above / np.maximum(above.max(over, keepdims=True), np.finfo(np.float64).tiny)
