"""Build an index: stream a corpus through a model once and keep what `tables` keeps of every unit.

The source is cut into partitions; each is measured once and kept until the index is whole, so that a build that was
stopped, however rudely, goes on where it was. The index does not depend on where the cuts are or how often it stopped.
"""

import re
import shutil
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

import numpy as np
import torch

from app.clip.clip import Clip
from app.corpus.fold import Fold
from app.corpus.gather import Measure, Step, gathering
from app.corpus.layers import default_layers
from app.corpus.manifest import IndexManifest, index_key, preprocessing
from app.corpus.partition import IMAGES, check_partition, measuring
from app.corpus.reduce import REDUCER_VERSION
from app.corpus.replacing import KEPT, replacing
from app.corpus.rows import RowWriter
from app.corpus.sources import Source
from app.corpus.unfinished import VERSION, Unfinished
from app.errors import BadInput, NotFound, NotReady
from app.images import Refusal
from app.spec import canonical_json, content_id

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")


Engine = Callable[[Clip, Source, list[str], Unfinished, int], AbstractContextManager[Measure]]
"""Where partitions are measured: given the model, the source, the layers, what is there already, and how many pictures
to take at a time, something to be entered for as long as the build lasts."""

Steps = Generator[Step, None, IndexManifest]
"""Yields after each batch, and first of all where a build that was stopped goes on."""


class Cancelled(Exception):
    """Somebody asked the build to stop; the next one goes on from its last whole partition."""


@contextmanager
def here(clip: Clip, _source: Source, layers: list[str], _unfinished: Unfinished, batch_size: int) -> Iterator[Measure]:
    """The engine that measures in this thread, when a partition is asked for."""
    yield lambda _number, items: measuring(clip, items, layers, batch_size)


def build(
    clip: Clip,
    source: Source,
    name: str,
    layers: Sequence[str] | None,
    out_dir: Path,
    *,
    batch_size: int = 64,
    partition: int = IMAGES,
    engine: Engine = here,
    progress: Callable[[int, int | None], None] = lambda _done, _total: None,
    resumed: Callable[[int, int], None] = lambda _kept, _total: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> IndexManifest:
    """Build the index of a source in `out_dir`, or keep the one that is there if it has the same key.

    Args:
        layers: Layers to index; none means `default_layers`.
        batch_size: Pictures between two calls of `progress`; on one machine the tables do not depend on it.
        partition: Images whose activations are kept together, which is what stopping costs at most; the tables do not
            depend on it, but only a build with the same number goes on from one that was stopped.
        engine: Where partitions are measured.
        progress: Called after every batch with the images looked at and how many there are.
        resumed: Called at most once, before everything else: so many images need not be looked at again.
        cancelled: Asked before every batch.

    Raises:
        Cancelled: `cancelled` said so; `out_dir` is as it was before, and the same call goes on.
        BadInput: a name that cannot be part of an address, or not one readable image.
        NotFound: an unknown layer.
        NotReady: somebody else is building in `out_dir`.
    """
    steps = building(clip, source, name, layers, out_dir, batch_size=batch_size, partition=partition, engine=engine)
    told = False
    with closing(steps):
        while not cancelled():
            try:
                step = next(steps)
            except StopIteration as finished:
                return finished.value
            if step.kept and not told:
                resumed(step.kept, step.total)
                told = True
            progress(step.done, step.total)
    raise Cancelled


def building(
    clip: Clip,
    source: Source,
    name: str,
    layers: Sequence[str] | None,
    out_dir: Path,
    *,
    batch_size: int = 64,
    partition: int = IMAGES,
    engine: Engine = here,
) -> Steps:
    """The steps of `build`, a batch each, for a caller who shares the device; closing the generator cancels."""
    _check_name(name)
    check_partition(partition)
    wanted = [clip.layer(layer).name for layer in layers] if layers else default_layers(clip)
    key = index_key(clip, source, wanted)
    current = _reusable(out_dir, key, name, source)
    if current is not None:
        return current
    with replacing(out_dir, _unfinished_key(clip, key, partition)) as folder:
        whole = _reusable(folder, key, name, source)  # was stopped just before it took its place
        if whole is not None:
            return whole
        _clean(folder)
        fold = Fold({layer: clip.layers[layer].channels for layer in wanted})
        unfinished = Unfinished(folder / KEPT, partition)
        with engine(clip, source, wanted, unfinished, batch_size) as measure, RowWriter(folder) as rows:
            refused = yield from gathering(source, measure, fold, unfinished, rows)
        if not fold.images:
            shutil.rmtree(folder / KEPT)
            reason = refused[0].reason if refused else "There are no pictures."
            raise BadInput(f"{source.spec} has not one picture that can be indexed: {reason}", field="images")
        fold.reduce()
        for layer, tables in fold.tables.items():
            write_tables(tables.state(), folder, layer)
        manifest = _manifest(clip, source, name, key, fold, refused)
        manifest.write(folder)
    return manifest


def _clean(folder: Path) -> None:
    """Remove what was written when a build was stopped near its end."""
    for path in folder.iterdir():
        if path.is_file():
            path.unlink()
        elif path.name != KEPT:
            shutil.rmtree(path)


def _unfinished_key(clip: Clip, key: str, partition: int) -> str:
    """What the files of a build that was stopped depend on: a GPU and a CPU do not round alike."""
    return content_id("unfinished", canonical_json([key, partition, clip.device.type, torch.__version__, VERSION]))


def write_tables(arrays: Mapping[str, np.ndarray], folder: Path, layer: str) -> None:
    """Write the tables of a layer to an index's folder, one file for each array so that it can be mapped."""
    place = folder / "layers" / layer
    place.mkdir(parents=True)
    for name, array in arrays.items():
        np.save(place / f"{name}.npy", array)


def _check_name(name: str) -> None:
    if not NAME.fullmatch(name):
        raise BadInput(
            f"The index name {name!r} cannot be part of an address: use up to 80 letters, digits, dots, dashes and "
            "underscores.",
            field="name",
        )


def _manifest(clip: Clip, source: Source, name: str, key: str, fold: Fold, refused: Sequence[Refusal]) -> IndexManifest:
    return IndexManifest(
        name=name,
        key=key,
        model=clip.slug,
        weights_hash=clip.weights_hash,
        preprocessing=preprocessing(clip),
        corpus_hash=source.manifest_hash,
        reducer_version=REDUCER_VERSION,
        source=source.spec,
        root=source.root,
        images=fold.images,
        skipped=len(fold.refused),
        refused=tuple(refused),
        layers=tuple(fold.tables),
    )


def _reusable(out_dir: Path, key: str, name: str, source: Source) -> IndexManifest | None:
    """The manifest of an index with the same key, told where the images are now."""
    try:
        manifest = IndexManifest.read(out_dir)
    except (NotFound, NotReady):
        return None
    if manifest.key != key:
        return None
    moved = manifest.model_copy(update={"name": name, "source": source.spec, "root": source.root})
    if moved != manifest:
        moved.write(out_dir)
    return moved
