"""Indexes that lie elsewhere and are served where they are: folders of `index export`. Nothing is ever written to them."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from app.corpus.manifest import IndexManifest
from app.errors import BadInput, FacetscopeError


def mounted(folders: Iterable[Path], own: Path) -> dict[str, Path]:
    """The folders by the names of their indexes.

    Args:
        own: The folder of this server's own indexes, whose names are taken.

    Raises:
        BadInput: a folder that holds no index, or one of another version or of a name that is taken.
    """
    found: dict[str, Path] = {}
    for folder in (folder.absolute() for folder in folders):
        try:
            manifest = IndexManifest.read(folder)
        except FacetscopeError as error:
            raise BadInput(f"index: {folder} cannot be served: {error.detail}", field="index") from error
        name = manifest.name
        taken = found.get(name) or (own / name if (own / name).exists() else None)
        if taken is not None:
            raise BadInput(
                f"index: {folder} is called {name}, and so is {taken}: leave one of them out, or build it under another "
                "name.",
                field="index",
            )
        found[name] = folder
    return found


def check_served(folders: Iterable[Path], own: Path, slugs: Sequence[str]) -> None:
    """Check before a server starts that it can show the folders.

    Args:
        slugs: The models that it serves.

    Raises:
        BadInput: as `mounted`, and for an index of a model that is not served: nobody would see it.
    """
    for folder in mounted(folders, own).values():
        model = IndexManifest.read(folder).model
        if model not in slugs:
            raise BadInput(
                f"index: {folder} is of the model {model}, and this server has {', '.join(slugs)}: start it with "
                f"--model {model}.",
                field="index",
            )
