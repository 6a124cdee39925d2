"""The families that clustering finds in this server's layers: read where they are, made in the background where not."""

import logging
from functools import lru_cache

from app.corpus.index import Index
from app.errors import NotFound, NotReady
from app.lab.grouped import LayerFamilies, making, missing, place
from app.microscope.background import Background, Steps
from app.microscope.columns import ColumnDesk
from app.microscope.indexes import Indexes
from app.microscope.labels import LabelDesk
from app.microscope.residents import Residents
from app.worker import Worker

log = logging.getLogger(__name__)


class FamilyDesk:
    """Finds the families of indexed layers, and makes them on the device thread."""

    def __init__(
        self, worker: Worker, residents: Residents, indexes: Indexes, columns: ColumnDesk, labels: LabelDesk
    ) -> None:
        self.residents = residents
        self.indexes = indexes
        self.columns = columns
        self.labels = labels
        self._passes = Background(
            worker,
            "families",
            self._steps,
            failed="The families of units by {} could not be found".format,
            going=lambda name, done, total: f"The families of units by {name} are being found: {100 * done // total}%.",
            beside=False,  # renders have the device to themselves
        )

    def find(self, index: Index | None, layer: str) -> LayerFamilies | None:
        """The families of an index's layer; None where there are none of just its labels."""
        if index is None or self.labels.find(index, layer) is None:
            return None
        try:
            written = place(index, layer).stat().st_mtime_ns
        except OSError:
            return None
        return _open(self.labels, index, layer, written, self.labels.written(index, layer))

    def status(self, index: Index, layer: str) -> str:
        """Why there are no families of a layer, or how far they are; empty where they are there."""
        name = index.manifest.name
        if self.find(index, layer) is not None:
            return ""
        if said := self._passes.said(name) or self.columns.status(index) or self.labels.status(index, layer):
            return said
        if self._passes.waits(name):
            return f"The families of units by {name} are about to be found."
        if self.indexes.fixed(index):
            return (
                f"The families of units by {name} were not exported with it. Have them found where it was built, "
                "with `family build`, and export it again."
            )
        return (
            f"The families of units by {name} are not found yet. "
            f"`uv run python -m app family build --model {index.manifest.model} --index {name}` does it."
        )

    def queue(self, name: str) -> None:
        """Queue the finding of what is missing of an index's families, where its columns and labels are there."""
        index = self.indexes.open(name)
        if not self.indexes.fixed(index) and self.columns.find(index) and missing(index, index.manifest.layers):
            self._passes.submit(index.manifest.model, name)

    def close(self) -> None:
        """Drop what was begun: call it when the device thread has stopped."""
        self._passes.close()

    def _steps(self, slug: str, name: str) -> Steps:
        index = self.indexes.open(name)
        return making(self.residents.clip(slug), index, self.columns.need(index))


@lru_cache(maxsize=64)
def _open(
    desk: LabelDesk, index: Index, layer: str, _written: int, _labels_written: int | None
) -> LayerFamilies | None:
    labels = desk.find(index, layer)
    try:
        return LayerFamilies.open(index, labels) if labels else None
    except (NotFound, NotReady) as error:
        log.warning("%s", error.detail)
        return None
