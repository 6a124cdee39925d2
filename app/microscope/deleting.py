"""Deleting what people made: what depends on it is named first, and nothing is left of it that nothing else uses."""

from collections.abc import Iterator

from app import urls
from app.answers.deletion import Deletion, Dependent
from app.errors import BadInput, NotFound
from app.facets.columns import column_path
from app.microscope.facet_pictures import FacetPictures
from app.microscope.indexes import Indexes
from app.microscope.render_pages import subject
from app.spec import RenderSpec
from app.store import FacetRow, Store

NAMED = 24  # things that depend on it; more are counted


class DeleteDesk:
    """For each kind of thing: what there is to know first, and the deletion itself. All raise `NotFound`."""

    def __init__(self, store: Store, indexes: Indexes, pictures: FacetPictures) -> None:
        self.store = store
        self.indexes = indexes
        self.pictures = pictures

    def of_look(self, look_id: str) -> Deletion:
        """Before a look goes."""
        row, url = self.store.look(look_id), urls.look(look_id)
        facets, renders = self.store.keeping.users_of(row.blob)
        stays = [Dependent(said=f"The picture itself stays as one of the facet {name}.") for name in facets]
        stays += [
            Dependent(said="The picture itself stays: a render starts from it.", url=urls.render(each))
            for each in renders
        ]
        goes = ["the list of units that the picture drives", *([] if stays else ["the uploaded picture"])]
        return _deletion("look", row.name, url, goes, [*stays, *self._mentions(url)])

    def look(self, look_id: str) -> None:
        """Delete a look."""
        self.store.keeping.forget_look(look_id)

    def of_render(self, render_id: str) -> Deletion:
        """Before a render goes."""
        row, url = self.store.render(render_id), urls.render(render_id)
        goes = ["its picture, its film and its scores"]
        goes += ["the picture it started from, unless something else uses it"] if row.picture else []
        shown = self.store.keeping.shown_in_quizzes(render_id)
        quizzes = [Dependent(said=f"{shown} questions of quizzes show it and lose the picture.")] if shown else []
        return _deletion("render", subject(RenderSpec.parse(row.spec)), url, goes, [*self._mentions(url), *quizzes])

    def render(self, render_id: str) -> None:
        """Delete a render; stop it first."""
        self.store.keeping.forget_render(render_id)

    def of_finding(self, finding_id: str) -> Deletion:
        """Before a finding goes."""
        row, url = self.store.findings.get(finding_id), urls.finding(finding_id)
        depends = [*self._mentions(url)]
        if row.kind == "words":
            said = f"The pages of the units of {row.layer} no longer show words from it."
            depends.append(Dependent(said=said, url=urls.layer(row.model, row.layer)))
        name = f"{row.kind.replace('_', ' ')} of {row.layer}, {row.model}"
        return _deletion("finding", name, url, ["what was found", "what was sent for it alone"], depends)

    def finding(self, finding_id: str) -> None:
        """Delete a finding; stop it first."""
        self.store.keeping.forget_finding(finding_id)

    def of_facet(self, facet_id: str) -> Deletion:
        """Before a facet goes."""
        row, url = self.store.facet(facet_id), urls.facet(facet_id)
        made = self.store.renders(facet=facet_id, limit=None)
        said = "{} was grown with it: it stays, and cannot be drawn again."
        depends = [
            Dependent(said=said.format(subject(RenderSpec.parse(each.spec))), url=urls.render(each.id))
            for each in made[:NAMED]
        ]
        if len(made) > NAMED:
            depends.append(Dependent(said=f"{len(made) - NAMED} more renders were grown with it, and stay too."))
        goes = ["its probes", f"its {len(row.images)} pictures, but for those that something else uses"]
        deletion = _deletion("facet", row.name, url, goes, [*depends, *self._mentions(url)])
        return deletion.model_copy(update={"refused": _why_not(row)})

    def facet(self, facet_id: str) -> None:
        """Delete a facet. Raises `BadInput` for one that comes with the model or is in training."""
        row = self.store.facet(facet_id)
        if why := _why_not(row):
            raise BadInput(f"facet: {why}", field="facet")
        for index in self.indexes.of(row.model):
            self.pictures.drop(index, facet_id)
            if not self.indexes.fixed(index):
                column_path(index, facet_id).unlink(missing_ok=True)
        self.store.keeping.forget_facet(facet_id)

    def of_label(self, slug: str, layer: str, unit: int, text: str) -> Deletion:
        """Before what people call a unit goes."""
        said = [row for row in self.store.labels.of_layer(slug, layer, unit) if row.text == text]
        if not said:
            raise NotFound(f"Nobody calls unit {unit} of {layer} {text!r}. It may have been taken back.")
        votes = self.store.labels.votes(slug, layer, unit).get((unit, text))
        goes = [f"the label, which {len(said)} {'person' if len(said) == 1 else 'people'} gave the unit"]
        goes += [f"{votes.up + votes.down} votes on it"] if votes else []
        url, action = urls.unit(slug, layer, unit), urls.unit_label_delete(slug, layer, unit)
        return Deletion(kind="label", name=text, url=url, action=action, fields={"text": text}, goes=goes, depends=[])

    def label(self, slug: str, layer: str, unit: int, text: str) -> None:
        """Delete what people call a unit, whoever said it."""
        self.of_label(slug, layer, unit, text)
        self.store.keeping.forget_label(slug, layer, unit, text)

    def _mentions(self, url: str) -> Iterator[Dependent]:
        notes, lists = self.store.keeping.mentions(url)
        for note in notes:
            said = f"A note on unit {note.unit} of {note.layer} links to it."
            yield Dependent(said=said, url=urls.unit(note.model, note.layer, note.unit))
        for each in lists:
            listed = each.listed  # the address of one that is not is its owner's to give away
            name = f"The list {each.title}" if listed else "A list that is not shown to everybody"
            yield Dependent(said=f"{name} links to it.", url=urls.unit_list(each.id) if listed else None)


def _deletion(kind: str, name: str, url: str, goes: list[str], depends: list[Dependent]) -> Deletion:
    return Deletion(kind=kind, name=name, url=url, action=urls.deletion(url), goes=goes, depends=depends)


def _why_not(row: FacetRow) -> str:
    if row.shipped:
        return f"{row.name} comes with the model {row.model}, which would bring it along again at the next start."
    if row.status in ("queued", "training"):
        return f"{row.name} is in training. Wait until that is over."
    return ""
