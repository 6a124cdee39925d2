"""An index on its way to another machine, beside its corpus: its tables, compressed, without what the corpus tells.

The list of the images is most of an index of few layers after its histograms, and is read again from the corpus; the
histograms are mostly zeros. So the tables of 768 units over 6,000 pictures travel in 1.8 MB instead of 8.9. What else
was measured of the corpus, `*.npz` beside the manifest, travels as it is: each such file says itself what it is of.
"""

import shutil
import zipfile
from pathlib import Path

import numpy as np

from app.clip.clip import Clip
from app.corpus.build import write_tables
from app.corpus.index import Index
from app.corpus.manifest import IndexManifest, index_key
from app.corpus.replacing import replacing
from app.corpus.rows import RowWriter
from app.corpus.sources import Source
from app.corpus.tables import Tables
from app.errors import BadInput, NotReady

Arrays = dict[str, np.ndarray]


def pack(index: Index, folder: Path) -> None:
    """Write `manifest.json`, `layers/LAYER.npz` and what else was measured to a folder. The same index gives the same
    bytes.

    Raises:
        BadInput: the index left images out, so that its numbering cannot be read off the corpus.
    """
    manifest = index.manifest
    if manifest.skipped:
        raise BadInput(
            f"The index {manifest.name} left out {manifest.skipped} of its images: take them out of the corpus, "
            "index it again, and pack that index.",
            field="index",
        )
    (folder / "layers").mkdir(parents=True, exist_ok=True)
    for layer in manifest.layers:
        np.savez_compressed(folder / "layers" / f"{layer}.npz", allow_pickle=False, **index.tables(layer))
    _take_along(index.folder, folder)
    manifest.model_copy(update={"source": Path(manifest.source).name, "root": Path()}).write(folder)


def unpack(folder: Path, clip: Clip, source: Source, name: str, out_dir: Path) -> IndexManifest:
    """Make the index in `out_dir` that `pack` took apart, replacing one that is there.

    Raises:
        NotFound: there is no packed index in the folder, or it has a layer that the model has not.
        NotReady: it is of other weights, another corpus or another version, or damaged; `out_dir` is as it was.
    """
    manifest = IndexManifest.read(folder)
    key = index_key(clip, source, list(manifest.layers))
    if manifest.key != key or manifest.skipped or manifest.images != source.count:
        raise NotReady(
            f"The index in {folder} was built with weights {manifest.weights_hash} and corpus {manifest.corpus_hash}, "
            f"not {clip.weights_hash} and {source.manifest_hash}, or by another version: build it again."
        )
    tables = {layer: _read(folder, layer, clip) for layer in manifest.layers}
    manifest = manifest.model_copy(
        update={"name": name, "model": clip.slug, "source": source.spec, "root": source.root}
    )
    with replacing(out_dir) as partial:
        with RowWriter(partial) as rows:
            rows.add(source)
        for layer, arrays in tables.items():
            write_tables(arrays, partial, layer)
        _take_along(folder, partial)
        manifest.write(partial)
    return manifest


def _take_along(source: Path, target: Path) -> None:
    for path in source.glob("*.npz"):
        shutil.copyfile(path, target / path.name)


def _read(folder: Path, layer: str, clip: Clip) -> Arrays:
    path = folder / "layers" / f"{clip.layer(layer).name}.npz"
    try:
        with path.open("rb") as file, np.load(file) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise NotReady(f"{path} cannot be read ({error}): build the index again.") from error
    if _shapes(arrays) != _shapes(Tables(clip.layers[layer].channels).state()):
        raise NotReady(f"{path} does not hold the tables of {layer}: build the index again.")
    return arrays


def _shapes(arrays: Arrays) -> dict[str, tuple[tuple[int, ...], np.dtype]]:
    return {name: (array.shape, array.dtype) for name, array in arrays.items()}
