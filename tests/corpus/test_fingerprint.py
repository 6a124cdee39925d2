"""Near-duplicates are found after what happens to pictures on the web; different ones never are, plain ones neither."""

import io
from itertools import combinations

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageEnhance

from app.corpus.fingerprint import SIZE, alike, fingerprint, folded


def photograph(seed: int, size: tuple[int, int] = (320, 240)) -> Image.Image:
    """Noise with as much at every scale, as photographs have, in a few colours and lights."""
    rng = np.random.default_rng(seed)
    total = np.zeros((size[1], size[0], 3))
    for cells in (3, 6, 12, 24, 48):
        coarse = rng.normal(size=(cells, cells, 3)) * (1, 0.9, 0.8) / cells**0.7
        for channel in range(3):
            plane = Image.fromarray(coarse[..., channel].astype(np.float32), "F")
            total[..., channel] += np.asarray(plane.resize(size, Image.Resampling.BICUBIC))
    grey = total.mean(2, keepdims=True)
    return Image.fromarray((128 + 160 * (0.7 * grey + 0.3 * total)).clip(0, 255).astype(np.uint8))


def jpeg(image: Image.Image) -> Image.Image:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=40)
    return Image.open(io.BytesIO(buffer.getvalue())).convert("RGB")


COPIES = {
    "half the size": lambda image: image.resize((image.width // 2, image.height // 2), Image.Resampling.LANCZOS),
    "JPEG of quality 40": jpeg,
    "brighter": lambda image: ImageEnhance.Brightness(image).enhance(1.1),
    "darker": lambda image: ImageEnhance.Brightness(image).enhance(0.9),
    "cropped": lambda image: image.crop((5, 4, image.width - 5, image.height - 4)),
}


def prints(images: list[Image.Image]) -> np.ndarray:
    return np.stack([fingerprint(image) for image in images])


PHOTOGRAPHS = [photograph(seed) for seed in range(40)]


@pytest.mark.parametrize("copy", COPIES)
def test_copies_are_found(copy: str) -> None:
    pairs = alike(prints(PHOTOGRAPHS), prints([COPIES[copy](image) for image in PHOTOGRAPHS]))
    assert pairs.shape == (40, 40)
    assert pairs.diagonal().mean() >= 0.95
    assert not (pairs & ~np.eye(40, dtype=bool)).any(), "and nothing else"


def lettered(word: str, ground: str, ink: str, at: tuple[int, int] = (20, 50)) -> Image.Image:
    image = Image.new("RGB", (128, 128), ground)
    ImageDraw.Draw(image).text((at[0], at[1]), word, ink, font_size=28)
    return image


def scenery(sky: tuple[int, int, int], ground: tuple[int, int, int], horizon: int) -> Image.Image:
    image = Image.new("RGB", (128, 128), sky)
    ImageDraw.Draw(image).rectangle((0, horizon, 128, 128), ground)
    return image


PLAIN = [
    *(lettered(word, "white", "black") for word in ("apple", "snake", "robot", "camel")),
    lettered("apple", "white", "red"),
    lettered("apple", "black", "white"),
    lettered("apple", "white", "black", at=(20, 80)),
    *(Image.new("RGB", (128, 128), colour) for colour in ("white", "black", "red", "navy")),
    scenery((200, 220, 255), (40, 160, 60), 64),
    scenery((230, 210, 190), (60, 150, 40), 64),
    scenery((200, 220, 255), (40, 160, 60), 90),
]


def test_plain_pictures_are_alike_only_if_they_are_the_same() -> None:
    marks = prints(PLAIN)
    assert not [
        (one, other) for one, other in combinations(range(len(PLAIN)), 2) if alike(marks[[one]], marks[[other]])
    ]
    assert alike(marks, marks).diagonal().all()


def test_a_picture_is_folded_into_the_first_that_it_duplicates() -> None:
    first, other = PHOTOGRAPHS[:2]
    row = [first, other, jpeg(first), COPIES["cropped"](other), COPIES["darker"](first), PHOTOGRAPHS[2]]
    assert folded(prints(row)) == [[0, 2, 4], [1, 3], [5]]


def test_a_fingerprint_is_of_the_square_that_the_model_sees() -> None:
    wide = photograph(0, (400, 240))
    middle = wide.crop((80, 0, 320, 240))
    assert fingerprint(wide).shape == (SIZE,)
    assert alike(prints([wide]), prints([middle]))[0, 0]
    whole = np.stack([fingerprint(wide, "longest")])
    assert not alike(whole, prints([middle]))[0, 0]
