"""What people call units, and their votes: POST, answered by a redirect to the unit; and a layer's labels as files."""

import re
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool
from starlette.responses import Response

from app import urls
from app.answers.labels import LabelsOfLayer
from app.errors import BadInput
from app.web import browser_id
from app.web.browser_id import BrowserId
from app.web.forms import form_body, read_fields
from app.web.saying import again, corpus_of, kept
from app.web.scope import Name, Names, Number, Pages, Scope, Slug

router = APIRouter(tags=["labels"])

SECTION = "names"
Corpus = Annotated[str | None, Query(max_length=200)]

_LABEL_BODY = form_body(["text"], "text", "name", "corpus")
_VOTE_BODY = form_body(["vote"], "vote", "word", "corpus")


@router.post("/models/{slug}/{layer}/{unit}/labels", openapi_extra=_LABEL_BODY, response_model=None, status_code=303)
async def label(
    request: Request,
    microscope: Scope,
    views: Pages,
    names: Names,
    slug: Slug,
    layer: Name,
    unit: Number,
    known: BrowserId = None,
) -> Response:
    """Say what you call a unit, one label a browser: `text`, and `name` if you like. 303, or for JSON 201."""
    values = await read_fields(request)
    browser, corpus = known or browser_id.new(), corpus_of(values)
    try:
        text = await run_in_threadpool(
            microscope.label_unit,
            slug,
            layer,
            unit,
            text=values.get("text"),
            name=values.get("name"),
            corpus=corpus,
            browser=browser,
        )
    except BadInput as error:
        shown = {"label_values": values, "label_error": error}
        return await again(request, microscope, views, names, (slug, layer, unit), corpus, known, error, **shown)
    return kept(request, urls.unit(slug, layer, unit), SECTION, corpus, browser, {"label": text})


@router.post("/models/{slug}/{layer}/{unit}/labels/undo", response_model=None, status_code=303)
async def take_back(
    request: Request, microscope: Scope, slug: Slug, layer: Name, unit: Number, known: BrowserId = None
) -> Response:
    """Take back what you called a unit."""
    corpus = corpus_of(await read_fields(request))
    await run_in_threadpool(microscope.unlabel_unit, slug, layer, unit, known)
    return kept(request, urls.unit(slug, layer, unit), SECTION, corpus, known, {"label": None}, status=200)


@router.post(
    "/models/{slug}/{layer}/{unit}/labels/votes", openapi_extra=_VOTE_BODY, response_model=None, status_code=303
)
async def vote(
    request: Request, microscope: Scope, slug: Slug, layer: Name, unit: Number, known: BrowserId = None
) -> Response:
    """Vote on a unit's label, one vote a browser: the automatic one, or the `word` that a person calls it. `vote` is up, down,
    or none to take it back. 303, or 201."""
    values = await read_fields(request)
    browser, corpus = known or browser_id.new(), corpus_of(values)
    await run_in_threadpool(
        microscope.vote_on_label,
        slug,
        layer,
        unit,
        vote=values.get("vote"),
        word=values.get("word"),
        corpus=corpus,
        browser=browser,
    )
    return kept(request, urls.unit(slug, layer, unit), SECTION, corpus, browser, {"vote": values.get("vote")})


@router.get("/models/{slug}/{layer}/labels.json")
def layer_labels(microscope: Scope, slug: Slug, layer: Name, corpus: Corpus = None) -> LabelsOfLayer:
    """What every unit of a layer is called, by people and automatically, apart."""
    return microscope.layer_labels(slug, layer, corpus or None)


@router.get("/models/{slug}/{layer}/labels.csv", response_class=Response)
def layer_labels_csv(microscope: Scope, slug: Slug, layer: Name, corpus: Corpus = None) -> Response:
    """The same as a table."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", f"{slug}-{layer}-labels")
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"', "Cache-Control": "no-cache"}
    table = microscope.layer_labels_csv(slug, layer, corpus or None)
    return Response(table, media_type="text/csv; charset=utf-8", headers=headers)
