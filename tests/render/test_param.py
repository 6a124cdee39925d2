import numpy as np
import pytest
import torch

from app.render.param import FourierImage, PhaseImage, colour_matrix, frequencies, to_planes

CPU = torch.device("cpu")


def test_the_spectrum_is_the_explicit_fourier_sum():
    image = FourierImage([(3, 0)], 8, device=CPU, sd=1.0, dtype=torch.float64)
    spectrum = torch.view_as_complex(image.spectrum * image.scale)[0].detach().numpy()
    n = np.arange(8)
    wave = np.exp(2j * np.pi * np.outer(n, n) / 8)
    weight = np.array([1, 2, 2, 2, 1])  # a real picture: the other half of the spectrum is the conjugate
    planes = np.einsum("yu,cuv,vx,v->cyx", wave, spectrum, wave[:5], weight).real
    # The sums over v = 0 and 4 alone are not real: rows u and -u must be conjugate there, which irfft2 enforces.
    lines = np.stack([[np.fft.irfft(np.fft.ifft(c, axis=0), n=8, axis=1)] for c in spectrum])[:, 0]
    colours = colour_matrix().double().numpy()
    expected = 1 / (1 + np.exp(-np.einsum("rc,chw->rhw", colours, lines / 4)))
    np.testing.assert_allclose(image()[0].detach().numpy(), expected, rtol=1e-12)
    np.testing.assert_allclose(planes / 64, lines, atol=1e-12)


def test_a_slot_starts_from_its_own_seed_alone():
    alone = FourierImage([(7, 2)], 16, device=CPU)()
    among = FourierImage([(1, 0), (7, 2), (7, 3)], 16, device=CPU)()
    assert torch.equal(alone[0], among[1])
    assert not torch.equal(among[1], among[2])


def test_the_start_is_nearly_grey_and_low_frequencies_dominate():
    picture = FourierImage([(0, 0)], 64, device=CPU)().detach()
    assert picture.min() > 0.3 and picture.max() < 0.7
    power = torch.fft.rfft2(picture - picture.mean(dim=(2, 3), keepdim=True)).abs().square().mean(dim=(0, 1))
    radius = frequencies(64)
    assert power[(radius > 0.01) & (radius < 0.1)].mean() > 10 * power[radius > 0.4].mean()


def test_odd_and_even_sides_keep_their_shape():
    for size in (33, 64):
        assert FourierImage([(0, 0)], size, device=CPU)().shape == (1, 3, size, size)


def magnitude(size: int) -> torch.Tensor:
    """Pink, and small enough that no picture comes near black or white."""
    planes = torch.tensor([0.1, 0.05, 0.05])[:, None, None]
    return (planes / (size * frequencies(size)).clamp_min(1)).double()


@pytest.mark.parametrize("size", [32, 33])
def test_a_picture_of_phases_has_the_given_magnitudes_whatever_the_phases(size: int):
    image = PhaseImage([(3, 0), (4, 0)], magnitude(size), device=CPU, dtype=torch.float64)
    with torch.no_grad():
        image.phase += torch.randn(image.phase.shape, generator=torch.Generator().manual_seed(0))
    assert image().shape == (2, 3, size, size)
    found = torch.fft.rfft2(to_planes(image().detach()), norm="forward").abs()
    expected = magnitude(size).expand(2, -1, -1, -1).clone()
    expected[..., 0, 0] *= image.phase.detach()[..., 0, 0].cos().abs()
    torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-12)


def test_every_phase_that_shows_has_a_slope():
    image = PhaseImage([(3, 0)], magnitude(16), device=CPU, dtype=torch.float64)
    weights = torch.rand(1, 3, 16, 16, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    (image() * weights).sum().backward()
    assert image.phase.grad is not None
    silent = (image.phase.grad == 0).nonzero()[:, 2:].unique(dim=0).tolist()
    assert silent == [[0, 8], [8, 0], [8, 8]]  # waves whose sign alone is free, which no slope could change


def test_phases_start_from_their_own_seed_alone():
    alone = PhaseImage([(7, 2)], magnitude(16), device=CPU)()
    among = PhaseImage([(1, 0), (7, 2), (7, 3)], magnitude(16), device=CPU)()
    assert torch.equal(alone[0], among[1])
    assert not torch.equal(among[1], among[2])


@pytest.mark.parametrize(("size", "decay"), [(33, 1.0), (64, 1.3)])
def test_a_batch_started_from_pictures_is_those_pictures(size: int, decay: float):
    pictures = torch.rand(2, 3, size, size, generator=torch.Generator().manual_seed(0))
    pictures[0, :, :8] = 0.0
    pictures[1, 0, :8] = 1.0
    image = FourierImage.of(pictures, device=CPU, decay=decay)
    assert (image() - pictures.clamp(0.02, 0.98)).abs().max() < 1 / 255
    assert image.spectrum.requires_grad
