"""Build an index: stream a corpus through a model once and keep what `tables` keeps of every unit."""

import os
import re
import shutil
import tempfile
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from app.clip.clip import Clip
from app.clip.taps import activations
from app.corpus.manifest import REASONS, IndexManifest, Refused, index_key, preprocessing
from app.corpus.reduce import Batch
from app.corpus.rows import RowWriter
from app.corpus.sources import Item, Source
from app.corpus.tables import Tables
from app.errors import BadInput, FacetscopeError, NotFound
from app.images import decode
from app.spec import ID_LENGTH

MAX_BYTES, MAX_PIXELS = 512_000_000, 89_000_000  # the files are the operator's own, so only what Pillow bears counts
REDUCED_AT_ONCE = 512  # images per update of the tables: sorting what they hold already is what an update costs
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")

Progress = tuple[int, int | None]
"""Images looked at so far, and how many there are, if known."""


class Cancelled(Exception):
    """Somebody asked the build to stop; nothing is left of it."""


def default_layers(clip: Clip) -> list[str]:
    """The layers worth indexing: the last block of each stage, and every second one of the stage before the last,
    which is where facets are trained. A transformer's blocks count as four stages of equal depth."""
    names = list(clip.layers)
    stages: dict[str, list[str]] = {}
    for name in names:
        stages.setdefault(name.rpartition(".")[0], []).append(name)
    groups = list(stages.values())
    if len(groups) == 1:
        groups = [group.tolist() for group in np.array_split(np.array(names, dtype=object), 4) if len(group)]
    wanted = {group[-1] for group in groups} | set(groups[-2 if len(groups) > 1 else -1][::2])
    return [name for name in names if name in wanted]


def build(
    clip: Clip,
    source: Source,
    name: str,
    layers: Sequence[str] | None,
    out_dir: Path,
    *,
    batch_size: int = 64,
    progress: Callable[[int, int | None], None] = lambda _done, _total: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> IndexManifest:
    """Build the index of a source in `out_dir`, or keep the one that is there if it has the same key.

    Args:
        layers: Layers to index; none means `default_layers`.
        progress: Called after every batch with images looked at and their number.
        cancelled: Asked after every batch.

    Raises:
        Cancelled: `cancelled` said so; `out_dir` is as it was before.
        BadInput: a name that cannot be part of an address, or not one readable image.
        NotFound: an unknown layer.
    """
    steps = building(clip, source, name, layers, out_dir, batch_size=batch_size)
    with closing(steps):
        while not cancelled():
            try:
                progress(*next(steps))
            except StopIteration as finished:
                return finished.value
    raise Cancelled


def building(
    clip: Clip, source: Source, name: str, layers: Sequence[str] | None, out_dir: Path, *, batch_size: int = 64
) -> Generator[Progress, None, IndexManifest]:
    """The steps of `build`, one a batch, for whoever shares the device; closing the generator cancels."""
    if not NAME.fullmatch(name):
        raise BadInput(
            f"The index name {name!r} cannot be part of an address: use up to 80 letters, digits, dots, dashes and "
            "underscores.",
            field="name",
        )
    wanted = [clip.layer(layer).name for layer in layers] if layers else default_layers(clip)
    key = index_key(clip, source, wanted)
    current = _reusable(out_dir, key, name, source)
    if current is not None:
        return current
    out_dir.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{out_dir.name}.partial-", dir=out_dir.parent))
    try:
        building = _Building(clip, wanted, partial)
        yield from building.run(source, batch_size)
        manifest = IndexManifest(
            name=name,
            key=key,
            model=clip.slug,
            weights_hash=clip.weights_hash,
            preprocessing=preprocessing(clip),
            corpus_hash=source.manifest_hash,
            reducer_version=key_version(),
            source=source.spec,
            root=source.root,
            images=building.images,
            skipped=building.skipped,
            refused=tuple(building.refused),
            layers=tuple(wanted),
        )
        building.write(manifest)
        _put_in_place(partial, out_dir)
        return manifest
    finally:
        shutil.rmtree(partial, ignore_errors=True)
