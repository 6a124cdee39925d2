"""Build time only: fetch the icon sets from the npm registry, each at the version the release was made from."""

import json
import subprocess
import tarfile
from pathlib import Path

from app.errors import NotReady

VERSIONS = {
    "noto": "1.2.9",
    "noto-v1": "1.2.5",
    "fluent-emoji-flat": "1.2.6",
    "fluent-emoji-high-contrast": "1.2.6",
    "fxemoji": "1.2.2",
    "tabler": "1.2.41",
    "mdi": "1.2.3",
    "lucide": "1.2.137",
    "ph": "1.2.2",
    "flag": "1.2.12",
    "circle-flags": "1.2.11",
    "twemoji": "1.2.5",  # held out: evaluation only, nothing of it ships
    "openmoji": "1.2.29",  # held out: evaluation only, nothing of it ships
}


def fetch_icons(folder: Path) -> None:
    """Make `folder/<set>/icons.json` for every set that is not there yet at its version.

    Raises:
        NotReady: npm is missing or the registry cannot be reached.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, version in VERSIONS.items():
        if _version(folder / name) != version:
            _fetch(folder, name, version)


def _version(folder: Path) -> str | None:
    manifest = folder / "package.json"
    return json.loads(manifest.read_text("utf-8"))["version"] if manifest.exists() else None


def _fetch(folder: Path, name: str, version: str) -> None:
    package = f"@iconify-json/{name}@{version}"
    try:
        done = subprocess.run(
            ["npm", "pack", "--silent", package], cwd=folder, check=True, capture_output=True, text=True
        )
    except (OSError, subprocess.CalledProcessError) as error:
        raise NotReady(f"{package} could not be fetched with npm ({error}): install npm and go online once.") from error
    archive = folder / done.stdout.split()[-1]
    with tarfile.open(archive) as tar:
        for member in tar.getmembers():
            member.name = member.name.removeprefix("package/")
            tar.extract(member, folder / name, filter="data")
    archive.unlink()
