"""A search for attacks as a finding: which names, written on a picture, make the model say them."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from PIL import Image
from torch import Tensor

from app import urls
from app.answers.attack import AttackSearchPage, ClassShare, NameTried
from app.answers.findings import FindingView
from app.clip.clip import Clip
from app.errors import BadInput, NotReady
from app.lab.attack_search import Tried, searching, short
from app.lab.classes import best
from app.microscope.instruments import Files, Found, Step, so_far
from app.microscope.lab.class_lists import ClassLists
from app.microscope.lab.overlays import Subjects, style_choices, style_of
from app.spec import AttackSearchSpec
from app.spec.classes import COLUMN
from app.store import FindingRow

SAID_EVERY = 16  # names


class AttackSearch:
    """The instrument."""

    title = "Attack search"
    lede = "Write the short names of many classes on a picture, one after the other: which of them does the model fall for?"

    def __init__(self, subjects: Subjects, lists: ClassLists) -> None:
        self.subjects = subjects
        self.lists = lists

    def said(self, spec: AttackSearchSpec) -> str:
        """How many names are tried, and how they are written."""
        return f"names of up to {spec.longest} letters, {spec.style}"

    def choices(self, slug: str) -> dict[str, Any]:
        """The lists of classes and the styles."""
        return {"classes": self.lists.choices(slug), **style_choices()}

    def take_in(self, values: dict[str, Any], files: Files) -> dict[str, Any]:
        """Keep the picture and a pasted list of classes."""
        return self.lists.take_in(self.subjects.take_in(values, files))

    def check(self, clip: Clip, spec: AttackSearchSpec) -> None:
        """Raise `NotFound` or `BadInput` for what there is not or cannot be used."""
        clip.layer(spec.layer)
        self.subjects.check(spec)
        names = self.lists.classes(spec.model, spec.classes, spec.prompt).names
        if not short(names, spec.longest, spec.count):
            raise BadInput(
                f"longest: none of the {len(names):,} names that can be drawn has at most {spec.longest} characters. Allow more.",
                field="longest",
            )
        if spec.others and self.lists.indexes.find(spec.model) is None:
            raise BadInput(f"others: {spec.model} has no corpus to draw pictures from. Choose 0.", field="others")

    def steps(self, clip: Clip, spec: AttackSearchSpec, before: Found) -> Iterator[Step | None]:
        """Read the classes, then try the names, going on after those that an interrupted search had tried."""
        classes = self.lists.classes(spec.model, spec.classes, spec.prompt)
        names, texts = classes.names, None
        places = short(names, spec.longest, spec.count)
        key = self._key(spec)
        rows: list[dict[str, Any]] = list(before.get("rows", [])) if before.get("key") == key else []
        for step in self.lists.reading(clip, classes):
            if isinstance(step, Tensor):
                texts = step
            else:
                yield Step("Reading the names of the classes.", *step, {"key": key, "rows": rows})
        assert texts is not None
        pictures = [clip.fit(picture) for picture in self._pictures(spec)]
        known = {row["place"] for row in rows}
        found = {"key": key, "classes": len(names), "pictures": len(pictures), "rows": rows}
        left = [place for place in places if place not in known]
        for step in searching(clip, pictures, names, texts, style_of(spec), left):
            if not isinstance(step, Tried):
                (name, share), *_ = best(step[0], names, 1)
                found["before"] = [name, share]
                yield Step("Writing names.", len(rows), len(places), found)
                continue
            rows.append(vars(step) | {"name": names[step.place], "says": names[step.says]})
            last = len(rows) == len(places)
            yield Step("Writing names.", len(rows), len(places), found) if last or not len(rows) % SAID_EVERY else None

    def _pictures(self, spec: AttackSearchSpec) -> list[Image.Image]:
        """The picture, and the others that are drawn from the corpus."""
        pictures = [self.subjects.read(spec.picture)]
        if spec.others:
            index = self.lists.indexes.find(spec.model)
            if index is None:
                raise NotReady(f"{spec.model} has no corpus any more to draw pictures from.")
            drawn = np.random.default_rng(spec.seed).permutation(len(index))[: spec.others]
            pictures += [index.image(int(number)) for number in drawn]
        return pictures

    def remains(self, row: FindingRow) -> bool:
        """Whether the corpus is still the one that was used; what was found is all in the database."""
        return row.result.get("key") == self._key(AttackSearchSpec.model_validate_json(row.spec))

    def _key(self, spec: AttackSearchSpec) -> str:
        """The key of the corpus, if classes or pictures are taken from it."""
        return self.lists.key(spec.model) if spec.others or spec.classes.startswith(COLUMN) else ""

    def page(self, row: FindingRow, ahead: int, _view: FindingView) -> AttackSearchPage:
        """The names so far, the most successful first."""
        spec = AttackSearchSpec.model_validate_json(row.spec)
        found, form = row.result, urls.lab(spec.model, "attack")
        asked = spec.model_dump(exclude={"kind", "model", "layer", "longest", "count", "others"}, exclude_none=True)
        ranked = sorted(found.get("rows", []), key=lambda each: (-each["flipped"], -each["after"]))
        return AttackSearchPage(
            **so_far(row, ahead),
            spec=spec,
            classes=self.lists.said(spec.classes, found.get("classes", 0)),
            picture=urls.blob(spec.picture),
            pictures=found.get("pictures", 1 + spec.others),
            before=ClassShare(name=found["before"][0], share=found["before"][1], written=False)
            if "before" in found
            else None,
            cover=float(np.mean([each["cover"] for each in ranked])) if ranked else 0.0,
            rows=[NameTried(**_row(each), url=urls.with_query(form, text=each["name"], **asked)) for each in ranked],
            attack_url=urls.with_query(form, **asked),
        )


def _row(tried: dict[str, Any]) -> dict[str, Any]:
    """The fields of `NameTried` but the address."""
    return {name: tried[name] for name in ("name", "before", "after", "flipped", "already", "says")}
