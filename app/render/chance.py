"""Randomness of a render: one generator per (seed, slot, step), so that no picture depends on its companions."""

import numpy as np


def generator(seed: int, slot: int, step: int) -> np.random.Generator:
    """The generator of one slot at one step; step 0 draws the starting picture.

    NumPy's `SeedSequence` mixes the three numbers; drawing on the CPU makes a seed mean the same on every device.
    """
    return np.random.default_rng((seed, slot, step))
