"""What ships so that a first start computes nothing: an index of the last layer, trained facets, their galleries.

All of it comes from the shipped weights, corpus and facet pictures, through the code that serves any model.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image

from app import images
from app.clip.clip import Clip
from app.corpus.build import build
from app.corpus.index import Index
from app.corpus.packed import pack
from app.corpus.sources import open_source
from app.facets import facet as facet_file
from app.facets.facet import Facet
from app.facets.pictures import identity, kept, restored, sample, stored
from app.facets.train import default_layers, train
from app.render.gallery import render_layer

PRESET = "preview"
PLAIN = "any"  # the gallery without a facet
MAX_BYTES, MAX_PIXELS = 1_000_000, 1_000_000

Progress = Callable[[int, int | None], None]
Stage = Callable[[str], Progress]
"""Told the name of what is made next, gives what counts its steps."""


def write_release(clip: Clip, release: Path, out: Path, units: int | None, stage: Stage) -> None:
    """Write index, facets and galleries to `out`, from the corpus and the facets' pictures in `release`.

    Args:
        units: Only the first so many units of each gallery.
    """
    with TemporaryDirectory() as scratch:
        index = write_index(clip, release, out, Path(scratch) / "index", stage("index"))
        facets = write_facets(clip, release, index, out, stage("facets"))
    write_galleries(clip, facets, out, units, stage)


def write_index(clip: Clip, release: Path, out: Path, scratch: Path, progress: Progress) -> Index:
    """Index the last layer in `scratch`, and write what of it ships to `out/index`."""
    source = open_source(str(release / "corpus-*.tar"))
    build(clip, source, f"{clip.slug}-corpus", [clip.default_layer], scratch, progress=progress)
    index = Index.open(scratch)
    pack(index, out / "index")
    return index


def write_facets(clip: Clip, release: Path, index: Index, out: Path, progress: Progress) -> dict[str, Facet]:
    """Train the facets whose pictures are in `release/facets`, and write each to `out/facets/NAME.ID.safetensors`.

    Returns:
        The facets by id, which is the id that the server gives them.
    """
    tars, others = sorted((release / "facets").glob("*.tar")), sample(index)
    for old in (out / "facets").glob("*.safetensors"):
        old.unlink()
    facets = {}
    for count, tar in enumerate(tars, 1):
        theme = _theme(tar)
        number = identity(tar.stem, clip.slug, None, theme)
        positives = [restored(stored(picture)) for picture in theme.values()]
        facets[number] = train(clip, positives, others, default_layers(clip), seed=0)
        facet_file.save(facets[number], out / "facets" / f"{tar.stem}.{number}.safetensors")
        progress(count, len(tars))
    return facets


def _theme(tar: Path) -> dict[str, Image.Image]:
    """A facet's different pictures by their ids, in the order of the tar."""
    decoded = (images.decode(item.read(), max_bytes=MAX_BYTES, max_pixels=MAX_PIXELS) for item in open_source(str(tar)))
    theme: dict[str, Image.Image] = {}
    for number, picture in map(kept, decoded):
        theme.setdefault(number, picture)
    return theme


def write_galleries(clip: Clip, facets: Mapping[str, Facet], out: Path, units: int | None, stage: Stage) -> None:
    """Render the last layer without a facet and with each, to `out/gallery/LAYER/ID.zip`."""
    folder = out / "gallery" / clip.default_layer
    for old in folder.glob("*.zip"):
        old.unlink()
    for name, facet in {PLAIN: None, **facets}.items():
        path = folder / f"{name}.zip"
        told = stage(f"gallery {name}")
        render_layer(clip, clip.default_layer, facet, path, preset=PRESET, units=units, progress=told)
