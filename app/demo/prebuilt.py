"""What ships so that a first start computes nothing: an index of the last layer, the spectrum of its corpus, trained
facets, their galleries.

All of it comes from the shipped weights, corpus and facet pictures, through the code that serves any model.
"""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image

from app import images
from app.clip.clip import Clip
from app.corpus.build import build
from app.corpus.index import Index
from app.corpus.packed import pack
from app.corpus.sample import sample, sample_key
from app.corpus.sources import open_source
from app.demo.compare import differences
from app.facets import facet as facet_file
from app.facets import pictures as facet_pictures
from app.facets.facet import Facet
from app.facets.pictures import identity, kept, restored, stored
from app.facets.train import default_layers, train
from app.progress import progress
from app.render.gallery import render_layer
from app.render.spectrum import spectrum_of

PLAIN = "any"  # the gallery without a facet
PLAIN_PRESET, FACET_PRESET = "standard", "preview"  # the plain one stands for the unit, the others are many
MAX_BYTES, MAX_PIXELS = 1_000_000, 1_000_000


def write_release(clip: Clip, release: Path, out: Path, units: int | None = None) -> None:
    """Write index, facets and galleries to `out`, from the corpus and the facets' pictures in `release`.

    Args:
        units: Only the first so many units of each gallery, made up to whole batches.
    """
    with TemporaryDirectory() as scratch:
        index = write_index(clip, release, out, Path(scratch) / "index")
        facets = write_facets(clip, release, index, out)
    write_galleries(clip, facets, out, units)


def check_release(clip: Clip, release: Path, units: int | None = None) -> list[str]:
    """Make everything anew elsewhere, and say what of `release` is not that."""
    with TemporaryDirectory() as scratch:
        write_release(clip, release, Path(scratch), units)
        return list(differences(release, Path(scratch)))


def write_index(clip: Clip, release: Path, out: Path, scratch: Path) -> Index:
    """Index the last layer in `scratch`, measure the corpus' spectrum, and write what of it ships to `out/index`."""
    source = open_source(str(release / "corpus-*.tar"))
    with progress("index") as tell:
        build(clip, source, f"{clip.slug}-corpus", [clip.default_layer], scratch, progress=tell)
    index = Index.open(scratch)
    spectrum_of(index.folder, sample_key(index), sample(index))
    pack(index, out / "index")
    return index


def write_facets(clip: Clip, release: Path, index: Index, out: Path) -> dict[str, Facet]:
    """Train the facets whose pictures are in `release/facets`, and write each to `out/facets/NAME.ID.safetensors`.

    Returns:
        The facets by id, which is the id that the server gives them.
    """
    tars, others = sorted((release / "facets").glob("*.tar")), facet_pictures.sample(index)
    for old in (out / "facets").glob("*.safetensors"):
        old.unlink()
    facets = {}
    with progress("facets") as tell:
        for count, tar in enumerate(tars, 1):
            theme = _theme(tar)
            number = identity(tar.stem, clip.slug, None, theme)
            positives = [restored(stored(picture)) for picture in theme.values()]
            facets[number] = train(clip, positives, others, default_layers(clip), seed=0)
            facet_file.save(facets[number], out / "facets" / f"{tar.stem}.{number}.safetensors")
            tell(count, len(tars))
    return facets


def _theme(tar: Path) -> dict[str, Image.Image]:
    """A facet's different pictures by their ids, in the order of the tar."""
    decoded = (images.decode(item.read(), max_bytes=MAX_BYTES, max_pixels=MAX_PIXELS) for item in open_source(str(tar)))
    theme: dict[str, Image.Image] = {}
    for number, picture in map(kept, decoded):
        theme.setdefault(number, picture)
    return theme


def write_galleries(clip: Clip, facets: Mapping[str, Facet], out: Path, units: int | None = None) -> None:
    """Render the last layer without a facet and with each, to `out/gallery/LAYER/ID.zip`."""
    folder = out / "gallery" / clip.default_layer
    for old in folder.glob("*.zip"):
        old.unlink()
    for name, facet in {PLAIN: None, **facets}.items():
        with progress(f"gallery {name}") as tell:
            path, preset = folder / f"{name}.zip", FACET_PRESET if facet else PLAIN_PRESET
            render_layer(clip, clip.default_layer, facet, path, preset=preset, units=units, progress=tell)
