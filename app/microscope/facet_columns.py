"""The columns of facets: each facet's probability of every image of an index, made behind everything else."""

import logging
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from app.clip.clip import Clip
from app.corpus.index import Index
from app.errors import FacetscopeError, NotFound, NotReady
from app.facets import facet as facet_file
from app.facets.columns import FacetColumn, column_path, drop_others, making, read_column
from app.facets.facet import probes_id
from app.microscope.background import Background, Steps
from app.microscope.columns import UNASKED, ColumnDesk
from app.microscope.facets import FacetDesk
from app.microscope.indexes import Indexes
from app.microscope.residents import Residents
from app.store import FacetRow, Store
from app.worker import Worker

log = logging.getLogger(__name__)


class FacetColumnDesk:
    """Finds the facets' columns of indexes, and makes those that are missing on the device thread, all in one pass.

    An index gets them after its own columns, since nothing is shown of one without the other.
    """

    def __init__(
        self,
        store: Store,
        worker: Worker,
        residents: Residents,
        indexes: Indexes,
        columns: ColumnDesk,
        facets: FacetDesk,
    ) -> None:
        self.store = store
        self.residents = residents
        self.indexes = indexes
        self.columns = columns
        self.facets = facets
        self._passes = Background(
            worker,
            "facet columns",
            self._steps,
            failed="Facets could not be shown the pictures of {}".format,
            going="Facets are being shown the pictures of {}: {:,} of {:,}.".format,
        )

    def judges(self, slug: str) -> dict[str, str]:
        """The facets that can say how much a picture is of their theme: their ids, and the hashes of their probes.

        Facets of other weights, untrained ones, and published ones, which come without a bias, cannot.
        """
        weights = self.residents.clip(slug).weights_hash
        found = {}
        for row in self.store.facets(model=slug, images=False):
            if row.status == "ready" and row.layers and (known := _probes(self._weights(row))) and known[0] == weights:
                found[row.id] = known[1]
        return found

    def find(self, index: Index, facet_id: str) -> FacetColumn | None:
        """A facet's column, if there is one of just this index and these probes."""
        known = self.judges(index.manifest.model).get(facet_id)
        return _column(index, facet_id, known) if known else None

    def every(self, index: Index) -> dict[str, FacetColumn]:
        """The columns there are of an index, by the facets' ids."""
        return self.every_and_status(index)[0]

    def every_and_status(self, index: Index) -> tuple[dict[str, FacetColumn], str]:
        """The columns there are of an index, by the facets' ids; and how far those are that it lacks, or how to make them,
        which is empty where it lacks none."""
        known = self.judges(index.manifest.model)
        read = {each: _column(index, each, probes) for each, probes in known.items()}
        found = {each: column for each, column in read.items() if column is not None}
        return found, self._lacking(index) if len(found) < len(known) else ""

    def status(self, index: Index) -> str:
        """How far the missing columns of an index are, or how to make them; empty where none is missing."""
        return self.every_and_status(index)[1]

    def _lacking(self, index: Index) -> str:
        name = index.manifest.name
        if said := self._passes.said(name):
            return said
        if self._passes.waits(name):
            return f"What the facets make of the pictures of {name} is about to be recorded."
        if self.indexes.fixed(index):
            return (
                f"What the facets make of the pictures of {name} is not recorded, and cannot be: the index is mounted, only "
                "to be read. Build one of the same pictures on this server with `index build`."
            )
        return (
            f"What the facets make of the pictures of {name} is not recorded. "
            f"`uv run python -m app index columns {name} --model {index.manifest.model}` does it, in one pass over them."
        )

    def busy(self, index: Index) -> bool:
        """Whether something that is missing is being made."""
        return self._passes.waits(index.manifest.name)

    def queue(self, slug: str) -> None:
        """Queue the making of what is missing of a model's indexes, but for large ones and those without columns."""
        for index in self.indexes.of(slug):
            if (
                len(index) <= UNASKED
                and not self.indexes.fixed(index)
                and self.columns.find(index)
                and self._lacks(index)
            ):
                self._passes.submit(slug, index.manifest.name)

    def steps(self, clip: Clip, index: Index) -> Steps:
        """Make what is missing of an index, 0 of 0 while facets' own pictures are looked at: on the device thread, or in that of the command line."""
        for row in self.store.facets(model=clip.slug, images=False):
            with suppress(NotFound):  # a lost picture: who asks for this facet's is told
                for _ in self.facets.pictures.looking(clip, index, row.id):
                    yield 0, 0
        made: dict[str, str] = {}
        while (missing := self._missing(index)) and missing != made:  # some may get ready meanwhile
            yield from making(clip, index, {each: self.facets.load(each) for each in missing})
            made = missing
        drop_others(index, {row.id for row in self.store.facets(model=clip.slug, images=False)})

    def close(self) -> None:
        """Drop what was begun: call it when the device thread has stopped."""
        self._passes.close()

    def _steps(self, slug: str, name: str) -> Steps:
        return self.steps(self.residents.clip(slug), self.indexes.open(name))

    def _missing(self, index: Index) -> dict[str, str]:
        """The facets that an index lacks the columns of, with the hashes of their probes."""
        known = self.judges(index.manifest.model)
        return {each: probes for each, probes in known.items() if _column(index, each, probes) is None}

    def _lacks(self, index: Index) -> bool:
        rows = self.store.facets(model=index.manifest.model, images=False)
        return bool(self._missing(index)) or not all(self.facets.pictures.has(index, row.id) for row in rows)

    def _weights(self, row: FacetRow) -> Path:
        return self.store.files.facet_weights(row.id)


def _probes(path: Path) -> tuple[str, str] | None:
    """The hashes of the weights and of the probes that a facet's file is of; None where it is gone or damaged."""
    try:
        return _read_probes(path, path.stat().st_mtime_ns)
    except (OSError, FacetscopeError):
        return None


@lru_cache(maxsize=256)
def _read_probes(path: Path, _written: int) -> tuple[str, str]:
    facet = facet_file.load(path)
    return facet.weights_hash, probes_id(facet)


def _column(index: Index, facet_id: str, probes: str) -> FacetColumn | None:
    try:
        return _read_column(index, facet_id, probes, column_path(index, facet_id).stat().st_mtime_ns)
    except (OSError, NotFound):
        return None
    except NotReady as error:
        log.info("%s", error.detail)
        return None


@lru_cache(maxsize=256)
def _read_column(index: Index, facet_id: str, probes: str, _written: int) -> FacetColumn:
    return read_column(index, facet_id, probes)
