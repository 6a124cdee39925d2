"""What facets' own pictures do to units: measured when a facet is trained, or when somebody asks, and kept.

They need no probe: a set of pictures can be compared with a corpus before its facet is trained, or where that failed.
"""

import logging
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from app.clip.clip import Clip
from app.corpus.index import Index
from app.errors import FacetscopeError, NotFound
from app.facets.own import activations, looking, own_id
from app.facets.pictures import restored
from app.job import Job
from app.microscope.residents import Residents
from app.render.faults import is_fault
from app.store import FacetRow, Store
from app.worker import Worker

log = logging.getLogger(__name__)
WAIT_S = 1.0  # that a page waits for a measurement before it says that one is under way
POLL_S = 0.05


class FacetPictures:
    """Finds the activations of an index's units on facets' own pictures, and has them measured on the device thread."""

    def __init__(self, store: Store, worker: Worker, residents: Residents) -> None:
        self.store = store
        self.worker = worker
        self.residents = residents
        self._failed: dict[str, str] = {}
        self._paths: dict[tuple[str, tuple[str, ...], str], Path | None] = {}

    def of(self, facet_id: str) -> list[Callable[[], Image.Image]]:
        """The pictures of a facet, each read when it is asked for."""
        return [partial(self._picture, image.blob) for image in self.store.facet(facet_id).images]

    def _picture(self, blob: str) -> Image.Image:
        return restored(self.store.files.blob(blob))

    def find(self, index: Index, facet_id: str, layer: str, unit: int) -> NDArray[np.float32] | None:
        """A unit's activation on each picture of a facet; None for one without pictures, or where it is not measured."""
        path = self._path(index, facet_id)
        try:
            return activations(path, layer, unit) if path else None
        except NotFound:
            return None

    def has(self, index: Index, facet_id: str) -> bool:
        """Whether there is nothing left to measure of a facet."""
        path = self._path(index, facet_id)
        return path is None or path.is_file()

    def looking(self, clip: Clip, index: Index, facet_id: str) -> Iterator[None]:
        """Measure the pictures of a facet, unless they are; on the device thread. Raises `NotFound` for a lost picture."""
        path = self._path(index, facet_id)
        if path and not path.is_file() and clip.weights_hash == index.manifest.weights_hash:
            for _ in looking(clip, self.of(facet_id), index.manifest.layers, path):
                yield

    def ask(self, index: Index, facet: FacetRow) -> str:
        """Have a facet's pictures measured, if need be, and wait a moment for it. Returns why they are not, or nothing."""
        key = self._key(index, facet.id)
        if self.has(index, facet.id) or key in self._failed:
            return self._failed.get(key, "")
        if not self.worker.find(f"facet:{facet.id}"):  # its training begins with them
            self.worker.submit(Job(key, lambda _: self._look(key, index, facet), shares=True), force=True)
        until = time.monotonic() + WAIT_S
        while time.monotonic() < until and key not in self._failed:
            if self.has(index, facet.id):
                return ""
            time.sleep(POLL_S)
        return self._failed.get(key, f"The pictures of {facet.name} are being looked at.")

    def drop(self, index: Index, facet_id: str) -> None:
        """Forget what a facet's pictures do to the units; facets of the same pictures have them looked at again."""
        path = self._path(index, facet_id)
        if path:
            path.unlink(missing_ok=True)

    def failed(self, index: Index, facet_id: str) -> bool:
        """Whether the pictures of a facet could not be measured: waiting changes nothing."""
        return self._key(index, facet_id) in self._failed

    def _look(self, key: str, index: Index, facet: FacetRow) -> Iterator[None]:
        try:
            yield from self.looking(self.residents.clip(facet.model), index, facet.id)
        except FacetscopeError as error:
            self._failed[key] = f"The pictures of {facet.name} could not be looked at: {error.detail}"
        except Exception as error:
            if is_fault(error):
                raise  # the next start does it again
            log.exception("looking at the pictures of facet %s failed", facet.id)
            self._failed[key] = f"The pictures of {facet.name} could not be looked at: the server's log says why."

    def _key(self, index: Index, facet_id: str) -> str:
        return f"pictures:{index.manifest.name}:{facet_id}"

    def _path(self, index: Index, facet_id: str) -> Path | None:
        """Where the activations on a facet's pictures are kept; None for a facet without any."""
        place = index.manifest.weights_hash, index.manifest.layers, facet_id
        if place not in self._paths:  # a facet's pictures never change: its id is made of theirs
            blobs = [image.blob for image in self.store.facet(facet_id).images]
            own = own_id(index.manifest.weights_hash, index.manifest.layers, blobs)
            self._paths[place] = self.store.files.facet_activations(own) if blobs else None
        return self._paths[place]
