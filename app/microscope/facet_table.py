"""The facet table: one unit without a facet and with each of its model's, grown together."""

from collections.abc import Iterator

from app import urls
from app.answers import FacetLink, FacetTable, TableCell
from app.job import Job
from app.microscope.facets import FacetDesk
from app.microscope.indexes import Indexes, labels
from app.microscope.renders import RenderDesk, link, preset_choices
from app.spec import RenderSpec, TableSpec
from app.store import UNFINISHED_RENDER, Store

OVER = ("failed", "cancelled")


def address(spec: TableSpec) -> str:
    """The address of a table."""
    choice = {"preset": spec.preset, "strength": spec.strength, "seed": spec.seed}
    return urls.facet_table(spec.model, spec.layer, spec.unit, **choice)


class FacetTableDesk:
    """Starts the renders of a table and says how far they are."""

    def __init__(self, store: Store, indexes: Indexes, facets: FacetDesk, renders: RenderDesk) -> None:
        self.store = store
        self.indexes = indexes
        self.facets = facets
        self.renders = renders

    def start(self, spec: TableSpec) -> None:
        """Start what is missing of the table.

        Raises:
            NotFound, BadInput, NotReady: As for a single render.
            QueueFull: There is no room for its first render; a table that was begun is not left half done.
        """
        for place, (_, each) in enumerate(self._columns(spec)):
            self.renders.start(each, force=place > 0)

    def jobs(self, spec: TableSpec) -> list[Job]:
        """The jobs of the table's renders that wait or run."""
        found = (self.renders.worker.find(each.id) for _, each in self._columns(spec))
        return [job for job in found if job is not None]

    def page(self, spec: TableSpec) -> FacetTable:
        """The table as far as it has grown. Raises `NotFound` for a model, layer or unit that is not there."""
        self.renders.check(spec.render(None))
        cells = [self._cell(facet, each) for facet, each in self._columns(spec)]
        states = [cell.render.status for cell in cells if cell.render]
        index = self.indexes.find(spec.model)
        named = labels(index, spec.layer) if index and spec.layer in index.manifest.layers else None
        return FacetTable.model_validate(
            {
                **spec.model_dump(),
                "label": named[spec.unit] if named else "",
                "url": address(spec),
                "unit_url": urls.unit(spec.model, spec.layer, spec.unit),
                "status": "running" if set(states) & set(UNFINISHED_RENDER) else "done" if states else "empty",
                "presets": preset_choices(),
                "cells": cells,
                "missing": sum(cell.render is None or cell.render.status in OVER for cell in cells),
            }
        )

    def _columns(self, spec: TableSpec) -> Iterator[tuple[FacetLink | None, RenderSpec]]:
        """The renders of a table, the one without a facet first; facets that cannot steer the unit have no column."""
        yield None, spec.render(None)
        for facet in self.facets.steering(spec.model, spec.layer):
            yield facet, spec.render(facet.id)

    def _cell(self, facet: FacetLink | None, spec: RenderSpec) -> TableCell:
        row = self.store.find_render(spec.id)
        shown = link(row) if row else None
        frames = self.store.files.frames(spec.id) if row else []
        picture = shown.image if shown else None
        return TableCell(
            facet=facet,
            render=shown,
            picture=picture or (urls.frame(spec.id, frames[-1]) if frames else None),
            step=row.step if row else 0,
            steps=spec.steps,
        )
