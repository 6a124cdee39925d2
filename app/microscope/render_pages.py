"""Renders as answers: a thumbnail in a list, a page, two side by side."""

import json
import statistics
from collections.abc import Callable, Sequence
from io import BytesIO
from typing import Any

from PIL import Image

from app import images, urls
from app.answers.examples import Example
from app.answers.links import FacetLink, RenderLink
from app.answers.renders import (
    Comparison,
    Difference,
    FacetPull,
    FacetReading,
    PresetChoice,
    RenderPage,
    Spread,
    UnitPart,
    Visualize,
)
from app.corpus.index import Index
from app.errors import NotFound
from app.microscope.facets import FacetDesk
from app.microscope.gallery import Gallery
from app.microscope.indexes import Indexes
from app.microscope.naming import Naming
from app.microscope.residents import Residents
from app.microscope.responses import examples
from app.render.cost import seconds
from app.spec import PRESETS, RenderSpec
from app.store import RenderRow, Store

SHOWN = 9  # dataset examples beside a render
SIBLINGS = 300  # renders of a unit among which the same spec with other seeds is looked for
TERMS = 3  # of a direction, in a title
SHORT = 24  # characters
MINUS, OPEN, CLOSE = "\N{MINUS SIGN}", "\N{LEFT DOUBLE QUOTATION MARK}", "\N{RIGHT DOUBLE QUOTATION MARK}"


def subject(spec: RenderSpec) -> str:
    """What a spec makes large, as a title."""
    if spec.of == "direction":
        return f"Direction {terms(spec)}"
    names = {
        "unit": f"Unit {spec.unit}",
        "layer": f"All of {spec.layer}",
        "prompt": f"{OPEN}{spec.prompt}{CLOSE}",
        "picture": f"Caricature at {spec.layer}",
    }
    return names[spec.of]


def terms(spec: RenderSpec, shown: int = TERMS) -> str:
    """A direction as it is written, the heaviest units first."""
    heaviest = sorted(spec.direction or (), key=lambda term: -abs(term[1]))
    said = [f"{MINUS if weight < 0 else '+'} {_factor(weight)}{unit}" for unit, weight in heaviest[:shown]]
    return " ".join([*said, *(["…"] if len(heaviest) > shown else [])]).removeprefix("+ ")


def _factor(weight: float) -> str:
    return "" if abs(weight) == 1 else f"{abs(weight):g} × "


def _short(spec: RenderSpec) -> str:
    if spec.prompt:
        cut = f"{spec.prompt[: SHORT - 1].rstrip()}…" if len(spec.prompt) > SHORT else spec.prompt
        return f"{OPEN}{cut}{CLOSE}"
    return {"unit": str(spec.unit), "direction": "direction", "layer": "layer", "picture": "caricature"}[spec.of]


def stands_for_its_unit(spec: RenderSpec) -> bool:
    """Whether a picture may stand for a unit: it was made to make it large, with at most one facet, and from noise."""
    return spec.of == "unit" and spec.aim != "least" and not (spec.mix or spec.picture or spec.diversity)


def link(row: RenderRow) -> RenderLink:
    """A render as a thumbnail in a list."""
    spec = RenderSpec.parse(row.spec)
    return RenderLink.model_validate(
        {
            "id": row.id,
            "url": urls.render(row.id),
            "image": urls.render_image(row.id) if row.status == "done" else None,
            "status": row.status,
            "of": spec.of,
            "subject": subject(spec),
            "short": _short(spec),
            "unit": spec.unit,
            "unit_url": None if spec.unit is None else urls.unit(spec.model, spec.layer, spec.unit),
            "layer": row.layer,
            "model": row.model,
            "facet": spec.facet,
            "facets": len(spec.pulls),
            "strength": spec.strength,
            "aim": spec.aim,
            "preset": spec.preset,
            "seed": spec.seed,
            "stands": stands_for_its_unit(spec),
            "activation": row.activation,
            "activation_sd": row.activation_sd,
            "activation_percentile": row.activation_percentile,
        }
    )


class RenderPages:
    """What the store and the corpus say of renders."""

    def __init__(
        self,
        store: Store,
        residents: Residents,
        indexes: Indexes,
        facets: FacetDesk,
        gallery: Gallery,
        ahead: Callable[[str], int],
        naming: Naming,
        *,
        bounded: bool = False,
    ) -> None:
        self.store = store
        self.bounded = bounded  # pictures may be cleared for room
        self.residents = residents
        self.indexes = indexes
        self.facets = facets
        self.gallery = gallery
        self.ahead = ahead
        self.naming = naming

    def presets(self, slug: str) -> list[PresetChoice]:
        """The presets a render may be made with, and about how long each takes here."""
        clip, pace = self.residents.find(slug), self.residents.pace(slug)
        choices = []
        for preset in PRESETS.values():
            about = None
            if clip is not None and pace is not None:
                example = {"model": slug, "layer": clip.default_layer, "unit": 0, "facet": "x", "preset": preset.name}
                example["picture"] = "x" if preset.from_picture else None
                about = seconds(clip, RenderSpec.model_validate(example), pace)
            choices.append(PresetChoice(**preset.model_dump(exclude={"fixed"}), seconds=about))
        return choices

    def form(self, slug: str | None, layer: str | None) -> Visualize:
        """What there is to choose from. Raises `NotFound` for a model or layer that there is not."""
        slug = slug or self.residents.default
        layers = list(self.residents.layers(slug))
        if layer is not None and layer not in layers:
            raise NotFound(f"{slug} has no layer {layer}: it has {', '.join(layers)}.", field="layer")
        return Visualize(
            model=slug,
            models=self.residents.slugs,
            layer=layer or layers[-1],
            layers=layers[::-1],
            last_layer=layers[-1],
            facets=self.facets.links(slug),
            presets=self.presets(slug),
        )

    def page(self, render_id: str) -> RenderPage:
        """A render with what came of it so far. Raises `NotFound`."""
        row = self.store.render(render_id)
        spec = RenderSpec.parse(row.spec)
        index = self.indexes.with_layer(spec.model, spec.layer)
        choices = self.facets.links(spec.model)
        plain = self.store.find_render(_without_facets(spec).id) if spec.pulls else None
        parts = self._parts(spec, row, index)
        heaviest = spec.unit if spec.unit is not None else parts[0].unit if parts and parts[0].weight > 0 else None
        siblings = self.store.renders(
            model=spec.model, layer=spec.layer, unit=spec.unit, facet=spec.facet, limit=SIBLINGS
        )
        own = _but_seed(row.spec)
        seeds = [each for each in siblings if each.id != row.id and _but_seed(each.spec) == own]
        pulls = _pulls(spec, row, plain, choices)
        return RenderPage.model_validate(
            {
                "id": row.id,
                "url": urls.render(row.id),
                "spec": spec,
                "status": row.status,
                "step": row.step,
                "steps": spec.steps,
                "subject": subject(spec),
                "subject_url": urls.layer(spec.model, spec.layer)
                if spec.unit is None
                else urls.unit(spec.model, spec.layer, spec.unit),
                "first_activation": row.first_activation,
                "activation": row.activation,
                "activation_sd": row.activation_sd,
                "activation_percentile": row.activation_percentile,
                "facet_score": row.facet_score,
                "frames": [{"step": step, "url": urls.frame(row.id, step)} for step in self.store.files.frames(row.id)],
                "image": urls.render_image(row.id) if row.status == "done" else None,
                "source": urls.blob(spec.picture) if spec.picture else None,
                "elapsed_s": row.elapsed_s,
                "left_s": row.elapsed_s / row.step * (spec.steps - row.step) if row.step else None,
                "error": row.error,
                "facet": pulls[0].facet if pulls else None,
                "pulls": pulls,
                "readings": [
                    FacetReading(facet=each, score=row.facet_scores[each.id])
                    for each in choices
                    if each.id in row.facet_scores
                ],
                "facets": choices,
                "presets": self.presets(spec.model),
                "unit_url": None if spec.unit is None else urls.unit(spec.model, spec.layer, spec.unit),
                "layer_url": urls.layer(spec.model, spec.layer),
                "label": "" if spec.unit is None else self.naming.titles(spec.model, spec.layer, index)[spec.unit].text,
                "parts": parts,
                "examples": self._examples(spec, index, heaviest),
                "plain": link(plain) if plain else None,
                "seeds": [link(each) for each in sorted(seeds, key=lambda each: RenderSpec.parse(each.spec).seed)],
                "spread": _spread([row, *seeds]),
                "others": self._others(spec, row.id),
                "ahead": self.ahead(row.id),
                "pinned": row.pinned,
                "may_be_cleared": self.bounded and not row.pinned and row.status == "done",
            }
        )

    def _parts(self, spec: RenderSpec, row: RenderRow, index: Index | None) -> list[UnitPart]:
        titles = self.naming.titles(spec.model, spec.layer, index)
        return [
            UnitPart(
                unit=unit,
                weight=weight,
                url=urls.unit(spec.model, spec.layer, unit),
                label=titles[unit].text,
                thumbnail=self.gallery.thumbnail(spec.model, spec.layer, unit, index),
            )
            for unit, weight in row.parts
        ]

    def _examples(self, spec: RenderSpec, index: Index | None, unit: int | None) -> list[Example]:
        if index is None or unit is None:
            return []
        layer = self.residents.layers(spec.model)[spec.layer]
        return examples(index, layer, unit, index.unit(spec.layer, unit).top[:SHOWN])

    def _others(self, spec: RenderSpec, but: str) -> list[RenderLink]:
        rows = self.store.renders(model=spec.model, layer=spec.layer, unit=spec.unit)
        links = [link(each) for each in rows if each.id != but and each.status == "done"]
        return [each for each in links if each.of == spec.of][:SHOWN]

    def compare(self, left_id: str, right_id: str) -> Comparison:
        """Two renders side by side. Raises `NotFound`."""
        left, right = self.page(left_id), self.page(right_id)
        return Comparison(
            url=urls.comparison(left_id, right_id), left=left, right=right, differences=_differences(left, right)
        )

    def film(self, render_id: str) -> bytes:
        """How a finished picture grew, animated WebP. Raises `NotFound` before it is finished."""
        row = self.store.render(render_id)
        steps = self.store.files.frames(render_id) if row.status == "done" else []
        if not steps:
            raise NotFound(f"The render {render_id} has no film: it is {row.status}. It has one once it is done.")
        frames = (self.store.files.frame(render_id, step) for step in steps)
        return images.encode_film([Image.open(BytesIO(frame), formats=("WEBP",)) for frame in frames])

    def spec(self, render_id: str) -> RenderSpec:
        """What made a render. Raises `NotFound`."""
        return RenderSpec.parse(self.store.render(render_id).spec)


def _without_facets(spec: RenderSpec) -> RenderSpec:
    return spec.but(facet=None, mix=(), ramp=None)


def _but_seed(canonical: str) -> dict[str, Any]:
    spec = json.loads(canonical)
    del spec["seed"]
    return spec


def _pulls(spec: RenderSpec, row: RenderRow, plain: RenderRow | None, choices: Sequence[FacetLink]) -> list[FacetPull]:
    known = {each.id: each for each in choices}
    return [
        FacetPull(
            facet=known.get(pull.facet)
            or FacetLink(id=pull.facet, name=pull.facet, url=urls.facet(pull.facet), ready=False),
            strength=pull.strength,
            score=row.facet_scores.get(pull.facet, row.facet_score if pull.facet == spec.facet else None),
            plain_score=plain.facet_scores.get(pull.facet) if plain else None,
        )
        for pull in spec.pulls
    ]


def _spread(rows: Sequence[RenderRow]) -> Spread | None:
    """Over the finished ones; None for fewer than two."""
    done = [(row.activation, row.activation_percentile) for row in rows if row.status == "done"]
    reached = [activation for activation, _ in done if activation is not None]
    if len(reached) < 2:
        return None
    percentiles = [percentile for _, percentile in done if percentile is not None]
    return Spread(
        count=len(reached),
        low=min(reached),
        high=max(reached),
        mean=statistics.fmean(reached),
        sd=statistics.stdev(reached),
        lowest_percentile=min(percentiles) if len(percentiles) == len(done) else None,
    )


def _differences(left: RenderPage, right: RenderPage) -> list[Difference]:
    """The settings that differ, in the order of the spec, facets by their names."""
    ours, theirs = (
        {
            **page.spec.model_dump(),
            "direction": terms(page.spec, 64) or None,
            "facet": page.facet.name if page.facet else "none",
            "mix": ", ".join(f"{pull.facet.name} × {pull.strength:g}" for pull in page.pulls[1:]) or "none",
        }
        for page in (left, right)
    )
    return [
        Difference(name=name, left=_said(value), right=_said(theirs[name]))
        for name, value in ours.items()
        if value != theirs[name]
    ]


def _said(value: object) -> str:
    return "none" if value is None else str(value)
