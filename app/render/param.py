"""A picture as its Fourier spectrum in decorrelated colours, after Olah, Mordvintsev and Schubert (Distill, 2017)."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from app.render.chance import generator

# Square root of ImageNet's colour covariance, from Lucid's `optvis/param/color.py` (Apache-2.0).
COLOUR = ((0.26, 0.09, 0.02), (0.27, 0.00, -0.05), (0.27, -0.09, 0.03))


def frequencies(size: int) -> Tensor:
    """Radial frequency of each cell of a real 2-D spectrum, cycles per pixel, float32 [size, size // 2 + 1]."""
    return torch.hypot(torch.fft.fftfreq(size)[:, None], torch.fft.rfftfreq(size)[None, :])


def colour_matrix() -> Tensor:
    """Decorrelated to RGB, float32 [3, 3], scaled so that its longest column has length 1 (as Lucid does)."""
    matrix = torch.tensor(COLOUR)
    return matrix / matrix.norm(dim=0).max()


def _noise(seed: int, slot: int, shape: tuple[int, ...]) -> Tensor:
    return torch.from_numpy(generator(seed, slot, 0).standard_normal(shape, dtype=np.float32))


class FourierImage:
    """A batch of pictures [B, 3, size, size], each started from noise of its own (seed, slot).

    `sd` is the standard deviation of the starting spectrum, `decay` the power of the frequency by which each
    coefficient's step is divided: 1 is Lucid's, more favours large shapes over fine texture.
    """

    def __init__(
        self,
        slots: Sequence[tuple[int, int]],
        size: int,
        *,
        device: torch.device,
        sd: float = 0.01,
        decay: float = 1.0,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        shape = (3, size, size // 2 + 1, 2)
        start = torch.stack([_noise(seed, slot, shape) for seed, slot in slots]) * sd
        self.size = size
        self.spectrum = start.to(device, dtype).requires_grad_()
        # Energy is divided by the frequency, then scaled by the side so that the transform is unitary (Lucid).
        scale = size / frequencies(size).clamp_min(1 / size) ** decay
        self.scale = scale.to(device, dtype)[..., None]
        self.colours = colour_matrix().to(device, dtype)

    def parameters(self) -> list[Tensor]:
        """What an optimiser may change: the spectrum, [B, 3, size, size // 2 + 1, 2] (real, imaginary)."""
        return [self.spectrum]

    def __call__(self) -> Tensor:
        """The pictures, RGB in (0, 1), [B, 3, size, size], differentiable in `parameters()`."""
        spectrum = torch.view_as_complex(self.spectrum * self.scale)
        # Lucid divides by 4 to keep the logits of the sigmoid small at the start.
        planes = torch.fft.irfft2(spectrum, s=(self.size, self.size)) / 4
        return torch.sigmoid(torch.einsum("rc,bchw->brhw", self.colours, planes))
