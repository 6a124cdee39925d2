"""How much every image of a corpus is of a facet's theme: the probability that its probes give it, one file a facet.

`facets/FACET.safetensors` in an index's folder has `probability`, float32 [images], and says in its metadata which index
and which probes it is of. A column of another index, other probes or another version is not used, but made again.
"""

import json
from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError
from safetensors.numpy import save

from app.clip.clip import Clip
from app.corpus.index import Index
from app.corpus.manifest import IndexManifest
from app.corpus.partition import GROUP
from app.corpus.pictures import decoded
from app.errors import FacetscopeError, NotFound, NotReady
from app.facets.facet import Facet, probes_id, scores
from app.whole import write_whole

FOLDER, SUFFIX = "facets", ".safetensors"
VERSION = 1
TENSOR, ABOUT = "probability", "about"
OWN = 0.5  # probability from which the probes take an image for their own
LONGEST_HEADER = 1_000_000  # bytes; more is no file of ours


@dataclass(frozen=True, eq=False)
class FacetColumn:
    """A facet's `probability` of every image of a corpus: float32 [images], 0 to 1."""

    probability: NDArray[np.float32]

    @property
    def own(self) -> NDArray[np.bool_]:
        """The images that the probes take for their own."""
        return self.probability >= OWN

    @cached_property
    def chance(self) -> float:
        """The share of all images that the probes take for their own: what that of images drawn at random would be."""
        return float(np.count_nonzero(self.own) / len(self.probability))


class About(BaseModel):
    """What a column says of itself: the key of its index, the facet, the hash of its probes, and its length."""

    model_config = ConfigDict(frozen=True)

    key: str
    facet: str
    probes: str
    version: int
    images: int


def column_path(index: Index, facet_id: str) -> Path:
    """Where a facet's column lies."""
    return index.folder / FOLDER / f"{facet_id}{SUFFIX}"


def read_column(index: Index, facet_id: str, probes: str) -> FacetColumn:
    """A facet's column, mapped from disk.

    Args:
        probes: The hash of the facet's probes as they are now, `probes_id`.

    Raises:
        NotFound: there is none.
        NotReady: it is of another index, other probes or another version, or damaged.
    """
    path = column_path(index, facet_id)
    wanted = About(key=index.manifest.key, facet=facet_id, probes=probes, version=VERSION, images=len(index))
    try:
        with path.open("rb") as file:
            found, start = _head(file.read(8), file.read)
        if found != wanted:
            raise NotReady(f"The column in {path} is of {found}, not of {wanted}: it has to be made again.")
        return FacetColumn(np.memmap(path, "<f4", "r", start, (found.images,)))
    except FileNotFoundError as error:
        raise NotFound(f"The index {index.manifest.name} has no column of the facet {facet_id}.") from error
    except (ValueError, KeyError, TypeError, ValidationError) as error:
        raise NotReady(f"The column in {path} is damaged: it has to be made again.") from error


def _head(size: bytes, read: Callable[[int], bytes]) -> tuple[About, int]:
    """What the file says of itself, and where in it the numbers start: safetensors begins with the length of its header,
    the header as JSON, and then the tensors."""
    length = int.from_bytes(size, "little")
    if not 0 < length < LONGEST_HEADER:
        raise ValueError("not a safetensors file")
    head = json.loads(read(length))
    return About.model_validate_json(head["__metadata__"][ABOUT]), 8 + length + head[TENSOR]["data_offsets"][0]


def write_column(index: Index, facet_id: str, probes: str, values: NDArray[np.float32]) -> None:
    """Keep a facet's column, whole or not at all."""
    about = About(key=index.manifest.key, facet=facet_id, probes=probes, version=VERSION, images=len(values))
    data = save({TENSOR: values.astype("<f4")}, metadata={ABOUT: about.model_dump_json()})
    write_whole(column_path(index, facet_id), data)


Making = Generator[tuple[int, int]]
"""Yields, after each batch, how many images were looked at and how many there are."""


def making(clip: Clip, index: Index, facets: Mapping[str, Facet]) -> Making:
    """The steps, a batch each, of making the columns of facets, by their ids: one pass over the images for all of them.

    Closing the generator leaves nothing behind. Without facets there are no steps.

    Raises:
        BadInput: a facet is of other weights.
        NotFound: the file of a picture is gone.
        NotReady: the index is of other weights, or was built anew meanwhile.
    """
    if not facets:
        return
    for facet in facets.values():
        facet.check(clip)
    if clip.weights_hash != index.manifest.weights_hash:
        raise NotReady(
            f"The index {index.manifest.name} was built with weights {index.manifest.weights_hash}, not "
            f"{clip.weights_hash}: build it again."
        )
    found, done = np.empty((len(facets), len(index)), np.float32), 0
    with closing(decoded(index.item(number) for number in range(len(index)))) as stream:
        while batch := list(islice(stream, GROUP)):
            rgb = []
            for _, picture in batch:
                if isinstance(picture, FacetscopeError):
                    raise picture
                rgb.append(clip.prepare([picture]))
            seen = scores(list(facets.values()), clip, torch.cat(rgb))
            found[:, done : done + len(batch)] = seen.T.cpu().numpy()
            done += len(batch)
            yield done, len(index)
    if IndexManifest.read(index.folder).key != index.manifest.key:
        raise NotReady(f"The index {index.manifest.name} was built anew while its images were shown to the facets.")
    for (facet_id, facet), values in zip(facets.items(), found, strict=True):
        write_column(index, facet_id, probes_id(facet), values)


def drop_others(index: Index, known: set[str]) -> None:
    """Remove the columns of facets that are not among the known ones."""
    for path in (index.folder / FOLDER).glob(f"*{SUFFIX}"):
        if path.stem not in known:
            path.unlink(missing_ok=True)
