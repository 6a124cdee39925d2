"""Sparse codes as a finding: fits them, keeps their weights in a file, and shows one level of them."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from app import urls
from app.answers.codes import CodesFile, CodesPage, Rates
from app.answers.findings import FindingView
from app.clip.clip import Clip
from app.corpus.columns import Columns
from app.corpus.index import Index
from app.errors import FacetscopeError, NotFound, NotReady
from app.lab import code_file, codes
from app.lab.code_file import CodeFile
from app.lab.codes import STEPS, Codes, Progress, Scores
from app.microscope.columns import ColumnDesk
from app.microscope.gallery import Gallery
from app.microscope.given import label_columns
from app.microscope.indexes import Indexes
from app.microscope.instruments import Files, Found, Step, so_far
from app.microscope.lab import code_answers
from app.microscope.lab.code_answers import Called
from app.microscope.naming import Naming
from app.spec import CodesSpec
from app.store import FindingRow, Store

LIKE_PAPER = 3.0  # units a class: the level that is shown first


class SparseCodes:
    """The instrument. Its figures are in the database, the weights in the finding's file."""

    title = "Sparse codes"
    lede = "Classes of pictures as sums of a few units: how few will do, and which classes share them."

    def __init__(self, store: Store, indexes: Indexes, columns: ColumnDesk, naming: Naming, gallery: Gallery) -> None:
        self.store = store
        self.indexes = indexes
        self.columns = columns
        self.naming = naming
        self.gallery = gallery

    def said(self, spec: CodesSpec) -> str:
        """What is told apart, by what."""
        return f"{spec.by} by the units of {spec.layer}" + (f", {spec.corpus}" if spec.corpus else "")

    def choices(self, slug: str) -> dict[str, Any]:
        """The corpora of a model with their layers and label columns; of one that cannot be used, `status` says why."""
        found = []
        for index in self.indexes.of(slug):
            columns = self.columns.find(index)
            found.append(
                {
                    "name": index.manifest.name,
                    "layers": list(index.manifest.layers),
                    "columns": label_columns(columns) if columns else [],
                    "status": self.columns.status(index),
                }
            )
        return {"corpora": found, "status": "" if found else self._why_none(slug)}

    def take_in(self, values: dict[str, Any], _files: Files) -> dict[str, Any]:
        """Nothing is pasted or uploaded."""
        return values

    def check(self, clip: Clip, spec: CodesSpec) -> None:
        """Raise `NotFound` for a layer or corpus that there is not, `NotReady` where its activations are not recorded,
        `BadInput` for a label column that gives no classes."""
        clip.layer(spec.layer)
        codes.classes(self._columns(spec)[1], spec.by, spec.classes)

    def steps(self, clip: Clip, spec: CodesSpec, _before: Found) -> Iterator[Step | None]:
        """Fit the codes; the file is written before the last step is announced."""
        index, columns = self._columns(spec)
        drawing = codes.sampling(columns, spec.by, most=spec.classes, images=spec.images, seed=spec.seed)
        for found in codes.coding(columns, spec.layer, drawing):
            if isinstance(found, Codes):
                place = self.store.files.finding(spec.id)
                code_file.write(place, found, weights_hash=clip.weights_hash, key=index.manifest.key)
                yield Step("", STEPS, STEPS, _figures(found, index))
            elif isinstance(found, Progress):
                yield Step(found.said, found.done, STEPS, {})
            else:
                yield None

    def remains(self, row: FindingRow) -> bool:
        """Whether the file is there, and of the weights and the index that there are now."""
        try:
            return not self._outdated(CodesSpec.model_validate_json(row.spec), self._file(row))
        except NotReady:
            return False

    def page(self, row: FindingRow, ahead: int, view: FindingView) -> CodesPage:
        """One level of the codes as an answer. Raises `NotFound` for a level that there is not."""
        spec, result = CodesSpec.model_validate_json(row.spec), row.result
        page = CodesPage(
            **so_far(row, ahead),
            spec=spec,
            layer_url=urls.layer(spec.model, spec.layer),
            corpus=result.get("corpus", spec.corpus or ""),
            classes=result.get("classes", 0),
            units=result.get("units", 0),
            trained=result.get("trained", 0),
            held=result.get("held", 0),
            duplicates=result.get("duplicates", 0),
            chance=result.get("chance"),
            dense=result.get("dense"),
            levels=[],
            at=None,
            q=view.q,
            matching=0,
            codes=[],
            next=None,
            matrix=None,
            hierarchy=None,
            csv=None,
            json_file=None,
            outdated=False,
        )
        if row.status != "done":
            return page
        try:
            file = self._file(row)
        except NotReady as gone:
            return page.model_copy(update={"status": "failed", "error": gone.detail})
        levels = code_answers.levels(page.url, result["levels"])
        at = levels[chosen(row, view.level) - 1]
        called = self._called(spec)
        level = file.level(at.number - 1)
        update: dict[str, object] = {
            "levels": levels,
            "at": at,
            "matrix": code_answers.matrix(file, level, called),
            "hierarchy": code_answers.hierarchy(file, level, called),
            "csv": urls.codes_file(row.id, at.number, "csv"),
            "json_file": urls.codes_file(row.id, at.number, "json"),
            "outdated": self._outdated(spec, file),
        }
        shown = code_answers.classes(file, level, called, q=view.q, after=view.after)
        if shown.after is not None:
            update["next"] = urls.codes(row.id, at.number, after=shown.after, q=view.q)
        return page.model_copy(update={**update, "codes": shown.codes, "matching": shown.matching})

    def file(self, finding_id: str, number: int | None) -> CodesFile:
        """All codes of a level. Raises `NotFound`, and `NotReady` before they are fitted."""
        row = self.store.findings.get(finding_id)
        if row.kind != "codes":
            raise NotFound(f"The finding {finding_id} is not about sparse codes.")
        if row.status != "done":
            raise NotReady("The codes are not all fitted yet: wait until the finding has ended.")
        spec, file, number = CodesSpec.model_validate_json(row.spec), self._file(row), chosen(row, number)
        return CodesFile(
            finding=urls.finding(row.id),
            model=spec.model,
            layer=spec.layer,
            corpus=row.result["corpus"],
            by=spec.by,
            level=number,
            penalty=row.result["levels"][number - 1]["penalty"],
            classes=code_answers.whole(file, file.level(number - 1), self._called(spec)),
        )

    def _columns(self, spec: CodesSpec) -> tuple[Index, Columns]:
        index = self.indexes.need(spec.model, spec.corpus)
        index.tables(spec.layer)
        return index, self.columns.need(index)

    def _why_none(self, slug: str) -> str:
        try:
            self.indexes.need(slug)
        except FacetscopeError as error:
            return error.detail
        return ""

    def _file(self, row: FindingRow) -> CodeFile:
        return CodeFile.open(self.store.files.finding(row.id))

    def _outdated(self, spec: CodesSpec, file: CodeFile) -> bool:
        """Whether the codes are of other weights or images than those that are here; not, where none are."""
        try:
            index = self.indexes.find(spec.model, spec.corpus)
        except NotFound:
            return False
        manifest = index.manifest if index else None
        return manifest is not None and (file.weights_hash, file.key) != (manifest.weights_hash, manifest.key)

    def _called(self, spec: CodesSpec) -> Called:
        try:
            index = self.indexes.find(spec.model, spec.corpus)
        except NotFound:
            index = None
        titles = self.naming.titles(spec.model, spec.layer, index)
        return Called(spec.model, spec.layer, index, titles, self.gallery)


def chosen(row: FindingRow, number: int | None) -> int:
    """The number of a level, from 1; of none, that with about as many units a class as the article's. Raises `NotFound`."""
    levels = row.result["levels"]
    if number is None:
        return 1 + int(np.argmin([abs(np.log(level["each"] / LIKE_PAPER)) for level in levels]))
    if number > len(levels):
        raise NotFound(f"There is no level {number}: they go from 1 to {len(levels)}.", field="level")
    return number


def _figures(found: Codes, index: Index) -> dict[str, Any]:
    sample = found.sample
    return {
        "corpus": index.manifest.name,
        "classes": len(sample.names),
        "units": len(found.mean),
        "trained": int(sample.trained.sum()),
        "held": int((~sample.trained).sum()),
        "duplicates": sample.duplicates,
        "chance": _rates(found.chance),
        "dense": _rates(found.dense),
        "levels": [
            {"penalty": level.penalty, "each": level.each, "units": level.units, **_rates(level.scores)}
            for level in found.levels
        ],
    }


def _rates(scores: Scores) -> dict[str, Any]:
    return Rates.model_validate({"top1": vars(scores.top1), "top5": vars(scores.top5)}).model_dump()
