"""The automatic labels of this server's indexes: read where they are, made in the background where they are not."""

import logging
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache

from app.corpus.index import Index
from app.errors import FacetscopeError, NotFound, NotReady
from app.job import Job
from app.lab.labels import LayerLabels, missing, place
from app.lab.making import Making, making
from app.microscope.columns import UNASKED
from app.microscope.indexes import Indexes
from app.microscope.residents import Residents
from app.render.faults import is_fault
from app.worker import Worker

log = logging.getLogger(__name__)


class LabelDesk:
    """Finds the automatic labels of indexes, and makes them on the device thread."""

    def __init__(self, worker: Worker, residents: Residents, indexes: Indexes) -> None:
        self.worker = worker
        self.residents = residents
        self.indexes = indexes
        self._said: dict[str, str] = {}
        self._passes: dict[str, Making] = {}

    def find(self, index: Index | None, layer: str) -> LayerLabels | None:
        """The labels of an index's layer; None where there are none of just this index."""
        written = self.written(index, layer) if index else None
        return _open(index, layer, written) if index and written else None

    def written(self, index: Index, layer: str) -> int | None:
        """When the file of a layer's labels was written, in nanoseconds; None where there is none."""
        try:
            return place(index, layer).stat().st_mtime_ns
        except OSError:
            return None

    def status(self, index: Index, layer: str) -> str:
        """How far the labels of a layer are, or how to make them; empty where they are there."""
        name = index.manifest.name
        if self.find(index, layer) is not None:
            return ""
        if name in self._said:
            return self._said[name]
        if self.worker.find(_key(name)):
            return f"What the units may be called by {name} is about to be worked out."
        return (
            f"What the units may be called by {name} is not worked out. "
            f"`uv run python -m app label build --model {index.manifest.model} --index {name}` does it."
        )

    def queue(self, name: str) -> None:
        """Queue the making of what is missing of an index's labels, but for large ones. What somebody made from other
        words stays."""
        index = self.indexes.open(name)
        if len(index) <= UNASKED and not self.indexes.fixed(index) and missing(index, index.manifest.layers):
            self._submit(index.manifest.model, name)

    def close(self) -> None:
        """Drop what was begun: call it when the device thread has stopped."""
        for steps in self._passes.values():
            with suppress(ValueError):  # the thread is still in it, and ends with the process
                steps.close()

    def _submit(self, slug: str, name: str) -> None:
        self.worker.submit(Job(_key(name), lambda job: self._make(slug, name, job), background=True))

    def _make(self, slug: str, name: str, job: Job) -> Iterator[None]:
        """Begin, or go on until another job waits: then that goes first, as with columns. Renders have the device to
        themselves."""
        failed = f"What the units may be called by {name} could not be worked out:"
        try:
            if name not in self._passes:
                self._passes[name] = making(self.residents.clip(slug), self.indexes.open(name))
            for done, total in self._passes[name]:
                self._said[name] = (
                    f"What the units may be called by {name} is being worked out: {100 * done // total}%."
                )
                job.announce()
                if self.worker.wanted:
                    self.worker.post(self._submit, slug, name)  # runs when this job has ended
                    return
                yield
                while self.worker.sharing and not self.worker.wanted:
                    yield
            self._said.pop(name, None)
        except FacetscopeError as error:
            self._said[name] = f"{failed} {error.detail}"
        except Exception as error:
            if is_fault(error):
                raise  # the next start does it again
            log.exception("naming the units by %s failed", name)
            self._said[name] = f"{failed} the server's log says why."
        self._passes.pop(name, None)


def _key(name: str) -> str:
    return f"labels:{name}"


@lru_cache(maxsize=64)
def _open(index: Index, layer: str, _written: int) -> LayerLabels | None:
    try:
        return LayerLabels.open(index, layer)
    except (NotFound, NotReady) as error:
        log.warning("%s", error.detail)
        return None
