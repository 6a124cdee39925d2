"""A small corpus on disk, and its index."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app.clip.clip import Clip
from app.corpus.build import build
from app.corpus.index import Index
from app.corpus.sources import open_source


def picture(seed: int, size: tuple[int, int] = (80, 64)) -> Image.Image:
    """A smooth random picture."""
    coarse = np.random.default_rng(seed).integers(0, 256, (5, 6, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC)


@pytest.fixture(scope="session")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """150 PNGs in two folders, sizes that vary, and four files that are not pictures whatever they are called."""
    root = tmp_path_factory.mktemp("photos")
    (root / "second").mkdir()
    for number in range(150):
        folder = root / "second" if number % 3 == 0 else root
        picture(number, (64 + number % 7, 64 + number % 5)).save(folder / f"red_cat-{number:03d}.png")
    (root / "notes.txt").write_text("not listed at all")
    (root / "broken.png").write_text("dear diary")
    (root / "empty.jpg").write_bytes(b"")
    (root / ".hidden.png").write_bytes(b"ignored")
    return root


@pytest.fixture(scope="session")
def index(tiny_clip: Clip, photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Index:
    """The index of `photos` under the tiny model's default layers."""
    folder = tmp_path_factory.mktemp("indexes") / "photos"
    build(tiny_clip, open_source(str(photos)), "photos", None, folder, batch_size=16)
    return Index.open(folder, clip=tiny_clip)
