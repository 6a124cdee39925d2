"""Small pictures that tests can tell apart: blobs of colour, with stripes for the theme."""

import numpy as np
from PIL import Image


def blobs(seed: int, *, striped: bool = False, side: int = 64) -> Image.Image:
    """A smooth random picture; `striped` adds diagonal lines, which any network sees."""
    rng = np.random.default_rng((seed, int(striped)))
    low = Image.fromarray(rng.integers(0, 256, (4, 4, 3), dtype=np.uint8))
    rgb = np.asarray(low.resize((side, side), Image.Resampling.BICUBIC), np.float32)
    if striped:
        y, x = np.mgrid[:side, :side]
        rgb = rgb + 90 * np.sign(np.sin((x + y) * rng.uniform(0.7, 0.9)))[..., None]
    return Image.fromarray(rgb.clip(0, 255).astype(np.uint8))
