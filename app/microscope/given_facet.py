"""A unit's activation given a facet, as answers: the facet's own pictures beside a corpus, and the corpus sorted by its
probe."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app import urls
from app.answers.examples import Shown
from app.answers.given import FacetRanking, GivenFacet, LabelResponse, Others, TwoSets
from app.answers.links import FacetLink
from app.corpus.columns import STEPS, Codes, Columns
from app.corpus.given import FEWEST, Estimate, auc, median
from app.corpus.index import Index
from app.corpus.tally import Tally
from app.microscope.facet_answers import link
from app.microscope.facet_columns import FacetColumnDesk
from app.microscope.facet_pictures import FacetPictures
from app.microscope.given import BINS, SHOWN
from app.store import FacetRow, Store


@dataclass(frozen=True)
class OneUnit:
    """A unit's column, counted: `tally` is in standard deviations from its mean."""

    index: Index
    layer: str
    unit: int
    codes: Codes
    tally: Tally

    @classmethod
    def of(cls, index: Index, columns: Columns, layer: str, unit: int) -> "OneUnit":
        codes, stats = columns.column(layer, unit), index.unit(layer, unit).stats
        std = stats.std or 1.0
        return cls(
            index,
            layer,
            unit,
            codes,
            Tally.of(codes, (stats.min - stats.mean) / std, (stats.max - stats.min) / STEPS / std),
        )

    def in_sd(self, activations: NDArray[np.floating]) -> NDArray[np.float64]:
        """Activations in standard deviations from the unit's mean over the corpus."""
        stats = self.index.unit(self.layer, self.unit).stats
        return (activations.astype(np.float64) - stats.mean) / (stats.std or 1.0)

    def activation(self, sd: float) -> float:
        """The activation that lies so many standard deviations from the mean."""
        stats = self.index.unit(self.layer, self.unit).stats
        return stats.mean + sd * (stats.std or 1.0)


class GivenFacets:
    """Composes what a unit does given a facet."""

    def __init__(self, store: Store, pictures: FacetPictures, facet_columns: FacetColumnDesk) -> None:
        self.store = store
        self.pictures = pictures
        self.facet_columns = facet_columns

    def links(self, slug: str, address: Callable[[str], str]) -> list[FacetLink]:
        """The facets of a model as choices, each with the address of a unit's activation given it."""
        rows = self.store.facets(model=slug, images=False)
        return [link(row).model_copy(update={"url": address(row.id)}) for row in rows]

    def given(self, one: OneUnit, facet_id: str, address: str) -> GivenFacet:
        """A unit's activation given a facet. Waits a moment for pictures that were never measured."""
        row = self.store.facet(facet_id)
        reason = (
            self.pictures.ask(one.index, row)
            if row.images
            else (f"{row.name} came as trained weights, without the pictures that they were trained on.")
        )
        own, taken = self._own(one, row, address), self._taken(one, row, address)
        waiting = own is None and bool(row.images) and not self.pictures.failed(one.index, row.id)
        return GivenFacet(
            facet=link(row),
            status=row.status,  # pyright: ignore[reportArgumentType]  # checked by pydantic
            pictures=len(row.images),
            waiting=waiting
            or row.status in ("queued", "training")
            or (not taken and self.facet_columns.busy(one.index)),
            reason="" if own else reason,
            own=own,
            taken_reason="" if taken else self._untaken(one, row),
            taken=taken,
        )

    def ranking(self, one: OneUnit, address: Callable[[str], str]) -> FacetRanking:
        """The responses to all facets' own pictures, as far as they are measured."""
        found, waiting, few = [], [], 0
        for row in self.store.facets(model=one.index.manifest.model, images=False):
            activations = self.pictures.find(one.index, row.id, one.layer, one.unit)
            if activations is None:
                waiting += [] if self.pictures.has(one.index, row.id) else [row.name]
            elif len(activations) < FEWEST:
                few += 1
            else:
                found.append(self._response(one, row, one.in_sd(activations), address(row.id)))
        found.sort(key=lambda each: -each.median)
        return FacetRanking(facets=found, waiting=waiting, few=few, fewest=FEWEST)

    def _response(self, one: OneUnit, row: FacetRow, values: NDArray[np.float64], address: str) -> LabelResponse:
        corpus = one.tally
        above = float(corpus.below(values).mean() / len(corpus))
        return _response(row.name, address, len(values), median(np.sort(values)), auc(above, len(values), len(corpus)))

    def _own(self, one: OneUnit, row: FacetRow, address: str) -> TwoSets | None:
        activations = self.pictures.find(one.index, row.id, one.layer, one.unit)
        if activations is None:
            return None
        values, corpus = one.in_sd(activations), one.tally
        edges = _edges(min(corpus[0], values.min()), max(corpus[len(corpus) - 1], values.max()))
        shown = [
            Shown(
                image=urls.blob(row.images[place].blob),
                page=urls.facet(row.id),
                caption=row.images[place].name,
                activation=float(activations[place]),
                sd=float(values[place]),
            )
            for place in _ends(np.argsort(-values, kind="stable"))
        ]
        return TwoSets(
            ones=f"pictures of {row.name}",
            rest=f"images of {one.index.manifest.name}",
            chosen=self._response(one, row, values, address),
            others=_others(corpus),
            edges=edges.tolist(),
            counts=np.histogram(values, edges)[0].tolist(),
            other_counts=corpus.histogram(edges),
            strongest=shown[:SHOWN],
            weakest=shown[SHOWN:][::-1],
        )

    def _taken(self, one: OneUnit, row: FacetRow, address: str) -> TwoSets | None:
        """The corpus images that the facet's probe takes for its own beside the other ones; None where either is missing."""
        column = self.facet_columns.find(one.index, row.id)
        images = np.flatnonzero(column.own) if column else np.empty(0, np.int64)
        if not 0 < len(images) < len(one.codes):
            return None
        codes = one.codes[images]
        ones = Tally.of(codes, one.tally.start, one.tally.step)
        rest = one.tally.without(ones)
        edges = _edges(one.tally[0], one.tally[len(one.tally) - 1])
        found = auc(rest.under(ones), len(ones), len(rest))
        shown = [_shown(one, int(images[place])) for place in _ends(_most_and_least(codes))]
        return TwoSets(
            ones=f"images that its probe takes for {row.name}",
            rest="other images",
            chosen=_response(row.name, address, len(ones), median(ones), found),
            others=_others(rest),
            edges=edges.tolist(),
            counts=ones.histogram(edges),
            other_counts=rest.histogram(edges),
            strongest=shown[:SHOWN],
            weakest=shown[SHOWN:][::-1],
        )

    def _untaken(self, one: OneUnit, row: FacetRow) -> str:
        name = one.index.manifest.name
        column = self.facet_columns.find(one.index, row.id)
        if column is not None:
            of = "every" if column.chance else "no"
            return f"Its probe takes {of} image of {name} for its own, so there is nothing to compare."
        if row.status == "failed":
            return f"The facet could not be trained: {row.error}"
        if row.status != "ready":
            return f"Which images of {name} are of the facet is known when it is trained."
        if not row.layers:
            return "Its weights came without a bias, so it cannot say which images are of its theme."
        return self.facet_columns.status(one.index) or "The facet was trained on other weights: train it again."


def _response(name: str, address: str, count: int, middle: Estimate, apart: Estimate) -> LabelResponse:
    return LabelResponse(
        value=name,
        url=address,
        count=count,
        median=middle.value,
        low=middle.low,
        high=middle.high,
        auc=apart.value,
        auc_low=apart.low,
        auc_high=apart.high,
    )


def _others(tally: Tally) -> Others:
    middle = median(tally)
    return Others(count=len(tally), median=middle.value, low=middle.low, high=middle.high)


def _edges(low: float, high: float) -> NDArray[np.float64]:
    return np.linspace(low, high, BINS + 1) if high > low else np.array([low - 0.5, low + 0.5])


def _most_and_least(codes: Codes) -> NDArray[np.intp]:
    """The places of the codes, the highest first, as far as either end is shown."""
    if len(codes) <= 2 * SHOWN:
        return np.argsort(-codes.astype(np.int64), kind="stable")
    ends = np.concatenate([np.argpartition(codes, -SHOWN)[-SHOWN:], np.argpartition(codes, SHOWN)[:SHOWN]])
    return ends[np.argsort(-codes[ends].astype(np.int64), kind="stable")]


def _ends(order: NDArray[np.intp]) -> Sequence[int]:
    """The first and the last few."""
    return (order if len(order) <= 2 * SHOWN else np.concatenate([order[:SHOWN], order[-SHOWN:]])).tolist()


def _shown(one: OneUnit, image: int) -> Shown:
    index = one.index
    record, sd = index.record(image), one.tally.start + int(one.codes[image]) * one.tally.step
    return Shown(
        image=urls.corpus_image(index.manifest.name, image),
        page=urls.corpus_page(index.manifest.name, image),
        caption=record["caption"] or record["key"],
        activation=one.activation(sd),
        sd=sd,
    )
