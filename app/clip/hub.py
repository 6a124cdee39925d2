"""Weights by open_clip tag: where they lie in the cache, and fetching them from the Hugging Face hub."""

from pathlib import Path

from huggingface_hub import get_hf_file_metadata, hf_hub_download, hf_hub_url, try_to_load_from_cache
from huggingface_hub.constants import REPO_ID_SEPARATOR
from huggingface_hub.errors import EntryNotFoundError
from open_clip.constants import HF_SAFE_WEIGHTS_NAME, HF_WEIGHTS_NAME
from open_clip.pretrained import get_pretrained_cfg

from app.errors import WeightsMissing

PROBE_TIMEOUT_S = 8.0


def cached(architecture: str, tag: str, cache_dir: Path) -> Path | None:
    """The newest cached weights file of the tag, or None. Looks at the disk only."""
    repository, names = _candidates(architecture, tag)
    for name in names:
        found = try_to_load_from_cache(repository, name, cache_dir=cache_dir)
        if isinstance(found, str):
            return Path(found)
    return None


def expected(architecture: str, tag: str, cache_dir: Path) -> Path:
    """The file that `cached` looks for first, for people to read."""
    repository, names = _candidates(architecture, tag)
    folder = REPO_ID_SEPARATOR.join(["models", *repository.split("/")])
    return cache_dir / folder / "snapshots" / "*" / names[0]


def fetch(architecture: str, tag: str, cache_dir: Path, *, hint: str) -> Path:
    """Download the tag's weights into the cache; `hint` ends the sentence of the error.

    Raises:
        WeightsMissing: the hub cannot be reached or has no such file.
    """
    repository, names = _candidates(architecture, tag)
    try:
        name = _offered(repository, names)
        return Path(hf_hub_download(repository, name, cache_dir=cache_dir))
    except Exception as error:  # whatever the hub's client raises, people get one sentence
        wanted = expected(architecture, tag, cache_dir)
        reason = type(error).__name__
        raise WeightsMissing(
            f"The weights of {architecture}.{tag} are not here ({wanted}) and could not be downloaded from "
            f"{repository} ({reason}): {hint}.",
            field="model",
        ) from error


def _offered(repository: str, names: list[str]) -> str:
    """The first of the names that the hub has. Asks once: the client's own retries take 23 s without a network."""
    for name in names[:-1]:
        try:
            get_hf_file_metadata(hf_hub_url(repository, name), timeout=PROBE_TIMEOUT_S)
        except EntryNotFoundError:
            continue
        return name
    get_hf_file_metadata(hf_hub_url(repository, names[-1]), timeout=PROBE_TIMEOUT_S)
    return names[-1]


def _candidates(architecture: str, tag: str) -> tuple[str, list[str]]:
    """The hub repository of a tag and its weights' file names, safetensors first, as open_clip resolves them."""
    location = get_pretrained_cfg(architecture, tag)["hf_hub"]  # "owner/name/" or "owner/name/file"
    repository, _, name = location.rpartition("/")
    if not name:
        return repository, [HF_SAFE_WEIGHTS_NAME, HF_WEIGHTS_NAME]
    safe = str(Path(name).with_suffix(".safetensors"))
    return repository, list(dict.fromkeys([safe, name]))
