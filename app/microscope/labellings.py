"""Blind labellings: who labels what, and what comes of it once it is finished."""

from collections import Counter

from app import urls
from app.answers.examples import ActivationBand
from app.answers.labellings import LabellingLink, LabellingPage, OtherLabelling, TaggedCategory, TaggedShare
from app.errors import BadInput, NotFound
from app.lab.agreement import agreement
from app.lab.blind import draw, shares
from app.microscope.browsing import Browser
from app.microscope.given import in_sd
from app.microscope.said import hashed, is_of, line
from app.spec import content_id
from app.store import LabellingRow, Store
from app.store.tables import now

MOST_CATEGORIES = 9  # one for each key
LONGEST = 40  # characters
AHEAD = 3  # pictures that the browser may fetch before they are shown


class LabellingDesk:
    """Begins labellings and keeps what is tagged."""

    def __init__(self, store: Store, units: Browser) -> None:
        self.store = store
        self.units = units
        self.columns = units.columns

    def begin(self, slug: str, layer: str, unit: int, *, name: str, corpus: str | None, browser: str) -> str:
        """The id of a browser's labelling of a unit, begun if there is none. Everybody gets the same pictures in the same
        order, so that two labellings can be compared.

        Raises:
            NotFound: no such unit, or no images are indexed for its layer.
            NotReady: the activations on every image are not recorded.
            BadInput: a name that is too long.
        """
        self.units.unit(slug, layer, unit)
        index = self.units.index(slug, layer, corpus)
        if index is None:
            raise NotFound(f"No images are indexed for {layer} of {slug}, so there is nothing to label.")
        key = index.manifest.activations_key
        labelling_id = content_id("labelling", key, layer, str(unit), hashed(browser))
        columns = self.columns.need(index)
        graded = in_sd(index, columns, layer, unit)
        drawn = draw(graded.levels[graded.grades], seed=int(content_id("draw", key, layer, str(unit))[:8], 16))
        row = LabellingRow(
            id=labelling_id,
            model=slug,
            layer=layer,
            unit=unit,
            corpus=index.manifest.name,
            key=key,
            browser=hashed(browser),
            name=line(name, "name", LONGEST),
            images=drawn.images,
            bands=drawn.bands,
            edges=drawn.edges,
        )
        self.store.labellings.add(row)
        return labelling_id

    def tag(self, labelling_id: str, browser: str | None, *, place: object, category: object) -> None:
        """Give the picture at a place a category, a known one or a new one; another one than before corrects it.

        Raises:
            NotFound: no such labelling, or it is another's.
            BadInput: no such place, no or too long a category, more than `MOST_CATEGORIES`, or a finished labelling.
        """
        said = line(category, "category", LONGEST)
        if not said:
            raise BadInput("category: type a category, or choose one of those there are.", field="category")

        def change(row: LabellingRow) -> None:
            _check_open(row, browser)
            self._check_pictures(row)
            where = _place(place, len(row.images))
            if said not in row.categories and len(row.categories) >= MOST_CATEGORIES:
                raise BadInput(
                    f"category: a labelling has at most {MOST_CATEGORIES} categories, one for each key. Choose one of "
                    f"them: {', '.join(row.categories)}.",
                    field="category",
                )
            if said not in row.categories:
                row.categories = [*row.categories, said]
            row.tags = [*(each for each in row.tags if each[0] != where), [where, said]]

        self.store.labellings.change(labelling_id, change)

    def undo(self, labelling_id: str, browser: str | None) -> None:
        """Take the last tag back, and its category where nothing else has it. Raises as `tag`."""

        def change(row: LabellingRow) -> None:
            _check_open(row, browser)
            row.tags = row.tags[:-1]
            used = {category for _, category in row.tags}
            row.categories = [category for category in row.categories if category in used]

        self.store.labellings.change(labelling_id, change)

    def finish(self, labelling_id: str, browser: str | None) -> None:
        """Say that it is enough: now the activations show, and nothing can be changed. Raises as `tag`."""

        def change(row: LabellingRow) -> None:
            _check_open(row, browser)
            if not row.tags:
                raise BadInput("Nothing is labelled yet. Label at least one picture first.", field="category")
            row.finished = now()

        self.store.labellings.change(labelling_id, change)

    def links(self, slug: str, layer: str, unit: int, browser: str | None) -> list[LabellingLink]:
        """The finished labellings of a unit, and one's own."""
        rows = self.store.labellings.of_unit(slug, layer, unit)
        return [
            LabellingLink(
                url=urls.labelling(row.id),
                name=row.name,
                yours=is_of(row.browser, browser),
                finished=row.finished is not None,
                done=len(row.tags),
                images=len(row.images),
            )
            for row in rows
            if row.finished or is_of(row.browser, browser)
        ]

    def page(self, labelling_id: str, browser: str | None, only: str | None = None) -> LabellingPage:
        """A labelling as an answer. Raises `NotFound`, also for a category that it has not."""
        row = self.store.labellings.get(labelling_id)
        tags = dict(map(tuple, row.tags))
        rest = [place for place in range(len(row.images)) if place not in tags]
        yours, finished = is_of(row.browser, browser), row.finished is not None
        if only is not None and only not in row.categories:
            raise NotFound(f"only: this labelling has no category {only!r}.", field="only")
        following = [urls.corpus_image(row.corpus, row.images[place]) for place in rest[: AHEAD + 1]]
        showing = yours and not finished
        if showing:
            self._check_pictures(row)
        return LabellingPage(
            id=row.id,
            url=urls.labelling(row.id, only=only),
            model=row.model,
            layer=row.layer,
            unit=row.unit,
            label=self.units.label(row.model, row.layer, row.unit) if row.finished else "",
            unit_url=urls.unit(row.model, row.layer, row.unit),
            corpus=row.corpus,
            name=row.name,
            yours=yours,
            finished=finished,
            images=len(row.images),
            done=len(tags),
            place=rest[0] if showing and rest else None,
            image=following[0] if showing and following else None,
            after=following[1:] if showing else [],
            categories=list(row.categories) if showing or finished else [],
            only=only,
            bands=_bands(row, tags) if finished else [],
            shares=_shares(row, tags) if finished else [],
            others=self._others(row, tags) if finished else [],
        )

    def _check_pictures(self, row: LabellingRow) -> None:
        """Raise `NotFound` where the corpus has other pictures than those that the labelling was begun on."""
        self.columns.indexes.begun_on(row.corpus, row.key)

    def _others(self, row: LabellingRow, tags: dict[int, str]) -> list[OtherLabelling]:
        found = []
        for other in self.store.labellings.of_unit(row.model, row.layer, row.unit):
            if other.id != row.id and other.finished and other.images == row.images:
                both = agreement(tags, dict(map(tuple, other.tags)))
                found.append(
                    OtherLabelling(
                        url=urls.labelling(other.id),
                        name=other.name,
                        images=both.count if both else 0,
                        equal=both.equal if both else None,
                        kappa=both.kappa if both else None,
                    )
                )
        return found


def _bands(row: LabellingRow, tags: dict[int, str]) -> list[ActivationBand]:
    labelled = Counter(row.bands[place] for place in tags)
    edges = zip(row.edges[:-1], row.edges[1:], strict=True)
    return [ActivationBand(low=low, high=high, count=labelled[band]) for band, (low, high) in enumerate(edges)]


def _shares(row: LabellingRow, tags: dict[int, str]) -> list[TaggedCategory]:
    of = [tags.get(place) for place in range(len(row.images))]
    count = len(row.edges) - 1
    return [
        TaggedCategory(
            name=name,
            url=urls.labelling(row.id, only=name),
            count=of.count(name),
            shares=[TaggedShare(**vars(share)) for share in each],
        )
        for name, each in zip(row.categories, shares(row.bands, of, row.categories, count), strict=True)
    ]


def _check_open(row: LabellingRow, browser: str | None) -> None:
    if not is_of(row.browser, browser):
        raise NotFound("This labelling is another person's. Begin one of your own on the unit's page.")
    if row.finished:
        raise BadInput("This labelling is finished: the activations have been shown.", field="category")


def _place(value: object, count: int) -> int:
    text = str(value)
    if not text.isdecimal() or int(text) >= count:
        raise BadInput(f"place: a picture's place from 0 to {count - 1}.", field="place")
    return int(text)
