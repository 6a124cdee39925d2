"""Render the units of a gallery on the workers of a Ray cluster; see `app/clip/cluster.py`.

Every task renders one batch of units with the very function that renders it here, so the pictures are the same.
"""

from collections import deque
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from app.clip.clip import Clip
from app.clip.cluster import Cluster, There
from app.render.gallery import Draw, Drawing, drawn


@contextmanager
def drawing_on_cluster(clip: Clip, cache_dir: Path, workers: int | None = None) -> Generator[Draw, None, None]:
    """What `render_layer` draws with, as long as the block lasts.

    Args:
        cache_dir: Where the workers find the model's weights.
        workers: How many render at once; none means as many as there are.

    Raises:
        BadInput: Ray is not installed.
    """
    with Cluster.of(clip, cache_dir, workers) as there:
        work = there.task(_work)

        def draw(drawing: Drawing, batches: Iterable[tuple[int, ...]]) -> Iterator[list[bytes]]:
            out: deque[Any] = deque()
            for batch in batches:
                out.append(work(drawing, batch))
                if len(out) == there.width:
                    yield there.result(out.popleft())
            while out:
                yield there.result(out.popleft())

        yield draw


def _work(there: There, drawing: Drawing, units: tuple[int, ...]) -> list[bytes]:
    """A task: render one batch of units, on whatever machine this is."""
    return drawn(there.clip(), drawing, units)
