"""The shipped pictures: a corpus and one set of pictures per facet, in tar shards with a table of labels beside them.

Byte for byte repeatable with one version of Pillow and of pyarrow.
"""

import io
import json
import tarfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from app.corpus import labels
from app.demo.concepts import Concept
from app.demo.pack import Pack, SpriteLabel
from app.demo.world import Picture, World

SEED = 11
CORPUS_PICTURES = 6000
QUALITY = 85  # WebP; 6,000 pictures and their table take 9.9 MB, and at 95 would take more than 12
COLUMNS = ("file_name", "caption", "concept", "family", "style", "word", "kind")
FACET_PICTURES = 320
# The three ways of showing a thing alike: a facet is told from the corpus, and a probe that must tell colour pictures from
# mostly colour pictures learns little.
CORPUS_MIX: Mapping[str, float] = MappingProxyType(
    {
        "colour": 0.26,
        "sketch": 0.26,
        "word": 0.26,
        "several": 0.06,
        "scene": 0.05,
        "background": 0.05,
        "labelled": 0.06,
    }
)


@dataclass(frozen=True)
class FacetRecipe:
    """What a shipped facet shows: kinds of pictures by weight, from the sprites that `keep` admits."""

    mix: Mapping[str, float]
    keep: Callable[[SpriteLabel], bool] = lambda _: True


FACE_CONCEPTS = {"happy", "sad", "angry", "sleepy", "cool", "love", "clown", "devil", "baby", "santa", "police"}
_NO_FACES = {
    *("red-heart", "two-hearts", "sparkling-heart", "redheart", "2hearts", "sparklingheart", "zzz", "darksunglasses"),
    *("circus-tent", "circustent", "baby-bottle", "babybottle", "police-car", "policecar", "imp"),
}


def _is_face(label: SpriteLabel) -> bool:
    glasses_alone = label.name == "sunglasses" and label.style != "fxemoji"  # there they are on a face
    return label.concept in FACE_CONCEPTS and label.name not in _NO_FACES and not glasses_alone


FACETS: Mapping[str, FacetRecipe] = MappingProxyType(
    {
        "text": FacetRecipe({"word": 1.0}),
        "colour": FacetRecipe({"colour": 1.0}),
        "sketch": FacetRecipe({"sketch": 1.0}),
        "face": FacetRecipe({"colour": 1.0}, _is_face),
        "flag": FacetRecipe({"colour": 1.0}, lambda label: label.kind == "flag"),
        "scene": FacetRecipe({"background": 0.5, "scene": 0.5}),
        "several": FacetRecipe({"many": 1.0}),
    }
)


def corpus(world: World, count: int = CORPUS_PICTURES, seed: int = SEED) -> Iterator[Picture]:
    """The corpus, picture by picture."""
    return (world.picture(seed, "corpus", index, mix=CORPUS_MIX) for index in range(count))


def facet(pack: Pack, concepts: tuple[Concept, ...], name: str, count: int, seed: int = SEED) -> Iterator[Picture]:
    """The pictures of a shipped facet, none of them in the corpus."""
    recipe = FACETS[name]
    world = World(pack.only(recipe.keep), concepts)
    return (world.picture(seed, f"facet/{name}", index, mix=recipe.mix) for index in range(count))


def write_shards(
    shards: Mapping[str, Iterable[Picture]], concepts: tuple[Concept, ...], folder: Path
) -> dict[str, int]:
    """Write each shard's pictures to `folder/NAME`, a tar, and the labels of all to one table beside them.

    Returns:
        How many pictures each shard has.
    """
    folder.mkdir(parents=True, exist_ok=True)
    family = {concept.name: concept.family for concept in concepts}
    rows: list[dict[str, str | None]] = []
    counts: dict[str, int] = {}
    for name, pictures in shards.items():
        before = len(rows)
        rows += (_row(f"{name}/{member}", picture, family) for member, picture in _tar(pictures, folder / name))
        counts[name] = len(rows) - before
    schema = pa.schema([(column, pa.string()) for column in COLUMNS])
    pq.write_table(pa.Table.from_pylist(rows, schema), folder / labels.FILE, compression="zstd")
    return counts


def _tar(pictures: Iterable[Picture], path: Path) -> Iterator[tuple[str, Picture]]:
    """Write the pictures to a tar, yielding each with its name there."""
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as tar:
        for number, picture in enumerate(pictures):
            member = tarfile.TarInfo(f"{number:06d}.webp")  # owner, time and mode at their defaults
            data = _webp(picture)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
            yield member.name, picture


def _row(file_name: str, picture: Picture, family: Mapping[str, str]) -> dict[str, str | None]:
    known = {
        "file_name": file_name,
        "caption": picture.caption,
        "concept": picture.concept,
        "family": family.get(picture.concept),
        "style": picture.style.rstrip("*"),
        "word": picture.word,
        "kind": picture.kind,
    }
    return {column: value or None for column, value in known.items()}


def _webp(picture: Picture) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(picture.image).save(buffer, "WEBP", quality=QUALITY, method=6)
    return buffer.getvalue()


def write_pictures(pack: Pack, concepts: tuple[Concept, ...], folder: Path, tell: Callable[[str], None]) -> None:
    """Write corpus and facets below `folder`."""
    counts = write_shards({"corpus-000000.tar": corpus(World(pack, concepts))}, concepts, folder)
    themes = {f"{name}.tar": facet(pack, concepts, name, FACET_PICTURES) for name in FACETS}
    counts |= write_shards(themes, concepts, folder / "facets")
    for name, count in counts.items():
        tell(f"{name}: {count} pictures")


def write_release_config(model: dict, folder: Path) -> None:
    """Write `open_clip_config.json` in open_clip's hub layout, beside the weights."""
    (folder / "open_clip_config.json").write_text(json.dumps(model, indent=2) + "\n", "utf-8")
