"""Decode a source's pictures ahead of the model, and bring them to its size, on a few threads and in order."""

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor

from PIL import Image

from app.corpus.sources import Item
from app.errors import FacetscopeError
from app.images import decode

MAX_BYTES, MAX_PIXELS = 512_000_000, 89_000_000  # the files are the operator's own, so only what Pillow bears counts
AHEAD = 3  # pictures in flight per thread: at most a few, since one may take a quarter of a gigabyte
FITTED_AHEAD = 64  # once they are of the model's size: two passes of it, so that it never waits for a whole batch

Decoded = tuple[Item, Image.Image | FacetscopeError]
"""An item with its picture, or with the reason why it has none."""


def decoded(
    items: Iterable[Item], fit: Callable[[Image.Image], Image.Image] | None = None
) -> Generator[Decoded, None, None]:
    """Read and decode the items in order; close the iterator to stop the threads early.

    Args:
        fit: Brings a picture to a small size, also on the threads: then more of them are read ahead.
    """
    threads = min(8, os.cpu_count() or 1)
    ahead = AHEAD * threads if fit is None else max(FITTED_AHEAD, AHEAD * threads)
    waiting: deque[Future[Decoded]] = deque()
    with ThreadPoolExecutor(threads, thread_name_prefix="decode") as pool:
        try:
            for item in items:
                waiting.append(pool.submit(_decode, item, fit))
                if len(waiting) >= ahead:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def decode_item(item: Item) -> Image.Image:
    """The picture of an item.

    Raises:
        NotFound: its file is gone.
        NotAnImage, TooLarge: it cannot be read.
    """
    return decode(item.read(), name=item.key, max_bytes=MAX_BYTES, max_pixels=MAX_PIXELS)


def _decode(item: Item, fit: Callable[[Image.Image], Image.Image] | None) -> Decoded:
    try:
        picture = decode_item(item)
        return item, picture if fit is None else fit(picture)
    except FacetscopeError as error:
        return item, error
