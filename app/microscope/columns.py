"""The columns of this server's indexes: opened where they are, made in the background where they are not."""

import logging
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache

from app.corpus.alike import recorded, recording
from app.corpus.column_writer import making
from app.corpus.columns import FOLDER, HEADER, Columns
from app.corpus.index import Index
from app.errors import NotFound, NotReady
from app.microscope.background import Background, Steps
from app.microscope.indexes import Indexes
from app.microscope.residents import Residents
from app.worker import Worker

log = logging.getLogger(__name__)
UNASKED = 50_000  # pictures; the pass over a larger corpus takes hours without a GPU and is made only when asked for


class ColumnDesk:
    """Finds the columns of indexes, and makes them on the device thread."""

    def __init__(self, worker: Worker, residents: Residents, indexes: Indexes) -> None:
        self.residents = residents
        self.indexes = indexes
        self.then: Callable[[Index], None] = lambda index: None  # what to do after its columns are there, or failed
        about = "The activations on every picture of {}".format
        self._passes = Background(
            worker,
            "columns",
            self._steps,
            failed=lambda name: f"{about(name)} could not be recorded",
            going=lambda name, done, total: f"{about(name)} are being recorded: {done:,} of {total:,}.",
            after=self._after,
        )

    def find(self, index: Index | None) -> Columns | None:
        """The columns of an index; None where there are none of just this index."""
        if index is None:
            return None
        try:
            written = (index.folder / FOLDER / HEADER).stat().st_mtime_ns
        except OSError:
            return None
        try:
            return _open(index, written)
        except (NotFound, NotReady) as error:
            log.warning("%s", error.detail)
            return None

    def need(self, index: Index) -> Columns:
        """The columns of an index. Raises `NotReady`, saying how far they are or how to make them."""
        columns = self.find(index)
        if columns is None:
            raise NotReady(self.status(index))
        return columns

    def status(self, index: Index) -> str:
        """How far the columns of an index are, or how to make them; empty where they are there."""
        name = index.manifest.name
        if self.find(index) is not None:
            return ""
        if said := self._passes.said(name):
            return said
        if self._passes.waits(name):
            return f"The activations on every picture of {name} are about to be recorded."
        if self.indexes.fixed(index):
            return (
                f"The activations on every picture of {name} were not exported with it. Record them where it was built, "
                "with `index columns`, and export it again."
            )
        return (
            f"The activations on every picture of {name} are not recorded. "
            f"`uv run python -m app index columns {name} --model {index.manifest.model}` does it, in one pass over them."
        )

    def queue(self, slug: str) -> None:
        """Queue the making of what is missing of a model's indexes, but for large ones."""
        for index in self.indexes.of(slug):
            columns = self.find(index)
            if self.indexes.fixed(index):
                continue
            if recorded(columns) if columns else len(index) > UNASKED:
                self.then(index)
                continue
            self._passes.submit(slug, index.manifest.name)

    def close(self) -> None:
        """Drop what was begun: call it when the device thread has stopped."""
        self._passes.close()

    def _steps(self, slug: str, name: str) -> Steps:
        yield from making(self.residents.clip(slug), self.indexes.open(name))
        yield from recording(self.need(self.indexes.open(name)))

    def _after(self, name: str) -> None:
        with suppress(NotFound):
            self.then(self.indexes.open(name))


@lru_cache(maxsize=32)
def _open(index: Index, _written: int) -> Columns:
    return Columns.open(index.folder / FOLDER, index)
