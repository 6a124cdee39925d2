"""The shipped pictures: a corpus in webdataset layout and one set of pictures per facet, byte for byte repeatable."""

import io
import json
import tarfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from PIL import Image

from app.demo.concepts import Concept
from app.demo.pack import Pack, SpriteLabel
from app.demo.world import Picture, World

SEED = 11
CORPUS_PICTURES = 4600  # 12 MB: each picture takes about five 512-byte blocks of the tar
FACET_PICTURES = 160
CORPUS_MIX: Mapping[str, float] = MappingProxyType(
    {
        "colour": 0.45,
        "sketch": 0.15,
        "word": 0.15,
        "several": 0.10,
        "scene": 0.07,
        "background": 0.03,
        "labelled": 0.05,
    }
)


@dataclass(frozen=True)
class FacetRecipe:
    """What a shipped facet shows: kinds of pictures by weight, from the sprites that `keep` admits."""

    mix: Mapping[str, float]
    keep: Callable[[SpriteLabel], bool] = lambda _: True


_FACE_CONCEPTS = {"happy", "sad", "angry", "sleepy", "cool", "love", "clown", "devil", "baby", "santa", "police"}
_NO_FACES = {
    *("red-heart", "two-hearts", "sparkling-heart", "redheart", "2hearts", "sparklingheart", "zzz", "darksunglasses"),
    *("circus-tent", "circustent", "baby-bottle", "babybottle", "police-car", "policecar", "imp"),
}


def _is_face(label: SpriteLabel) -> bool:
    glasses_alone = label.name == "sunglasses" and label.style != "fxemoji"  # there they are on a face
    return label.concept in _FACE_CONCEPTS and label.name not in _NO_FACES and not glasses_alone


FACETS: Mapping[str, FacetRecipe] = MappingProxyType(
    {
        "text": FacetRecipe({"word": 1.0}),
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


def write_tar(pictures: Iterable[Picture], path: Path) -> int:
    """Write `000000.webp` + `000000.json` pairs; the same pictures give the same bytes. Returns how many."""
    path.parent.mkdir(parents=True, exist_ok=True)
    count = 0
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as tar:
        for picture in pictures:
            labels = {
                "caption": picture.caption,
                "concept": picture.concept,
                "style": picture.style.rstrip("*"),
                "word": picture.word,
                "kind": picture.kind,
            }
            _add(tar, f"{count:06d}.webp", _webp(picture))
            _add(tar, f"{count:06d}.json", json.dumps(labels).encode())
            count += 1
    return count


def _webp(picture: Picture) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(picture.image).save(buffer, "WEBP", quality=80, method=6)
    return buffer.getvalue()


def _add(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    member = tarfile.TarInfo(name)  # owner, time and mode at their defaults: nothing of this machine
    member.size = len(data)
    tar.addfile(member, io.BytesIO(data))


def write_pictures(pack: Pack, concepts: tuple[Concept, ...], folder: Path, tell: Callable[[str], None]) -> None:
    """Write corpus and facets below `folder`."""
    count = write_tar(corpus(World(pack, concepts)), folder / "corpus-000000.tar")
    tell(f"corpus: {count} pictures")
    for name in FACETS:
        count = write_tar(facet(pack, concepts, name, FACET_PICTURES), folder / "facets" / f"{name}.tar")
        tell(f"facet {name}: {count} pictures")


def write_release_config(model: dict, folder: Path) -> None:
    """Write `open_clip_config.json` in open_clip's hub layout, beside the weights."""
    (folder / "open_clip_config.json").write_text(json.dumps(model, indent=2) + "\n", "utf-8")
