"""The pictures behind a facet: how a theme's are kept, what names the facet, and the generic ones it is told from."""

from collections.abc import Iterable
from io import BytesIO

import numpy as np
from PIL import Image

from app import images
from app.corpus.index import Index
from app.spec import content_id

KEPT_SIDE = 512  # px; more than any served model reads
KEPT_QUALITY = 92  # WebP
NEGATIVES = 600


def kept(picture: Image.Image) -> tuple[str, Image.Image]:
    """What is kept of a picture, and its content id: the same picture in another file has the same id."""
    small = images.thumbnail(picture, KEPT_SIDE)
    return images.image_id(small), small


def stored(picture: Image.Image) -> bytes:
    """The bytes that a kept picture is stored in."""
    return images.encode_webp(picture, quality=KEPT_QUALITY)


def restored(data: bytes) -> Image.Image:
    """The picture as the probes are trained on it, from its stored bytes."""
    return Image.open(BytesIO(data), formats=("WEBP",)).convert("RGB")


def identity(title: str, model: str, corpus: str | None, pictures: Iterable[str], *, spatial: bool = False) -> str:
    """The id of a facet: of its title, its model, the corpus it was asked to be told from, its pictures' ids, and
    whether its probes weigh every place by itself."""
    return content_id("spatial facet" if spatial else "facet", title, model, corpus or "", *sorted(pictures))


def sample(index: Index) -> list[Image.Image]:
    """The generic pictures a facet is told from: a seeded sample of the corpus."""
    order = np.random.default_rng(0).permutation(len(index))
    return [index.image(int(i)) for i in order[:NEGATIVES]]
