import numpy as np
import torch

from app.render.param import FourierImage, colour_matrix, frequencies

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
