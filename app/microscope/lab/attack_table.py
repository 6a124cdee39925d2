"""A table of typographic attacks as a finding: its form, the work, which can be taken up again, and its page."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from pydantic import TypeAdapter

from app import images, urls
from app.answers.attack_table import AttackedPicture, AttackTablePage, MovedUnit, ShownRow
from app.answers.findings import FindingView
from app.clip.clip import Clip
from app.errors import NotFound
from app.lab.attack import check_by
from app.lab.attack_counts import Cell
from app.lab.attack_run import Ground, Tabulated, ground, tabulating
from app.lab.overlay import STYLES, overlaid
from app.lab.probe_file import WRITTEN
from app.microscope.given import label_columns
from app.microscope.instruments import Cards, Files, Found, Step, so_far
from app.microscope.lab.attack_answers import answered, as_csv, totals
from app.microscope.lab.class_lists import ClassLists
from app.microscope.lab.counting import counted
from app.spec import AttackTableSpec
from app.spec.attack import StyleName
from app.spec.classes import COLUMN, PASTED
from app.store import FindingRow

SAY_EVERY_S = 0.5
STYLES_SAID: dict[StyleName, str] = {
    "label": "On a slip of paper, by hand",
    "free": "Freely, in one line",
    "paper": "Eight small copies, as in the paper",
}
CELLS = TypeAdapter(tuple[Cell, ...])


class AttackTables:
    """The instrument. `cards` gives units as tiles."""

    title = "Table of attacks"
    lede = (
        "How often does a text on a picture make the model see what it says? Counted over many pictures of a corpus, with "
        "controls, and again without the units that the text moves most."
    )

    def __init__(self, lists: ClassLists, cards: Cards) -> None:
        self.lists = lists
        self.store, self.indexes, self.columns = lists.store, lists.indexes, lists.columns
        self.cards = cards

    def said(self, spec: AttackTableSpec) -> str:
        """A table in a few words."""
        what = f"{len(spec.rows)} texts" if spec.rows else f"{spec.pairs} classes’ names"
        return f"{what} on {spec.images} pictures of {spec.corpus}"

    def choices(self, slug: str) -> dict[str, Any]:
        """The corpora of a model, their label columns, and what is chosen unless something else is."""
        ready = [(index, columns) for index in self.indexes.of(slug) if (columns := self.columns.find(index))]
        names = list(dict.fromkeys(name for _, columns in ready for name in label_columns(columns)))
        return {
            "corpora": [index.manifest.name for index, _ in ready],
            "layers": list(dict.fromkeys(layer for index, _ in ready for layer in index.manifest.layers)),
            "columns": names,
            "column": names[0] if names else "",
            "without": WRITTEN if WRITTEN in names else "",
            "styles": STYLES_SAID,
        }

    def take_in(self, values: dict[str, Any], _files: Files) -> dict[str, Any]:
        """Fill in the corpus and its label columns where they are left out. Raises `NotReady` until these are read."""
        index = self.indexes.need(str(values["model"]), values.get("corpus") or None)
        names = label_columns(self.columns.need(index))
        column = values.get("column") or (names[0] if names else None)
        fields = {
            "without": WRITTEN if WRITTEN in names else "",
            **values,
            "corpus": index.manifest.name,
            "column": column,
        }
        return self.lists.take_in({**fields, "classes": values.get("classes") or f"{COLUMN}{column}"})

    def check(self, clip: Clip, spec: AttackTableSpec) -> None:
        """Raise `NotFound`, `NotReady` or `BadInput` for what cannot be done."""
        clip.layer(spec.layer)
        self._ground(spec)
        check_by(clip, spec.layer, spec.by)

    def steps(self, clip: Clip, spec: AttackTableSpec, before: Found) -> Iterator[Step | None]:
        """Count text by text; what was counted before of the same corpus is taken as it is."""
        at = self._ground(spec)
        result: dict[str, Any] = {
            "key": at.index.manifest.activations_key,
            "attacked": at.pictures.attacked.tolist(),
            "classes": list(at.classes.names),
            "wanted": len(at.wanted),
            "cells": [],
        }
        if before.get("key") == result["key"]:
            result["cells"] = before["cells"]
        told = time.monotonic()
        done, total = 0, 0
        for each in tabulating(clip, at, CELLS.validate_python(result["cells"]), self.lists.reading):
            if isinstance(each, Tabulated):
                result |= asdict(each)
                yield Step("", done, total, result)
                continue
            said = ""
            if each is not None:
                _, said, done, total = each
            if said and time.monotonic() - told >= SAY_EVERY_S:
                told = time.monotonic()
                yield Step(said, done, total, result)
            else:
                yield None

    def page(self, row: FindingRow, ahead: int, view: FindingView) -> AttackTablePage:
        """A table as far as it is. Raises `NotFound` for a row that it has not."""
        spec, result = AttackTableSpec.model_validate_json(row.spec), row.result
        cells = CELLS.validate_python(result.get("cells", []))
        rows = [answered(spec, number, cell) for number, cell in enumerate(cells)]
        rows.sort(key=lambda each: -(each.zero_shot.success.share or 0))
        if view.row is not None and view.row >= len(cells):
            raise NotFound(f"This table has {len(cells)} rows by now; there is no row {view.row}.")
        number = view.row if view.row is not None else rows[0].number if rows else None
        over = row.status not in ("queued", "running")
        known, linear = result.get("known", 0), result.get("right_linear")
        return AttackTablePage(
            **so_far(row, ahead),
            spec=spec,
            layer_url=urls.layer(spec.model, spec.layer),
            pictures=len(result.get("attacked", [])),
            classes=len(result.get("classes", [])),
            probe_trained=result.get("trained", 0),
            no_probe=result.get("no_probe", ""),
            clean=counted(result["right"], known) if "right" in result else None,
            clean_linear=None if linear is None else counted(linear, known),
            rows=rows,
            totals=totals(cells),
            unfinished=result.get("wanted", 0) - len(cells),
            shown=self._shown(spec, result, cells, number) if over and number is not None else None,
            csv=urls.attack_csv(spec.id),
            json_file=urls.json_twin(urls.finding(spec.id)),
        )

    def remains(self, row: FindingRow) -> bool:
        """Whether the corpus is still the one that was counted over; what was counted is all in the database."""
        corpus = AttackTableSpec.model_validate_json(row.spec).corpus
        return row.result.get("key") == self.indexes.need(row.model, corpus).manifest.activations_key

    def csv(self, finding_id: str) -> bytes:
        """A table as a file. Raises `NotFound`."""
        _, result = self._found(finding_id)
        return as_csv(CELLS.validate_python(result.get("cells", [])))

    def attacked(self, finding_id: str, number: int, place: int) -> bytes:
        """One of a table's pictures with the text of a row on it, as WebP. Raises `NotFound`."""
        spec, result = self._found(finding_id)
        cells, pictures = result.get("cells", []), result.get("attacked", [])
        if number >= len(cells) or place >= len(pictures):
            raise NotFound("This table has no such row or picture.")
        picture = self.indexes.begun_on(spec.corpus, result["key"]).image(pictures[place])
        return images.encode_webp(overlaid(picture, cells[number]["text"], STYLES[cells[number]["style"]]))

    def _ground(self, spec: AttackTableSpec) -> Ground:
        index = self.indexes.need(spec.model, spec.corpus)
        listed = (
            self.lists.classes(spec.model, spec.classes, spec.prompt).names if spec.classes.startswith(PASTED) else ()
        )
        return ground(spec, index, self.columns.need(index), listed)

    def _found(self, finding_id: str) -> tuple[AttackTableSpec, Found]:
        row = self.store.findings.get(finding_id)
        if row.kind != "attack_table":
            raise NotFound(f"{finding_id} is no table of attacks.")
        return AttackTableSpec.model_validate_json(row.spec), row.result

    def _has_pictures(self, spec: AttackTableSpec, result: Found) -> bool:
        """Whether the corpus still has the pictures that were written on: they go by number."""
        try:
            self.indexes.begun_on(spec.corpus, result["key"])
        except NotFound:
            return False
        return True

    def _shown(self, spec: AttackTableSpec, result: Found, cells: Sequence[Cell], number: int) -> ShownRow:
        cell, names, pictures = cells[number], result["classes"], result["attacked"]
        examples = cell.examples if self._has_pictures(spec, result) else ()
        cards = self.cards(spec.model, spec.layer, [each.unit for each in cell.units])
        return ShownRow(
            row=answered(spec, number, cell),
            units=[MovedUnit(card=card, sd=each.sd) for card, each in zip(cards, cell.units, strict=True)],
            pictures=[
                AttackedPicture(
                    page=urls.corpus_page(spec.corpus, pictures[each.place]),
                    image=urls.corpus_image(spec.corpus, pictures[each.place]),
                    attacked=urls.attacked(spec.id, number, each.place),
                    before=names[each.before],
                    after=names[each.after],
                    ablated=names[each.ablated],
                )
                for each in examples
            ],
        )
