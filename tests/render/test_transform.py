import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from app.render.transform import NONE, Affine, view


def picture(*shape: int) -> torch.Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(0))


def test_no_transform_is_the_picture():
    rgb = picture(2, 3, 32, 32)
    torch.testing.assert_close(view(rgb, NONE, [(0, 0), (1, 0)], 1, 32), rgb, rtol=0, atol=1e-6)


@settings(deadline=None, max_examples=25)
@given(size=st.integers(32, 100), side=st.sampled_from([32, 64]), step=st.integers(1, 5000), seed=st.integers(0, 2**31))
def test_a_view_keeps_the_range_and_has_the_models_size(size: int, side: int, step: int, seed: int):
    rgb = picture(1, 3, size, size)
    seen = view(rgb, Affine(jitter=0.2, scale=(0.5, 1.5), degrees=30), [(seed, 0)], step, side)
    assert seen.shape == (1, 3, side, side)
    assert seen.min() >= rgb.min() - 1e-5 and seen.max() <= rgb.max() + 1e-5


def test_a_view_depends_on_its_slot_and_step_and_on_nothing_else():
    rgb = picture(1, 3, 32, 32)
    alone = view(rgb, Affine(), [(5, 1)], 9, 32)
    among = view(rgb.expand(3, -1, -1, -1), Affine(), [(5, 0), (5, 1), (6, 1)], 9, 32)
    assert torch.equal(alone[0], among[1])
    assert not torch.allclose(among[0], among[1])
    assert not torch.allclose(alone, view(rgb, Affine(), [(5, 1)], 10, 32))


def test_magnification_shows_a_detail():
    rgb = torch.zeros(1, 3, 64, 64)
    rgb[:, :, 24:40, 24:40] = 1.0
    still = {"jitter": 0.0, "degrees": 0.0}
    near = view(rgb, Affine(scale=(2.0, 2.0), **still), [(0, 0)], 1, 64).mean()
    far = view(rgb, Affine(scale=(1.0, 1.0), **still), [(0, 0)], 1, 64).mean()
    np.testing.assert_allclose(near / far, 4.0, rtol=0.05)


def test_a_shift_is_at_most_the_jitter():
    matrices = [Affine(jitter=0.1).matrix(np.random.default_rng(i)) for i in range(200)]
    shifts = np.abs(np.stack(matrices)[:, :, 2])
    assert 0.15 < shifts.max() <= 0.2  # coordinates run from -1 to 1: twice the fraction
