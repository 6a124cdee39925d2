"""A picture as its Fourier spectrum in decorrelated colours, after Olah, Mordvintsev and Schubert (Distill, 2017).

`FourierImage` frees the whole spectrum, `PhaseImage` only its phases.
"""

import math
from collections.abc import Sequence
from typing import Self

import numpy as np
import torch
from torch import Tensor

from app.render.chance import generator

EDGE = 0.02  # of full scale: a picture is brought this far from black and white, which have no logit
# Square root of ImageNet's colour covariance, from Lucid's `optvis/param/color.py` (Apache-2.0).
COLOUR = ((0.26, 0.09, 0.02), (0.27, 0.00, -0.05), (0.27, -0.09, 0.03))


def frequencies(size: int) -> Tensor:
    """Radial frequency of each cell of a real 2-D spectrum, cycles per pixel, float32 [size, size // 2 + 1]."""
    return torch.hypot(torch.fft.fftfreq(size)[:, None], torch.fft.rfftfreq(size)[None, :])


def colour_matrix() -> Tensor:
    """Decorrelated to RGB, float32 [3, 3], scaled so that its longest column has length 1 (as Lucid does)."""
    matrix = torch.tensor(COLOUR)
    return matrix / matrix.norm(dim=0).max()


def to_planes(rgb: Tensor) -> Tensor:
    """The decorrelated planes whose picture is `rgb`, [B, 3, H, W] in 0..1, as far as `EDGE` lets it be."""
    inverse = torch.linalg.inv(colour_matrix().to(rgb.device, rgb.dtype))
    return torch.einsum("cr,brhw->bchw", inverse, torch.logit(rgb.clamp(EDGE, 1 - EDGE)))


def to_rgb(planes: Tensor) -> Tensor:
    """The picture in (0, 1) of decorrelated planes [B, 3, H, W]."""
    colours = colour_matrix().to(planes.device, planes.dtype)
    return torch.sigmoid(torch.einsum("rc,bchw->brhw", colours, planes))


def _noise(seed: int, slot: int, shape: tuple[int, ...]) -> Tensor:
    return torch.from_numpy(generator(seed, slot, 0).standard_normal(shape, dtype=np.float32))


def _phases(seed: int, slot: int, shape: tuple[int, ...]) -> Tensor:
    return torch.from_numpy(generator(seed, slot, 0).uniform(-math.pi, math.pi, shape).astype(np.float32))


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

    @classmethod
    def of(
        cls, pictures: Tensor, *, device: torch.device, decay: float = 1.0, dtype: torch.dtype = torch.float32
    ) -> Self:
        """A batch started from given pictures, [B, 3, size, size] in 0..1, as far as `EDGE` lets them be."""
        slots = [(0, slot) for slot in range(len(pictures))]
        image = cls(slots, pictures.shape[-1], device=device, sd=0.0, decay=decay, dtype=dtype)
        spectrum = torch.fft.rfft2(4 * to_planes(pictures.to(device, dtype)))
        with torch.no_grad():
            image.spectrum.copy_(torch.view_as_real(spectrum) / image.scale)
        return image

    def parameters(self) -> list[Tensor]:
        """What an optimiser may change: the spectrum, [B, 3, size, size // 2 + 1, 2] (real, imaginary)."""
        return [self.spectrum]

    def __call__(self) -> Tensor:
        """The pictures, RGB in (0, 1), [B, 3, size, size], differentiable in `parameters()`."""
        spectrum = torch.view_as_complex(self.spectrum * self.scale)
        # Lucid divides by 4 to keep the logits of the sigmoid small at the start.
        return to_rgb(torch.fft.irfft2(spectrum, s=(self.size, self.size)) / 4)


class PhaseImage:
    """A batch of pictures [B, 3, size, size] that share a magnitude spectrum and differ in their phases alone.

    After MaCo (Fel et al., 2023, arXiv:2306.06805), with the magnitudes in the parameter's own space: those of the
    planes before the sigmoid. Each picture starts from phases of its own (seed, slot), uniform over the circle. The
    mean of a plane is real, so of its phase it takes the cosine: brightness and tint are free up to the corpus' own.

    Args:
        magnitude: [3, size, size // 2 + 1], the amplitude of each wave in a plane (`norm="forward"` of the transform).
    """

    def __init__(
        self,
        slots: Sequence[tuple[int, int]],
        magnitude: Tensor,
        *,
        device: torch.device,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        self.size = magnitude.shape[-2]
        self.magnitude = magnitude.to(device, dtype)
        start = torch.stack([_phases(seed, slot, tuple(magnitude.shape)) for seed, slot in slots])
        self.phase = start.to(device, dtype).requires_grad_()
        # In these columns the conjugate of a wave is another row of the same column: their phases are not independent.
        self._ends = [0] if self.size % 2 else [0, self.size // 2]
        self._mirrored = -torch.arange(self.size, device=device) % self.size

    def parameters(self) -> list[Tensor]:
        """What an optimiser may change: the phases in radians, [B, 3, size, size // 2 + 1]."""
        return [self.phase]

    def __call__(self) -> Tensor:
        """The pictures, RGB in (0, 1), [B, 3, size, size], differentiable in `parameters()`."""
        ends = self.phase[..., self._ends]
        phase = self.phase.clone()
        phase[..., self._ends] = (ends - ends[..., self._mirrored, :]) / 2
        phase[..., 0, 0] = self.phase[..., 0, 0]
        spectrum = torch.polar(self.magnitude.expand_as(phase), phase)
        return to_rgb(torch.fft.irfft2(spectrum, s=(self.size, self.size), norm="forward"))
