"""The spectrum of a corpus: what it is, that it means the same at every size, and that a kept one is of its key."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from app.errors import NotReady
from app.render.param import frequencies, to_planes, to_rgb
from app.render.spectrum import FILE, Spectrum, measure, spectrum_of


def natural(count: int, side: int, seed: int = 0) -> Tensor:
    """Pictures [B, 3, side, side] whose waves are as strong as their frequency is low."""
    draw = torch.Generator().manual_seed(seed)
    waves = torch.fft.rfft2(torch.randn(count, 3, side, side, generator=draw))
    planes = torch.fft.irfft2(waves / (side * frequencies(side)).clamp_min(1))
    return to_rgb(planes)


def test_it_is_the_mean_amplitude_of_each_wave_in_the_planes():
    x = torch.arange(16) / 16
    wave = torch.cos(2 * torch.pi * (3 * x[:, None] + 2 * x[None, :]))
    pictures = to_rgb(torch.stack([0.2 * wave, 0.4 * wave]).expand(3, 2, 16, 16).transpose(0, 1))
    amplitude = measure(pictures[:, None]).amplitude
    assert amplitude.shape == (3, 16, 9) and amplitude.dtype == torch.float32
    torch.testing.assert_close(
        amplitude[:, 3, 2], torch.full((3,), 0.15)
    )  # half of the mean height, the other at -3, -2
    assert amplitude.sum() == pytest.approx(3 * 0.15, abs=1e-4)


def test_batches_of_any_size_give_the_same():
    pictures = natural(7, 16)
    whole, parts = measure([pictures]).amplitude, measure(pictures.split(3)).amplitude
    torch.testing.assert_close(whole, parts)


def test_black_and_white_have_a_spectrum():
    spectrum = measure([torch.stack([torch.zeros(3, 8, 8), torch.ones(3, 8, 8)])])
    assert spectrum.amplitude.isfinite().all() and spectrum.at(16).isfinite().all()


def test_no_pictures_are_refused():
    with pytest.raises(NotReady, match="no pictures"):
        measure([])


@pytest.mark.parametrize("size", [16, 24, 31, 32, 33, 48, 96])
def test_a_wave_keeps_its_strength_at_every_size(size: int):
    """A picture drawn at another size with these amplitudes has, scaled, the waves of the pictures measured."""
    spectrum = measure([natural(32, 32)])
    here, there = spectrum.amplitude, spectrum.at(size)
    assert there.shape == (3, size, size // 2 + 1) and (there > 0).all()
    shared = (min(size, 32) - 1) // 2
    for row in range(-shared, shared + 1):
        assert torch.equal(here[:, row, : shared + 1], there[:, row, : shared + 1])


def test_what_was_too_fine_to_be_measured_continues_the_power_law():
    radius = (32 * frequencies(32)).clamp_min(1)
    powers = torch.tensor([-0.7, -1.0, -1.8])[:, None, None]
    larger = (96 * frequencies(96)).clamp_min(1)
    torch.testing.assert_close(Spectrum(0.5 * radius**powers).at(96), 0.5 * larger**powers, rtol=1e-4, atol=0)


class Counted:
    """Pictures that count how often they are read."""

    def __init__(self, seed: int) -> None:
        self.seed, self.read = seed, 0

    def __iter__(self) -> Iterator[Tensor]:
        self.read += 1
        yield natural(4, 16, self.seed)


def test_it_is_measured_once_and_kept_with_its_key(tmp_path: Path):
    first, other = Counted(0), Counted(1)
    measured = spectrum_of(tmp_path, "a", first)
    kept = spectrum_of(tmp_path, "a", first)
    assert torch.equal(measured.amplitude, kept.amplitude) and first.read == 1
    changed = spectrum_of(tmp_path, "b", other)
    assert other.read == 1 and not torch.equal(changed.amplitude, measured.amplitude)
    assert [path.name for path in tmp_path.iterdir()] == [FILE]


def test_the_file_is_repeatable_and_a_damaged_one_is_made_again(tmp_path: Path):
    spectrum_of(tmp_path, "a", Counted(0))
    good = (tmp_path / FILE).read_bytes()
    (tmp_path / FILE).write_bytes(good[:-100])
    spectrum_of(tmp_path, "a", Counted(0))
    assert (tmp_path / FILE).read_bytes() == good


def test_planes_and_pictures_are_each_others_inverse():
    rgb = torch.rand(2, 3, 8, 8, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    np.testing.assert_allclose(to_rgb(to_planes(rgb)), rgb.clamp(0.02, 0.98), atol=1e-12)
