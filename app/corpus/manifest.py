"""What an index says of itself: where it came from, with what it was made, and what was left out."""

from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from app.clip.clip import Clip
from app.corpus.reduce import REDUCER_VERSION
from app.corpus.sources import Source
from app.errors import NotFound, NotReady
from app.images import Refusal
from app.spec import canonical_json, content_id
from app.whole import write_whole

FILE = "manifest.json"
REASONS = 100  # refused images that are listed; all are counted
WORTH_A_WARNING = 0.01  # of the images: more refused ones are hardly chance


class IndexManifest(BaseModel):
    """The index's `key` names everything its tables depend on; `root` is only where the images were found.

    `skipped` counts the images left out; `refused` names the first hundred of them.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    key: str
    model: str
    weights_hash: str
    preprocessing: dict[str, Any]
    corpus_hash: str
    reducer_version: int
    source: str
    root: Path
    images: int
    skipped: int
    refused: tuple[Refusal, ...]
    layers: tuple[str, ...]

    @property
    def activations_key(self) -> str:
        """Names the activations on this corpus whatever layers were indexed: weights, preprocessing, pictures."""
        return content_id("activations", self.weights_hash, canonical_json(self.preprocessing), self.corpus_hash)

    @property
    def warnings(self) -> list[str]:
        """What somebody who reads the index should know first: that more than a hundredth of the corpus is missing."""
        everything = self.images + self.skipped
        if self.skipped <= WORTH_A_WARNING * everything:
            return []
        return [
            f"{self.skipped} of {everything} pictures ({self.skipped / everything:.1%}) were left out: "
            "the index speaks of the others only."
        ]

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read the manifest of an index.

        Raises:
            NotFound: there is no index in the folder.
            NotReady: there is one, but another version of the program wrote it.
        """
        path = folder / FILE
        try:
            return cls.model_validate_json(path.read_bytes())
        except OSError as error:
            raise NotFound(
                f"There is no index in {folder}: build one with `uv run python -m app index build`."
            ) from error
        except ValidationError as error:
            raise NotReady(f"The index in {folder} was written by another version: build it again.") from error

    def write(self, folder: Path) -> None:
        """Write the manifest, whole or not at all."""
        write_whole(folder / FILE, f"{self.model_dump_json(indent=1)}\n".encode())


def index_key(clip: Clip, source: Source, layers: list[str]) -> str:
    """The hash of all that the tables depend on: weights, preprocessing, the corpus, the layers, the reducers' code."""
    parts = [clip.weights_hash, preprocessing(clip), source.manifest_hash, sorted(layers), REDUCER_VERSION]
    return content_id("index", canonical_json(parts))


def preprocessing(clip: Clip) -> dict[str, Any]:
    """How pictures are brought to the model, as values for JSON."""
    return {
        "image_size": clip.image_size,
        "resize_mode": clip.resize_mode,
        "interpolation": clip.interpolation,
        "mean": clip.mean.flatten().tolist(),
        "std": clip.std.flatten().tolist(),
    }
