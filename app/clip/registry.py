"""Which models there are: a slug or a local path becomes an architecture and a set of weights, and those become a Clip.

Slugs: `RN50x4.openai` and any other `ARCHITECTURE.TAG` of open_clip; `iconclip`, the model that comes with Facetscope;
`ARCHITECTURE@/path/to/checkpoint.pt` for one local file; `NAME@/path/to/folder` for a folder in open_clip's hub layout.
"""

import hashlib
import re
from pathlib import Path

import open_clip
import torch
from open_clip.pretrained import get_pretrained_cfg

from app.clip import checkpoint, hub
from app.clip.build import Recipe, check_tower, folder_recipe, local_recipe, module_from, tag_recipe
from app.clip.clip import Clip, assemble
from app.clip.entry import Entry
from app.clip.layers import Layer, layer_table
from app.errors import BadInput, NotFound, WeightsMissing
from app.settings import ROOT

OPENAI = ("RN50", "RN101", "RN50x4", "RN50x16", "RN50x64", "ViT-B-32", "ViT-B-16", "ViT-L-14")
RELEASE = ROOT / "app" / "demo" / "release"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")


def known() -> list[Entry]:
    """The models offered without being asked for: iconclip and OpenAI's eight."""
    return [_iconclip(), *(_tagged(name, "openai") for name in OPENAI)]


def entry(slug: str) -> Entry:
    """Find a model by its slug, or make an entry of `NAME@PATH`.

    Raises:
        NotFound: no such architecture or tag, or nothing at the path; the sentence lists what there is.
        BadInput: the name before `@` cannot be part of an address.
    """
    name, at, path = slug.partition("@")
    if at:
        return _local(name, Path(path).expanduser().absolute())
    if slug == "iconclip":
        return _iconclip()
    architecture, _, tag = slug.partition(".")
    if not get_pretrained_cfg(architecture, tag):
        raise NotFound(_unknown(slug, architecture), field="model")
    return _tagged(architecture, tag)


def cached(entry: Entry, cache_dir: Path) -> Path | None:
    """Where the entry's weights file lies on this machine, or None. Never touches the network."""
    if isinstance(entry.pretrained, Path):
        return checkpoint.find(entry.pretrained)
    return hub.cached(entry.architecture, entry.pretrained, cache_dir)


def lacking(entry: Entry, cache_dir: Path) -> str:
    """The sentence that says which file of weights is not on this machine and how to get it; empty where it is here."""
    return "" if cached(entry, cache_dir) else _missing(entry, cache_dir).detail


def fetch(entry: Entry, cache_dir: Path) -> Path:
    """Download the entry's weights into `cache_dir` unless they are there, and say where they lie.

    Raises:
        WeightsMissing: a local path that is not there, or the download failed; nothing half-loaded stays behind.
    """
    found = cached(entry, cache_dir)
    if found is not None:
        return found
    if isinstance(entry.pretrained, Path):
        raise _missing(entry, cache_dir)
    return hub.fetch(entry.architecture, entry.pretrained, cache_dir, hint=_remedy(entry))


def load(entry: Entry, cache_dir: Path, device: torch.device | str = "cpu", *, offline: bool = False) -> Clip:
    """Build the model from its weights: fp32, evaluation mode, no parameter wants a gradient.

    Weights that are not in the cache are downloaded once, unless `offline`.

    Raises:
        WeightsMissing: the weights are not there; the sentence names the file and the command that fetches it.
        NotReady: the file is damaged or belongs to another architecture.
    """
    path = cached(entry, cache_dir)
    if path is None and offline:
        raise _missing(entry, cache_dir)
    path = path or fetch(entry, cache_dir)
    state, from_openai = checkpoint.read(path)
    recipe = _recipe(entry, path, from_openai)
    module = module_from(recipe, state, path)
    return assemble(entry, module, recipe, torch.device(device))


def layers(entry: Entry) -> dict[str, Layer]:
    """The layer table of a model whose weights need not be here (for a folder, its config must be).

    Raises:
        WeightsMissing: a local folder without its config.
    """
    recipe = _recipe(entry, None, from_openai=False)
    with torch.device("meta"):  # shapes only: costs neither memory nor initialisation
        module = module_from(recipe, None, None)
    return layer_table(module.visual, recipe.image_size)


def image_size(entry: Entry) -> int:
    """The side in pixels of the pictures a model was trained on, from its configuration alone."""
    return _recipe(entry, None, from_openai=False).image_size


def _recipe(entry: Entry, weights: Path | None, from_openai: bool) -> Recipe:
    if isinstance(entry.pretrained, str):
        return tag_recipe(entry.architecture, entry.pretrained)
    if _is_folder(entry):
        return folder_recipe(entry.pretrained, entry.slug)
    return local_recipe(entry.architecture, weights or entry.pretrained, quick_gelu=from_openai)


def _is_folder(entry: Entry) -> bool:
    return isinstance(entry.pretrained, Path) and (entry.pretrained == RELEASE or entry.pretrained.is_dir())


def _iconclip() -> Entry:
    return Entry("iconclip", "IconCLIP", "iconclip", RELEASE)


def _tagged(architecture: str, tag: str) -> Entry:
    check_tower(architecture)
    maker = "OpenAI" if tag == "openai" else tag
    return Entry(f"{architecture}.{tag}", f"CLIP {architecture} ({maker})", architecture, tag)


def _local(name: str, path: Path) -> Entry:
    """A folder keeps the name it is given; a file is told from its namesakes by a hash of where it lies."""
    if not NAME.fullmatch(name):
        raise BadInput(
            f"The model name {name!r} cannot be part of an address: before the @ use up to 80 letters, digits, "
            "dots, dashes and underscores.",
            field="model",
        )
    if path.is_dir():
        if name == "iconclip" or get_pretrained_cfg(*name.partition(".")[::2]):
            raise BadInput(
                f"The name {name} is taken: give the folder {path} another name before the @.", field="model"
            )
        return Entry(name, name, name, path)
    if not path.is_file():
        raise NotFound(f"There is no file or folder {path}: check the path after the @.", field="model")
    if name not in open_clip.list_models():
        raise NotFound(_unknown(f"{name}@{path}", name), field="model")
    check_tower(name)
    stem = re.sub(r"[^A-Za-z0-9_-]+", "-", path.stem)[:40].strip("-")
    mark = hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:6]
    return Entry(f"{name}.{stem}-{mark}", f"CLIP {name} ({path.name})", name, path)


def _remedy(entry: Entry) -> str:
    if entry.pretrained == RELEASE:
        return "run `uv run python -m app demo train`, or check the clone for files left out"
    if isinstance(entry.pretrained, Path):
        return "put the checkpoint there, or name another path after the @"
    return f"run `uv run python -m app model fetch {entry.slug}` where there is a network"


def _missing(entry: Entry, cache_dir: Path) -> WeightsMissing:
    if isinstance(entry.pretrained, Path):
        wanted = entry.pretrained / "open_clip_model.safetensors" if _is_folder(entry) else entry.pretrained
    else:
        wanted = hub.expected(entry.architecture, entry.pretrained, cache_dir)
    return WeightsMissing(f"The weights of {entry.slug} are not here ({wanted}): {_remedy(entry)}.", field="model")


def _unknown(slug: str, architecture: str) -> str:
    tags = open_clip.list_pretrained_tags_by_model(architecture)
    if tags:
        return f"There are no weights {slug}: open_clip has {', '.join(f'{architecture}.{tag}' for tag in tags)}."
    return (
        f"There is no model {slug}: choose one of {', '.join(entry.slug for entry in known())}, another of open_clip's "
        "as ARCHITECTURE.TAG, or a checkpoint of your own as ARCHITECTURE@/path/to/file or NAME@/path/to/folder."
    )
