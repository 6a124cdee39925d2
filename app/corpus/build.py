"""Build an index: stream a corpus through a model once and keep what `tables` keeps of every unit."""

import re
import shutil
import tempfile
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from app.clip.clip import Clip
from app.corpus.layers import default_layers
from app.corpus.look import Measured, measure
from app.corpus.manifest import FILE, REASONS, IndexManifest, index_key, preprocessing
from app.corpus.pictures import Decoded, decoded
from app.corpus.reduce import REDUCER_VERSION, Batch
from app.corpus.rows import RowWriter
from app.corpus.sources import Item, Source
from app.corpus.tables import Tables
from app.errors import BadInput, FacetscopeError, NotFound, NotReady
from app.images import Refusal

GROUP = 32  # pictures per forward pass, always: for another number the kernels may round differently
REDUCED_AT_ONCE = 512  # images per update of the tables: each update sorts again what the tables hold
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")

Steps = Generator[tuple[int, int], None, IndexManifest]
"""Yields, after each batch, how many images were looked at and how many there are."""


class Cancelled(Exception):
    """Somebody asked the build to stop; nothing is left of it."""


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
        batch_size: Pictures between two calls of `progress`; on one machine the tables do not depend on it.
        progress: Called after every batch with the images looked at and how many there are.
        cancelled: Asked before every batch.

    Raises:
        Cancelled: `cancelled` said so; `out_dir` is as it was before.
        BadInput: a name that cannot be part of an address, or not one readable image.
        NotFound: an unknown layer.
    """
    with closing(building(clip, source, name, layers, out_dir, batch_size=batch_size)) as steps:
        while not cancelled():
            try:
                progress(*next(steps))
            except StopIteration as finished:
                return finished.value
    raise Cancelled


def building(
    clip: Clip, source: Source, name: str, layers: Sequence[str] | None, out_dir: Path, *, batch_size: int = 64
) -> Steps:
    """The steps of `build`, a batch each, for a caller who shares the device; closing the generator cancels."""
    _check_name(name)
    wanted = [clip.layer(layer).name for layer in layers] if layers else default_layers(clip)
    key = index_key(clip, source, wanted)
    current = _reusable(out_dir, key, name, source)
    if current is not None:
        return current
    stream = _Pass(clip, wanted)
    with replacing(out_dir) as partial:
        with RowWriter(partial) as rows:
            yield from stream.run(source, rows, batch_size)
        manifest = _manifest(clip, source, name, key, stream)
        for layer, tables in stream.tables.items():
            write_tables(tables.state(), partial, layer)
        manifest.write(partial)
    return manifest


@contextmanager
def replacing(out_dir: Path) -> Iterator[Path]:
    """A new folder that takes the place of `out_dir` when the block is through; an error leaves nothing of it.

    Whoever has the old one open keeps reading it until it is closed.

    Raises:
        BadInput: `out_dir` holds something that is no index, which must not be replaced.
    """
    if out_dir.exists() and not (out_dir / FILE).is_file() and (out_dir.is_file() or any(out_dir.iterdir())):
        raise BadInput(f"{out_dir} exists and is no index: choose another folder or name.", field="name")
    out_dir.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{out_dir.name}.partial-", dir=out_dir.parent))
    try:
        yield partial
        partial.chmod(0o755)  # mkdtemp makes it private
        old = partial.with_name(f"{partial.name}.old")
        if out_dir.exists():
            out_dir.rename(old)
        partial.rename(out_dir)
        shutil.rmtree(old, ignore_errors=True)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def write_tables(arrays: Mapping[str, np.ndarray], folder: Path, layer: str) -> None:
    """Write the tables of a layer to an index's folder, one file for each array so that it can be mapped."""
    place = folder / "layers" / layer
    place.mkdir(parents=True)
    for name, array in arrays.items():
        np.save(place / f"{name}.npy", array)


class _Pass:
    """One pass over the images: the tables of every layer, the count, and what was refused."""

    def __init__(self, clip: Clip, layers: list[str]) -> None:
        self.clip = clip
        self.tables = {layer: Tables(clip.layers[layer].channels) for layer in layers}
        self.images = self.reduced = self.skipped = 0
        self.refused: list[Refusal] = []
        self.pending: dict[str, list[tuple[Tensor, Tensor]]] = {layer: [] for layer in layers}

    def run(self, source: Source, rows: RowWriter, batch_size: int) -> Iterator[tuple[int, int]]:
        with closing(decoded(source)) as stream:
            pictures = self._readable(stream)
            while batch := list(islice(pictures, batch_size)):
                self._measure([item for item, _ in batch], torch.cat([rgb for _, rgb in batch]), rows)
                yield self.images + self.skipped, source.count
        self._reduce()
        if not self.images:
            reason = self.refused[0].reason if self.refused else "There are no pictures."
            raise BadInput(f"{source.spec} has not one picture that can be indexed: {reason}", field="images")

    def _readable(self, stream: Iterable[Decoded]) -> Iterator[tuple[Item, Tensor]]:
        """Items with their pictures [1, 3, S, S], one by one so that no more than one stays in full size."""
        for item, picture in stream:
            if isinstance(picture, FacetscopeError):
                self._refuse(item, picture.detail)
            else:
                yield item, self.clip.prepare([picture])

    def _measure(self, items: list[Item], rgb: Tensor, rows: RowWriter) -> None:
        measured = _in_groups(self.clip, rgb, list(self.tables))
        finite = torch.stack([values.isfinite().all(1) for values, _ in measured.values()]).all(0)
        good = [item for item, keep in zip(items, finite.tolist(), strict=True) if keep]
        for item in (item for item, keep in zip(items, finite.tolist(), strict=True) if not keep):
            self._refuse(item, f"{item.key} drives some unit to an activation that is not a finite number.")
        for layer, (values, places) in measured.items():
            self.pending[layer].append((values[finite], places[finite]))
        rows.add(self.images, good)
        self.images += len(good)
        if self.images - self.reduced >= REDUCED_AT_ONCE:
            self._reduce()

    def _reduce(self) -> None:
        if self.images == self.reduced:
            return
        ids = torch.arange(self.reduced, self.images)
        for layer, parts in self.pending.items():
            values, places = (torch.cat(column) for column in zip(*parts, strict=True))
            self.tables[layer].update(Batch(ids, values, places))
            parts.clear()
        self.reduced = self.images

    def _refuse(self, item: Item, reason: str) -> None:
        self.skipped += 1
        if len(self.refused) < REASONS:
            self.refused.append(Refusal(item.key, reason))


def _in_groups(clip: Clip, rgb: Tensor, layers: list[str]) -> dict[str, Measured]:
    """`measure` in passes of exactly `GROUP` pictures, the last filled up with black."""
    padded = torch.cat([rgb, rgb.new_zeros(-len(rgb) % GROUP, *rgb.shape[1:])])
    groups = [measure(clip, group, layers) for group in padded.split(GROUP)]
    columns = {layer: zip(*(group[layer] for group in groups), strict=True) for layer in layers}
    joined = {layer: tuple(torch.cat(parts)[: len(rgb)] for parts in column) for layer, column in columns.items()}
    return {layer: (values, places) for layer, (values, places) in joined.items()}


def _check_name(name: str) -> None:
    if not NAME.fullmatch(name):
        raise BadInput(
            f"The index name {name!r} cannot be part of an address: use up to 80 letters, digits, dots, dashes and "
            "underscores.",
            field="name",
        )


def _manifest(clip: Clip, source: Source, name: str, key: str, stream: _Pass) -> IndexManifest:
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
        images=stream.images,
        skipped=stream.skipped,
        refused=tuple(stream.refused),
        layers=tuple(stream.tables),
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
