"""Labelled photos as a finding: the person's own, in a table of objects and labels, by zero-shot and by a linear probe."""

from collections.abc import Generator, Iterator, Sequence
from dataclasses import asdict
from typing import Any

from PIL import Image
from torch import Tensor

from app.answers.findings import FindingView
from app.answers.wild import WildForm, WildPage
from app.clip.clip import Clip
from app.corpus.columns import Columns
from app.corpus.index import Index
from app.errors import BadInput, FacetscopeError, NotFound
from app.facets.pictures import restored
from app.lab.classes import Classes
from app.lab.photo_names import Named, meaning
from app.lab.probe_file import FittedProbe, fitted, place
from app.lab.wild import Chooser, Photo, Seen, choosing, flips
from app.microscope.given import label_columns
from app.microscope.instruments import Files, Found, Step, so_far
from app.microscope.lab import wild_page
from app.microscope.lab.class_lists import ClassLists
from app.microscope.lab.photos import named_again, taken_in
from app.settings import Settings
from app.spec import MOST_PHOTOS, WildSpec
from app.spec.classes import COLUMN
from app.store import FindingRow, Store


class Wild:
    """The instrument."""

    title = "In the wild"
    lede = "Your own photos of things with a word stuck to them: when does the model take the thing for the word?"

    def __init__(self, settings: Settings, store: Store, lists: ClassLists) -> None:
        self.settings = settings
        self.store = store
        self.lists = lists

    def said(self, spec: WildSpec) -> str:
        """How many photos of which objects."""
        things = list(dict.fromkeys(photo.thing for photo in spec.photos))
        named = ", ".join(things[:4]) + (f" and {len(things) - 4} more" if len(things) > 4 else "")
        return f"{len(spec.photos)} photo{'s' * (len(spec.photos) != 1)}: {named}"

    def choices(self, slug: str) -> dict[str, Any]:
        """The lists of classes, and the label columns of the model's corpus that a probe can learn."""
        labelled = self.lists.labelled(slug)
        columns = label_columns(labelled[1]) if labelled else []
        return {"classes": self.lists.choices(slug), "columns": columns, "photos": MOST_PHOTOS}

    def take_in(self, values: dict[str, Any], files: Files) -> dict[str, Any]:
        """Keep the photos and a pasted list of classes; the probe learns the first label column unless another is chosen. Photos
        go among those that are `kept`, and are `named` there."""
        fields = {name: value for name, value in values.items() if name not in ("kept", "named", "lines")}
        blobs, named = str(values.get("kept") or "").split(), _strings(values.get("named"))
        sent = taken_in(self.store, self.settings, files.get("photos", ()), str(values.get("lines") or ""))
        new = [photo for photo in sent.photos if photo["blob"] not in blobs]
        values["kept"] = " ".join([*blobs, *(photo["blob"] for photo in new)])
        values["named"] = [*named, *(f"{photo['thing']}, {photo['label']}".removesuffix(", ") for photo in new)]
        values["lines"] = "\n".join(sent.lines)
        if sent.refused:
            raise sent.refused[0]
        photos = [*named_again(blobs, named), *new]
        if photos or not isinstance(values.get("photos"), list):
            fields["photos"] = photos
        if not fields["photos"]:
            raise BadInput(
                "photos: choose some, or a .zip of them, named after what they show: apple-ipod.jpg is an apple with the label "
                "ipod, apple.jpg one without.",
                field="photos",
            )
        columns = self.choices(str(fields["model"]))["columns"]
        return self.lists.take_in({"column": columns[0] if columns else "", **fields})

    def check(self, clip: Clip, spec: WildSpec) -> None:
        """Raise `NotFound` or `BadInput` for a layer, photo, list of classes or label column that there is not, and for a line
        that says what nothing means."""
        clip.layer(spec.layer)
        there = {name.casefold() for photo in spec.photos for name in (photo.thing, photo.label)}
        if strange := next((name for name, _ in spec.called if name not in there), None):
            raise BadInput(
                f"called says what {strange} means, which no photo shows or says: leave that line out.", field="called"
            )
        for photo in spec.photos:
            if not self.store.files.has_blob(photo.blob):
                raise NotFound(f"photos: {photo.blob} is not kept here. Send the photo again.", field="photos")
        self._classes(spec)
        if spec.column is not None:
            self._labelled(spec)

    def steps(self, clip: Clip, spec: WildSpec, _before: Found) -> Iterator[Step | None]:
        """Fit the probe if it is not yet, read the classes, and look at the photos."""
        named, texts, seen = self._named(spec), None, None

        def picture(number: int) -> Image.Image:
            return restored(self.store.files.blob(spec.photos[number].blob))

        fit, probe = yield from self._probe(spec)
        for texts in self.lists.reading(clip, Classes(named.classes, (spec.prompt,))):
            if not isinstance(texts, Tensor):
                yield Step("Reading the names of the classes.", *texts, {})
        assert isinstance(texts, Tensor)
        for seen in choosing(clip, len(spec.photos), picture, texts, fit and fit.probe, spec.layer):
            if not isinstance(seen, Seen):
                yield Step("Looking at the photos.", *seen, {})
        assert isinstance(seen, Seen)
        found = {"key": self._key(spec), "probe": probe, **self._found(spec, named, seen, fit)}
        yield Step("", len(spec.photos), len(spec.photos), found)

    def remains(self, row: FindingRow) -> bool:
        """Whether the corpus is still the one that was used; what was found is all in the database."""
        return row.result.get("key") == self._key(WildSpec.model_validate_json(row.spec))

    def _key(self, spec: WildSpec) -> str:
        """The key of the corpus, if the classes or a probe are taken from it."""
        return self.lists.key(spec.model) if spec.column or spec.classes.startswith(COLUMN) else ""

    def page(self, row: FindingRow, ahead: int, view: FindingView) -> WildPage:
        """The table as far as it is."""
        spec = WildSpec.model_validate_json(row.spec)
        values = {
            "classes": spec.classes,
            "prompt": spec.prompt,
            "called": "\n".join(f"{name} = {meant}" for name, meant in spec.called),
            "column": spec.column or "",
        }
        form = WildForm(choices=self.choices(spec.model), values=values)
        return wild_page.page(so_far(row, ahead), spec, row.result, form, linear=view.view == "linear")

    def _probe(self, spec: WildSpec) -> Generator[Step | None, None, tuple[FittedProbe | None, dict[str, Any]]]:
        """The probe if there is one, and what is to be said of it."""
        none = {"corpus": "", "column": "", "images": 0, "held_out": 0, "accuracy": 0.0}
        if spec.column is None:
            return None, none | {"why": "no label column was chosen for one to learn"}
        found = None
        try:
            index, columns = self._labelled(spec)
            for found in fitted(
                place(self.settings.data, index, spec.layer, spec.column), columns, spec.layer, spec.column
            ):
                if not isinstance(found, FittedProbe):
                    yield Step("Fitting the linear probe.", *found, {}) if found else None
        except FacetscopeError as error:
            return None, none | {"why": error.detail.rstrip(".")}
        assert isinstance(found, FittedProbe)
        about = {"images": found.images, "held_out": found.held_out, "accuracy": found.accuracy}
        return found, {"corpus": index.manifest.name, "column": spec.column, "why": "", **about}

    def _found(self, spec: WildSpec, named: Named, seen: Seen, fit: FittedProbe | None) -> dict[str, Any]:
        """What both choosers made of the photos, as JSON."""
        photos = [Photo(photo.thing, photo.label) for photo in spec.photos]
        count = len(named.classes) - len(named.added)
        own = f" and {len(named.added)} of these names" if named.added else ""
        zero_shot = _chosen(photos, Chooser(named.classes, named.meant), seen.by_text)
        found = {
            "named": asdict(named),
            "zero_shot": zero_shot | {"classes": self.lists.said(spec.classes, count) + own},
        }
        if fit is not None and seen.by_probe is not None:
            classes = fit.probe.names
            places = {name: meaning(name, classes, dict(spec.called)) for name in named.meant}
            chooser = Chooser(classes, {name: None if at is None else classes[at] for name, at in places.items()})
            said = f"the {len(classes)} values of \u201c{spec.column}\u201d in the corpus"
            found["linear"] = _chosen(photos, chooser, seen.by_probe) | {"classes": said}
        return found

    def _named(self, spec: WildSpec) -> Named:
        """The classes of zero-shot, with one for everything that is shown or written."""
        names = [name for photo in spec.photos for name in (photo.thing, photo.label) if name]
        return Named.of(names, self._classes(spec).names, dict(spec.called))

    def _classes(self, spec: WildSpec) -> Classes:
        return self.lists.classes(spec.model, spec.classes, spec.prompt)

    def _labelled(self, spec: WildSpec) -> tuple[Index, Columns]:
        """The corpus that a probe learns from. Raises `NotFound` where it has no such label column or layer."""
        labelled = self.lists.labelled(spec.model)
        known = label_columns(labelled[1]) if labelled else []
        if labelled is None or spec.column not in known:
            raise NotFound(
                f"column: no label column {spec.column!r} sorts the images of {spec.model}'s corpus: it has "
                f"{', '.join(known) or 'none'}.",
                field="column",
            )
        if spec.layer not in labelled[1].header.layers:
            raise NotFound(f"layer: {spec.layer} is not recorded on every image of the corpus.", field="layer")
        return labelled


def _chosen(photos: Sequence[Photo], chooser: Chooser, probabilities: Tensor) -> dict[str, Any]:
    choices = chooser.choices(photos, probabilities)
    over = flips(photos, chooser, choices)
    return {
        "meant": dict(chooser.meant),
        "choices": [asdict(choice) for choice in choices],
        "flipped": over.flipped,
        "left_out": over.left_out,
    }


def _strings(value: Any) -> list[str]:
    """A field that came once, several times or not at all."""
    return [str(each) for each in value] if isinstance(value, list) else [] if value is None else [str(value)]
