"""A corpus for which the tiny model has multimodal units for certain: two concepts that stand out in both of two ways."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app.clip.clip import Clip
from app.corpus.build import build
from app.corpus.index import Index
from app.corpus.sources import open_source
from tests.pictures import png, stripes, write_tar

CONCEPTS = ("stripes", "red", *(f"grey {number}" for number in range(2, 12)))
WAYS, EACH = ("drawn", "painted"), 6


@pytest.fixture(scope="session")
def planted(tiny_clip: Clip, tmp_path_factory: pytest.TempPathFactory) -> tuple[Clip, Index]:
    """The tiny model and an index of its last layer over twelve concepts; every fourth is of one family."""
    return tiny_clip, _index(tiny_clip, tmp_path_factory.mktemp("planted"), kinds=True)


@pytest.fixture(scope="session")
def planted_kindless(tiny_clip: Clip, tmp_path_factory: pytest.TempPathFactory) -> tuple[Clip, Index]:
    """The same pictures, with nothing recorded of the way they show a concept."""
    return tiny_clip, _index(tiny_clip, tmp_path_factory.mktemp("kindless"), kinds=False)


def _index(clip: Clip, folder: Path, *, kinds: bool) -> Index:
    rng, entries = np.random.default_rng(0), []
    for number, name in enumerate(CONCEPTS):
        for way, kind in enumerate(WAYS):
            for each in range(EACH):
                record = {"concept": name, "family": f"family {number % 4}", "caption": _caption(name, way, each)}
                record |= {"kind": kind} if kinds else {}
                key = f"{number:02d}-{way}-{each}"
                entries.append((f"{key}.png", png(_picture(number, way, each, rng))))
                entries.append((f"{key}.json", json.dumps(record).encode()))
    write_tar(folder / "corpus.tar", entries)
    build(clip, open_source(str(folder / "corpus.tar")), "planted", [clip.default_layer], folder / "index")
    return Index.open(folder / "index")


def _picture(number: int, way: int, each: int, rng: np.random.Generator) -> Image.Image:
    if number == 0:
        return stripes(10 * way + each)
    if number == 1:
        return Image.new("RGB", (64, 64), (255 - 8 * way - 3 * each, 8 * way, 0))
    noise = 128 + 4 * way + rng.normal(0, 6, (64, 64, 3))
    return Image.fromarray(noise.clip(0, 255).astype(np.uint8))


def _caption(name: str, way: int, each: int) -> str:
    """Two pictures of stripes are called `zebra` and one `once`; the first of every concept is a `pattern`."""
    if each == 0:
        return "pattern"
    if name == "stripes" and each < 4:
        return "once" if (way, each) == (1, 3) else "zebra" if each == 1 else name
    return name
