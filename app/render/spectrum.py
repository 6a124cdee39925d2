"""The magnitude spectrum of a corpus: how strong each wave is in its pictures, on average.

Pictures drawn with the magnitudes of natural ones look natural at every scale (Fel et al., 2023, arXiv:2306.06805).
Measured where a render's parameters are: in decorrelated planes, before the sigmoid.
"""

import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from app.errors import NotReady
from app.render.param import frequencies, to_planes
from app.spec import content_id
from app.whole import writing

FILE = "spectrum.npz"
LEAST = 1e-9  # amplitude, far below what 8 bits hold: pictures of one colour have none, and a power law of none is none
VERSION = 1  # of `measure`: another one makes other spectra


@dataclass(frozen=True, eq=False)
class Spectrum:
    """Mean amplitudes of the waves of square pictures, float32 [3, S, S // 2 + 1].

    Rows and columns are as `torch.fft.rfft2` has them with `norm="forward"`, so an amplitude does not depend on the
    side of the picture: [p, 0, 0] is the mean distance of plane p's mean from 0.
    """

    amplitude: Tensor

    def at(self, size: int) -> Tensor:
        """The amplitudes for pictures of another side, [3, size, size // 2 + 1].

        A wave is the same wave if it has as many cycles per picture. Waves too fine to have been measured continue
        the power law of the finer half of those that were, for each plane its own.
        """
        side = self.amplitude.shape[-2]
        if size == side:
            return self.amplitude
        rows, columns = (torch.fft.fftfreq(size) * size).round().long(), torch.arange(size // 2 + 1)
        measured = ((2 * rows).abs() < side)[:, None] & (2 * columns < side)
        known = self.amplitude[:, rows % side][..., columns.clamp(max=side // 2)]
        return torch.where(measured, known, self._continued(frequencies(size) * size))

    def _continued(self, cycles: Tensor) -> Tensor:
        """The fitted power law at so many cycles per picture [H, W]: [3, H, W]."""
        side = self.amplitude.shape[-2]
        radius = frequencies(side) * side
        fine = (radius >= side / 4) & (2 * radius < side)
        logs = torch.stack([torch.ones(int(fine.sum())), radius[fine].log()], dim=1)
        level, slope = torch.linalg.lstsq(logs, self.amplitude[:, fine].clamp_min(LEAST).log().T).solution
        return (level[:, None, None] + slope[:, None, None] * cycles.clamp_min(1).log()).exp()


def measure(pictures: Iterable[Tensor]) -> Spectrum:
    """The mean spectrum of batches of pictures [B, 3, S, S] in 0..1, all of one side; one batch is held at a time.

    Raises:
        NotReady: there is no picture.
    """
    total, count = torch.zeros(()), 0
    for batch in pictures:
        total = total + torch.fft.rfft2(to_planes(batch.double()), norm="forward").abs().sum(0)
        count += len(batch)
    if not count:
        raise NotReady("The corpus has no pictures to take a spectrum from: index it again.")
    return Spectrum((total / count).float())


def spectrum_of(folder: Path, key: str, pictures: Iterable[Tensor]) -> Spectrum:
    """The spectrum kept in a corpus' folder, or, where that is of other pictures or of none, measured and kept there.

    Args:
        key: What the pictures are, with how they were prepared; `pictures` are only read where they are needed.
    """
    path, wanted = folder / FILE, content_id("spectrum", str(VERSION), key)
    found = _read(path, wanted)
    if found is None:
        found = measure(pictures)
        _write(found, path, wanted)
    return found


def _read(path: Path, key: str) -> Spectrum | None:
    try:
        with path.open("rb") as file, np.load(file) as archive:
            return Spectrum(torch.from_numpy(archive["amplitude"])) if str(archive["key"]) == key else None
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile):
        return None


def _write(spectrum: Spectrum, path: Path, key: str) -> None:
    with writing(path) as file:
        np.savez_compressed(file, allow_pickle=False, key=np.array(key), amplitude=spectrum.amplitude.numpy())
