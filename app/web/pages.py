"""Every page that is read: one function gives the answer, which is served as HTML and, with `.json`, as itself."""

import inspect
from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from app.answers.beside import BesidePage
from app.answers.examples import View
from app.answers.facets import FacetPage, Facets
from app.answers.families import FamiliesPage, FamilyKind
from app.answers.findings import Finding, FindingView
from app.answers.given import GivenPage
from app.answers.home import Home, Search
from app.answers.labellings import LabellingPage
from app.answers.layer import LayerPage
from app.answers.lists import ListPage, Lists
from app.answers.looks import CorpusImagePage, LookPage, Looks
from app.answers.models import CardPage, ModelInfo, Models
from app.answers.renders import Comparison, FacetTable, RenderPage, Renders, Visualize
from app.answers.status import StatusPage
from app.answers.unit import AlikePage, ByFacetPage, UnitPage
from app.errors import BadInput
from app.spec import TableSpec
from app.web.boxes import Part
from app.web.browser_id import BrowserId
from app.web.forms import parse_table
from app.web.headers import EMBEDDED
from app.web.scope import Choice, Name, Names, Number, Pages, Scope, Slug

router = APIRouter()

Word = Annotated[str, Query(max_length=200)]


def page(
    path: str, template: str, embed: str | None = None, on: APIRouter = router, *, kept: bool = False
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register an answer at `path.json`, documented by its return type, and at `path` as the page `template`; with
    `?embed=1` as the page `embed`, which other sites may show in a frame. `on` is the router of another module. What is
    `kept` is not made again for the same answer (`Views.kept_page`)."""

    def register(answer: Callable[..., Any]) -> Callable[..., Any]:
        def html(
            request: Request, views: Pages, microscope: Scope, names: Names, page: Annotated[Any, Depends(answer)]
        ) -> Response:
            if embed and request.query_params.get("embed") == "1":
                response = views.page(request, embed, page)
                response.headers.update(EMBEDDED)
                return response
            whole = views.kept_page if kept else views.page
            return whole(request, template, page, facet_name=names, card_of=microscope.card_url)

        model = inspect.signature(answer).return_annotation
        on.add_api_route(f"{path}.json", answer, methods=["GET"], response_model=model)
        on.add_api_route(path, html, methods=["GET", "HEAD"], include_in_schema=False, response_model=None)
        return answer

    return register


@page("/", "home.html")
def home(microscope: Scope) -> Home:
    """The default model's gallery so far, its facets and the latest renders."""
    return microscope.home_desk.page()


@page("/status", "status.html")
def status(microscope: Scope) -> StatusPage:
    """How the server stands: what it serves, its queue, and the room it has."""
    return microscope.status()


@page("/models", "models.html")
def models(microscope: Scope) -> Models:
    """The models this server knows."""
    return microscope.browser.models()


@page("/models/{slug}", "model.html")
def model(microscope: Scope, slug: Slug) -> ModelInfo:
    """One model and its layers."""
    return microscope.browser.model(slug)


@page("/models/{slug}/card", "card.html")
def card(microscope: Scope, slug: Slug) -> CardPage:
    """The card of a model: what it is, what it can do and what not."""
    return microscope.card(slug)


@page("/models/{slug}/families", "families.html")
def families(
    microscope: Scope,
    slug: Slug,
    kind: FamilyKind | None = None,
    layer: Choice = None,
    corpus: Choice = None,
    family: Choice = None,
    after: Annotated[int, Query(ge=0, le=2**31 - 1)] = 0,
) -> FamiliesPage:
    """A tour of the families of a model's units: of the `kind` that the paper published, that clustering found, or that a
    corpus recorded. `after` so many families, or with a `family` so many of its units."""
    return microscope.tour_desk.page(
        slug, kind=kind, layer=layer or None, corpus=corpus or None, family=family or None, after=after
    )


@page("/models/{slug}/{layer}", "layer.html")
def layer(
    microscope: Scope,
    slug: Slug,
    layer: Name,
    after: Annotated[int, Query(ge=-1, le=2**31 - 1)] = -1,
    limit: Annotated[int, Query(ge=1, le=200)] = 60,
    q: Word = "",
    facet: Choice = None,
    sort: Literal["unit", "selectivity", "sparsity", "kurtosis", "purity", "strength"] = "unit",
    corpus: Choice = None,
    family: Choice = None,
) -> LayerPage:
    """A page of the layer's units; `after` is the token in the previous answer's `next`."""
    return microscope.browser.layer_page(
        slug,
        layer,
        after=after,
        limit=limit,
        q=q,
        facet=facet or None,
        sort=sort,
        corpus=corpus or None,
        family=family or None,
    )


@page("/models/{slug}/{layer}/{unit}", "unit.html", kept=True)
def unit(
    microscope: Scope,
    slug: Slug,
    layer: Name,
    unit: Number,
    corpus: Choice = None,
    facet: Choice = None,
    view: View = "picture",
    draw: Annotated[int, Query(ge=1, le=2**31 - 1)] = 1,
    browser: BrowserId = None,
) -> UnitPage:
    """One unit: what drives it, how strongly, what it is called, and the renders made of it. `view` is how its examples are
    shown, `draw` which of the uniform draws from the corpus is."""
    return microscope.unit_page(
        slug,
        layer,
        unit,
        corpus=corpus or None,
        facet=facet or None,
        view=view,
        draw=draw,
        browser=browser,
    )


@page("/models/{slug}/{layer}/{unit}/given", "given.html")
def given(
    microscope: Scope,
    slug: Slug,
    layer: Name,
    unit: Number,
    by: Choice = None,
    value: Annotated[str | None, Query(max_length=1000)] = None,
    facet: Choice = None,
    corpus: Choice = None,
) -> GivenPage:
    """A unit's activation given the label `value` in the corpus' column `by`, and that column's values given the unit's
    activation; or given a `facet`: on its own pictures, and on the images that its probe takes for its own."""
    return microscope.given_desk.page(
        slug, layer, unit, by=by or None, value=value or None, facet=facet or None, corpus=corpus or None
    )


@page("/models/{slug}/{layer}/{unit}/by-facet", "by_facet.html")
def by_facet(microscope: Scope, slug: Slug, layer: Name, unit: Number, corpus: Choice = None) -> ByFacetPage:
    """A unit's dataset examples under every facet: those that its probe takes for its own and that drive the unit."""
    return microscope.browser.by_facet_page(slug, layer, unit, corpus=corpus or None)


@page("/models/{slug}/{layer}/{unit}/alike", "alike.html")
def alike(microscope: Scope, slug: Slug, layer: Name, unit: Number, corpus: Choice = None) -> AlikePage:
    """The units that are active on the same images as one, in its layer, in others, and in other models."""
    return microscope.alike_desk.page(slug, layer, unit, corpus=corpus or None)


def table_spec(
    slug: Slug, layer: Name, unit: Number, preset: Word = "", strength: Word = "", seed: Word = ""
) -> TableSpec:
    """The facet table that an address names."""
    choice = {"preset": preset, "strength": strength, "seed": seed}
    return parse_table({"model": slug, "layer": layer, "unit": unit, **choice})


@page("/models/{slug}/{layer}/{unit}/facets", "facet_table.html")
def facet_table(microscope: Scope, spec: Annotated[TableSpec, Depends(table_spec)]) -> FacetTable:
    """One unit without a facet and with each, all else the same, as far as the pictures have grown."""
    return microscope.table_desk.page(spec)


@page("/facets", "facets.html")
def facets(microscope: Scope) -> Facets:
    """All facets."""
    return microscope.facet_desk.cards()


@page("/facets/{facet_id}", "facet.html")
def facet(microscope: Scope, facet_id: Name) -> FacetPage:
    """One facet: its pictures, the quality of its probes, and the renders it steered."""
    return microscope.facet(facet_id)


@page("/renders", "renders.html")
def renders(microscope: Scope, before: Choice = None) -> Renders:
    """The latest renders, newest first."""
    return microscope.renders(before or None)


@page("/renders/{render_id}", "render.html", embed="render_embed.html")
def render(microscope: Scope, render_id: Name) -> RenderPage:
    """One render: its spec and what came of it so far."""
    return microscope.render_pages.page(render_id)


@page("/findings/{finding_id}", "finding.html")
def finding(microscope: Scope, finding_id: Name, view: Annotated[FindingView, Query()]) -> Finding:
    """What an instrument found: its spec and the result so far. Of words, what they do to one `unit` of the layer, or the
    units of which the word `q` is among the strongest."""
    return microscope.finding(finding_id, view)


@page("/labellings/{labelling_id}", "labelling.html")
def labelling(microscope: Scope, labelling_id: Name, only: Choice = None, browser: BrowserId = None) -> LabellingPage:
    """A blind labelling: the next picture, or once it is finished what the pictures are in each band of activation."""
    return microscope.labelling_desk.page(labelling_id, browser, only or None)


@page("/lists", "lists.html")
def lists(microscope: Scope, before: Choice = None, browser: BrowserId = None) -> Lists:
    """The lists of units that people share, newest first, and one's own."""
    return microscope.list_desk.lists(browser, before or None)


@page("/lists/{list_id}", "list.html")
def unit_list(microscope: Scope, list_id: Name, browser: BrowserId = None) -> ListPage:
    """A list of units with what is remarked of each."""
    return microscope.list_desk.page(list_id, browser)


@page("/visualize", "visualize.html")
def visualize(microscope: Scope, model: Choice = None, layer: Choice = None) -> Visualize:
    """Where a render of anything starts: a direction, a whole layer, a prompt or a picture, with any facets."""
    return microscope.render_pages.form(model or None, layer or None)


@page("/compare", "compare.html")
def compare(
    microscope: Scope, a: Annotated[str, Query(max_length=200)], b: Annotated[str, Query(max_length=200)]
) -> Comparison:
    """Two renders side by side, with what differs in how they were made."""
    return microscope.render_pages.compare(a, b)


@page("/beside", "beside.html")
async def beside(
    microscope: Scope,
    a: Choice = None,
    b: Choice = None,
    layer_a: Choice = None,
    layer_b: Choice = None,
    q: Word = "",
    unit: Annotated[str, Query(max_length=9, pattern="^[0-9]*$")] = "",
    after: Annotated[int, Query(ge=0, le=2**31 - 1)] = 0,
) -> BesidePage:
    """The same asked of two layers, of the models `a` and `b`: words `q`, and a `unit` of the first; and the units that match,
    `after` so many pairs."""
    return await microscope.beside_desk.page(
        a or None,
        b or None,
        layer_a=layer_a or None,
        layer_b=layer_b or None,
        q=q.strip(),
        unit=int(unit) if unit else None,
        after=after,
    )


@page("/looks", "looks.html")
def looks(microscope: Scope) -> Looks:
    """The pictures people looked at."""
    return microscope.look_desk.looks()


@page("/looks/{look_id}", "look.html")
async def look(microscope: Scope, look_id: Name, part: Part) -> LookPage:
    """One uploaded picture and the units it drives most; with a box, also those that the part inside it drives."""
    if part is None:
        return await run_in_threadpool(microscope.look_desk.page, look_id)
    return await microscope.look_desk.part_of_look(look_id, part)


@page("/search", "search.html")
async def search(microscope: Scope, q: Word = "", model: Choice = None, layer: Choice = None) -> Search:
    """Units that match words or a number."""
    return await microscope.look_desk.search(q.strip(), model or None, layer or None)


def unit_named(unit: Word = "") -> tuple[str, int] | None:
    """The layer and unit that `?unit=LAYER/UNIT` names."""
    if not unit:
        return None
    layer, _, number = unit.rpartition("/")
    if not layer or not number.isdecimal() or len(number) > 9:
        raise BadInput(f"unit: give a layer and a unit as LAYER/UNIT, not {unit!r}.", field="unit")
    return layer, int(number)


@page("/corpora/{corpus}/{index}", "corpus_image.html")
async def corpus_image(
    microscope: Scope,
    corpus: Name,
    index: Number,
    part: Part,
    on: Annotated[tuple[str, int] | None, Depends(unit_named)],
) -> CorpusImagePage:
    """One image of a corpus and the units it drives most; with a box, also those that the part inside it drives; and what
    one unit does on it."""
    return await microscope.corpus_page(corpus, index, part, on)
