"""The automatic labels of this server's indexes: read where they are, made in the background where they are not."""

import logging
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache

from app.corpus.index import Index
from app.errors import NotFound, NotReady
from app.lab.labels import LayerLabels, missing, place
from app.lab.making import making
from app.microscope.background import Background, Steps
from app.microscope.columns import UNASKED
from app.microscope.indexes import Indexes
from app.microscope.residents import Residents
from app.worker import Worker

log = logging.getLogger(__name__)


class LabelDesk:
    """Finds the automatic labels of indexes, and makes them on the device thread."""

    def __init__(self, worker: Worker, residents: Residents, indexes: Indexes) -> None:
        self.residents = residents
        self.indexes = indexes
        self.then: Callable[[str], None] = lambda name: None  # what to do after an index's labels are there, or failed
        about = "What the units may be called by {}".format
        self._passes = Background(
            worker,
            "labels",
            self._steps,
            failed=lambda name: f"{about(name)} could not be worked out",
            going=lambda name, done, total: f"{about(name)} is being worked out: {100 * done // total}%.",
            after=self._after,
            beside=False,  # renders have the device to themselves
        )

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
        if said := self._passes.said(name):
            return said
        if self._passes.waits(name):
            return f"What the units may be called by {name} is about to be worked out."
        if self.indexes.fixed(index):
            return (
                f"What the units may be called by {name} was not exported with it. Have it worked out where it was built, "
                "with `label build`, and export it again."
            )
        return (
            f"What the units may be called by {name} is not worked out. "
            f"`uv run python -m app label build --model {index.manifest.model} --index {name}` does it."
        )

    def queue(self, name: str) -> None:
        """Queue the making of what is missing of an index's labels, but for large ones. What somebody made from other
        words stays."""
        index = self.indexes.open(name)
        if len(index) <= UNASKED and not self.indexes.fixed(index) and missing(index, index.manifest.layers):
            self._passes.submit(index.manifest.model, name)
        else:
            self.then(name)

    def close(self) -> None:
        """Drop what was begun: call it when the device thread has stopped."""
        self._passes.close()

    def _after(self, name: str) -> None:
        with suppress(NotFound):
            self.then(name)

    def _steps(self, slug: str, name: str) -> Steps:
        return making(self.residents.clip(slug), self.indexes.open(name))


@lru_cache(maxsize=64)
def _open(index: Index, layer: str, _written: int) -> LayerLabels | None:
    try:
        return LayerLabels.open(index, layer)
    except (NotFound, NotReady) as error:
        log.warning("%s", error.detail)
        return None
