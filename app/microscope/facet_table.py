"""The facet table: one unit without a facet and with each of its model's, grown together."""

from collections.abc import Iterator

from app import urls
from app.answers.links import FacetLink
from app.answers.renders import FacetTable, TableCell
from app.errors import NotFound
from app.job import Job
from app.microscope.admission import Admit, freely
from app.microscope.facets import FacetDesk
from app.microscope.indexes import Indexes
from app.microscope.naming import Naming
from app.microscope.render_pages import RenderPages, link
from app.microscope.renders import RenderDesk
from app.microscope.residents import Residents
from app.spec import TABLE_PRESETS, RenderSpec, TableSpec
from app.store import UNDRAWN, UNFINISHED, Store


def address(spec: TableSpec) -> str:
    """The address of a table."""
    choice = {"preset": spec.preset, "strength": spec.strength, "seed": spec.seed}
    return urls.facet_table(spec.model, spec.layer, spec.unit, **choice)


class FacetTableDesk:
    """Starts the renders of a table and says how far they are."""

    def __init__(
        self,
        store: Store,
        residents: Residents,
        indexes: Indexes,
        facets: FacetDesk,
        renders: RenderDesk,
        pages: RenderPages,
        naming: Naming,
    ) -> None:
        self.store = store
        self.residents = residents
        self.indexes = indexes
        self.pages = pages
        self.facets = facets
        self.renders = renders
        self.naming = naming

    def start(self, spec: TableSpec, admit: Admit = freely) -> None:
        """Start what is missing of the table.

        Raises:
            Whatever `admit` raises, where anything is missing.
            NotFound, BadInput, NotReady: As for a single render.
            QueueFull: There is no room for its first render; a table that was begun is not left half done.
        """
        self._check(spec)
        renders = [each for _, each in self._columns(spec)]
        admit(self.renders.missing(renders))
        for place, each in enumerate(renders):
            self.renders.start(each, force=place > 0)

    def jobs(self, spec: TableSpec) -> tuple[list[Job], bool]:
        """The jobs of the table's renders that wait or run, and whether each that is unfinished has one: after a restart
        they are queued again once the model is loaded."""
        rows = (self.store.find_render(each.id) for _, each in self._columns(spec))
        unfinished = [row.id for row in rows if row is not None and row.status in UNFINISHED]
        found = [self.renders.worker.find(each) for each in unfinished]
        return [job for job in found if job is not None], None not in found

    def page(self, spec: TableSpec) -> FacetTable:
        """The table as far as it has grown. Raises `NotFound` for a model, layer or unit that is not there."""
        self._check(spec)
        cells = [self._cell(facet, each) for facet, each in self._columns(spec)]
        states = [cell.render.status for cell in cells if cell.render]
        index = self.indexes.find(spec.model)
        title = self.naming.titles(spec.model, spec.layer, index)[spec.unit]
        return FacetTable.model_validate(
            {
                **spec.model_dump(),
                "label": title.text,
                "url": address(spec),
                "unit_url": urls.unit(spec.model, spec.layer, spec.unit),
                "status": "running" if set(states) & set(UNFINISHED) else "done" if states else "empty",
                "presets": [each for each in self.pages.presets(spec.model) if each.name in TABLE_PRESETS],
                "cells": cells,
                "missing": sum(cell.render is None or cell.render.status in UNDRAWN for cell in cells),
            }
        )

    def _check(self, spec: TableSpec) -> None:
        """Raise `NotFound` for what is not there; unlike a render, a page need not wait for the model to be loaded."""
        layers = self.residents.layers(spec.model)
        if spec.layer not in layers:
            raise NotFound(f"{spec.model} has no layer {spec.layer}: it has {', '.join(layers)}.", field="layer")
        if spec.unit >= layers[spec.layer].channels:
            last = layers[spec.layer].channels - 1
            raise NotFound(
                f"{spec.layer} of {spec.model} has no unit {spec.unit}: they go from 0 to {last}.", field="unit"
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
