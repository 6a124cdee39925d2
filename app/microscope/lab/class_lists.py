"""What pictures may be said to show: the label columns of a model's corpus, ImageNet's classes, or a list that was sent in."""

from collections import OrderedDict
from collections.abc import Iterator
from typing import Any

from torch import Tensor

from app.clip.clip import Clip
from app.corpus.columns import Columns
from app.corpus.index import Index
from app.errors import BadInput, NotFound
from app.lab.classes import IMAGENET, MOST, PROMPT, Classes, reading
from app.microscope.columns import ColumnDesk
from app.microscope.given import label_columns
from app.microscope.indexes import Indexes
from app.spec import content_id
from app.spec.classes import COLUMN, HOLE, PASTED
from app.spec.classes import IMAGENET as OF_IMAGENET
from app.store import Store

LONGEST_NAME = 80  # characters
KEPT = 8  # lists whose texts stay in memory: 2.6 MB of 1,000 classes


class ClassLists:
    """Names the classes of a spec, and reads their texts, which are kept for the next finding."""

    def __init__(self, store: Store, indexes: Indexes, columns: ColumnDesk) -> None:
        self.store = store
        self.indexes = indexes
        self.columns = columns
        self._texts: OrderedDict[tuple[str, Classes], Tensor] = OrderedDict()

    def labelled(self, slug: str) -> tuple[Index, Columns] | None:
        """The model's first corpus with its columns, if it has columns and one of its labels sorts its images."""
        index = self.indexes.find(slug)
        columns = self.columns.find(index)
        return (index, columns) if index and columns and columns.categories.columns else None

    def key(self, slug: str) -> str:
        """What the model's first corpus is known by: another one where it was indexed anew. Empty without one."""
        index = self.indexes.find(slug)
        return index.manifest.activations_key if index else ""

    def choices(self, slug: str) -> list[dict[str, Any]]:
        """The lists that a form offers, the default first; for each its value, its name, how many classes it has, and the
        prompt that suits it."""
        found = self.labelled(slug)
        offered = [
            {"value": f"{COLUMN}{name}", "name": name, "count": len(found[1].categories.values(name)), "prompt": HOLE}
            for name in (label_columns(found[1]) if found else [])
            if found
        ]
        return [*offered, {"value": OF_IMAGENET, "name": "ImageNet", "count": len(IMAGENET), "prompt": PROMPT}]

    def take_in(self, fields: dict[str, Any]) -> dict[str, Any]:
        """A form's fields with what was left out filled in: the list, by default a label column of the corpus, and the prompt,
        a bare name for labels, as they are words of any sort. A list that was pasted is kept, and its id takes its place.

        Raises:
            BadInput: a pasted list that cannot be used.
        """
        fields = dict(fields)
        pasted = str(fields.pop("names", "") or "")
        classes = str(fields.get("classes") or "") or self.choices(str(fields["model"]))[0]["value"]
        if classes == PASTED.rstrip(":"):
            classes = f"{PASTED}{self._keep(pasted)}"
        prompt = fields.get("prompt") or (HOLE if classes.startswith(COLUMN) else PROMPT)
        return {**fields, "classes": classes, "prompt": prompt}

    def classes(self, slug: str, classes: str, prompt: str) -> Classes:
        """The classes of a spec. Raises `BadInput` for a list or a label column that there is not."""
        if classes == OF_IMAGENET:
            return Classes(IMAGENET, (prompt,))
        if classes.startswith(PASTED):
            try:
                return Classes(self.store.files.word_list(classes.removeprefix(PASTED)), (prompt,))
            except NotFound as error:
                raise BadInput("classes: that list is not kept here: paste it again.", field="classes") from error
        return Classes(tuple(self._values(slug, classes.removeprefix(COLUMN))), (prompt,))

    def said(self, classes: str, count: int) -> str:
        """Which classes, as a part of a sentence; `count` is 0 before they were read."""
        many = f"{count:,} " if count else ""
        if classes == OF_IMAGENET:
            return f"the {many}classes of ImageNet"
        if classes.startswith(PASTED):
            return f"a list of {many}classes"
        return f"the {many}values of “{classes.removeprefix(COLUMN)}” in the corpus"

    def reading(self, clip: Clip, classes: Classes) -> Iterator[tuple[int, int] | Tensor]:
        """As `app.lab.classes.reading`, at once where they were read before."""
        key = (clip.weights_hash, classes)
        if key not in self._texts:
            for step in reading(clip, classes):
                if isinstance(step, Tensor):
                    self._texts[key] = step
                else:
                    yield step
        self._texts.move_to_end(key)
        while len(self._texts) > KEPT:
            self._texts.popitem(last=False)
        yield self._texts[key]

    def _values(self, slug: str, column: str) -> list[str]:
        found = self.labelled(slug)
        columns = label_columns(found[1]) if found else []
        if found is None or column not in columns:
            there = f"there are {', '.join(columns)}" if columns else f"the corpus of {slug} has none yet"
            raise BadInput(f"classes: no label column {column[:60]!r} sorts the pictures: {there}.", field="classes")
        return found[1].categories.values(column)

    def _keep(self, pasted: str) -> str:
        """Keep the names, one a line; returns the id of the list. Raises `BadInput`."""
        names = tuple(dict.fromkeys(name for line in pasted.splitlines() if (name := " ".join(line.split()))))
        if not 2 <= len(names) <= MOST:
            raise BadInput(
                f"names: {len(names):,} different classes are listed; write from 2 to {MOST:,}, one a line.",
                field="names",
            )
        if long := next((name for name in names if len(name) > LONGEST_NAME), None):
            raise BadInput(f"names: {long[:40]!r}… has more than {LONGEST_NAME} characters. Shorten it.", field="names")
        list_id = content_id("classes", *names)
        self.store.files.put_word_list(list_id, names)
        return list_id
