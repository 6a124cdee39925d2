"""Decode a source's pictures ahead of the model, on a few threads, in order."""

import os
from collections import deque
from collections.abc import Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor

from PIL import Image

from app.corpus.sources import Item
from app.errors import FacetscopeError
from app.images import decode

MAX_BYTES, MAX_PIXELS = 512_000_000, 89_000_000  # the files are the operator's own, so only what Pillow bears counts
AHEAD = 3  # pictures in flight per thread: at most a few, since one may take a quarter of a gigabyte

Decoded = tuple[Item, Image.Image | FacetscopeError]
"""An item with its picture, or with the reason why it has none."""


def decoded(items: Iterable[Item]) -> Generator[Decoded, None, None]:
    """Read and decode the items in order; close the iterator to stop the threads early."""
    threads = min(8, os.cpu_count() or 1)
    waiting: deque[Future[Decoded]] = deque()
    with ThreadPoolExecutor(threads, thread_name_prefix="decode") as pool:
        try:
            for item in items:
                waiting.append(pool.submit(_decode, item))
                if len(waiting) >= AHEAD * threads:
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


def _decode(item: Item) -> Decoded:
    try:
        return item, decode_item(item)
    except FacetscopeError as error:
        return item, error
