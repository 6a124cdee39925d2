"""What the Dockerfile put into the image: how large each part is, and what has no business there."""

import os
from collections import Counter
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

UNWANTED = {".git", ".cache", ".env"}
OWN = {"tests", "bench", "data", "model_cache", ".ci"}  # of the checkout: none is for the image


def files(root: Path) -> dict[str, int]:
    """The bytes of every file under a root, by its path from there; links count for nothing."""
    found: dict[str, int] = {}
    for folder, _, names in os.walk(root):
        for name in names:
            path = Path(folder, name)
            found[str(path.relative_to(root))] = 0 if path.is_symlink() else path.stat().st_size
    return found


def parts(sizes: dict[str, int]) -> Counter[str]:
    """Bytes of each package in .venv, and of each folder of the application."""
    sums: Counter[str] = Counter()
    for name, size in sizes.items():
        below = name.split("/")
        packages = below.index("site-packages") + 1 if "site-packages" in below else 1
        sums["/".join(below[packages - 1 : packages + 1])] += size
    return sums


def unwanted(root: Path, added: Iterable[str], workdir: str, tracked: Iterable[str]) -> list[str]:
    """Paths among those added that should not be there: what git does not track, the checkout's tests and results,
    caches, private keys, and anything outside the application's folder, its user's home and /etc."""
    known, home = set(tracked), workdir.strip("/")
    return sorted(name for name in added if _is_unwanted(root, PurePosixPath(name), PurePosixPath(home), known))


def _is_unwanted(root: Path, name: PurePosixPath, home: PurePosixPath, tracked: set[str]) -> bool:
    if UNWANTED & set(name.parts) or _is_private(root / name):
        return True
    if not name.is_relative_to(home):
        return name.parts[0] not in ("etc", "home")
    own = name.relative_to(home)
    return own.parts[0] != ".venv" and (str(own) not in tracked or own.parts[0] in OWN)


def _is_private(path: Path) -> bool:
    """Whether a file is a private key; lists of certificates, which packages bring, are not."""
    return path.suffix in (".pem", ".key") and path.is_file() and b"PRIVATE KEY" in path.read_bytes()
