"""What people call units, and their votes: POST, answered by a redirect to the unit; and a layer's labels as files."""

import re
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, RedirectResponse
from starlette.responses import Response

from app import urls
from app.answers.labels import LabelsOfLayer
from app.errors import BadInput
from app.web import browser_id
from app.web.browser_id import BrowserId
from app.web.errors import respond, wants_json
from app.web.forms import form_body, read_fields
from app.web.scope import Name, Names, Number, Pages, Scope, Slug

router = APIRouter(tags=["labels"])

SECTION = "#names"
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
    browser, corpus = known or browser_id.new(), _corpus(values)
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
        if wants_json(request):
            return respond(request, error)
        page = await run_in_threadpool(microscope.unit_page, slug, layer, unit, corpus=corpus, browser=known)
        extra = {"facet_name": names, "card_of": microscope.card_url, "label_values": values, "label_error": error}
        return views.page(request, "unit.html", page, status=error.status, **extra)
    return _said(request, slug, layer, unit, corpus, browser, {"label": text})


@router.post("/models/{slug}/{layer}/{unit}/labels/undo", response_model=None, status_code=303)
async def take_back(
    request: Request, microscope: Scope, slug: Slug, layer: Name, unit: Number, known: BrowserId = None
) -> Response:
    """Take back what you called a unit."""
    corpus = _corpus(await read_fields(request))
    await run_in_threadpool(microscope.unlabel_unit, slug, layer, unit, known)
    return _said(request, slug, layer, unit, corpus, known, {"label": None}, status=200)


@router.post(
    "/models/{slug}/{layer}/{unit}/labels/votes", openapi_extra=_VOTE_BODY, response_model=None, status_code=303
)
async def vote(
    request: Request, microscope: Scope, slug: Slug, layer: Name, unit: Number, known: BrowserId = None
) -> Response:
    """Vote on a unit's automatic label, one vote a browser: `vote` is up, down, or none to take it back. 303, or 201."""
    values = await read_fields(request)
    browser, corpus = known or browser_id.new(), _corpus(values)
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
    return _said(request, slug, layer, unit, corpus, browser, {"vote": values.get("vote")})


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


def _corpus(values: Mapping[str, Any]) -> str | None:
    """The corpus whose examples the page showed. Raises BadInput."""
    corpus = values.get("corpus") or None
    if corpus is not None and not isinstance(corpus, str):
        raise BadInput("corpus: send the name of a corpus.", field="corpus")
    return corpus


def _said(
    request: Request,
    slug: str,
    layer: str,
    unit: int,
    corpus: str | None,
    browser: str | None,
    answer: dict[str, Any],
    status: int = 201,
) -> Response:
    url = urls.with_query(urls.unit(slug, layer, unit), corpus=corpus)
    response: Response = RedirectResponse(url + SECTION, 303)
    if wants_json(request):
        response = JSONResponse({"url": url, **answer}, status, headers={"Location": url})
    if browser is not None:
        browser_id.remember(request, response, browser)
    return response
