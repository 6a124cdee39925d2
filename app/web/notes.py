"""Notes about units and votes on them: POST, answered by a redirect to the unit."""

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from starlette.responses import Response

from app import urls
from app.errors import BadInput
from app.web import browser_id
from app.web.browser_id import BrowserId
from app.web.forms import form_body, read_fields
from app.web.saying import again, corpus_of, kept
from app.web.scope import Name, Names, Number, Pages, Scope, Slug

router = APIRouter(tags=["notes"])

SECTION = "notes"
_NOTE_BODY = form_body(["note"], "note", "name", "preview", "corpus")
_VOTE_BODY = form_body(["note", "vote"], "note", "vote", "corpus")


@router.post("/models/{slug}/{layer}/{unit}/notes", openapi_extra=_NOTE_BODY, response_model=None, status_code=303)
async def write(
    request: Request,
    microscope: Scope,
    views: Pages,
    names: Names,
    slug: Slug,
    layer: Name,
    unit: Number,
    known: BrowserId = None,
) -> Response:
    """Write a `note` about a unit in Markdown, one a browser, with your `name` if you like: 303, or for JSON 201. With
    `preview` nothing is kept, and the answer is the unit's page with the note as it would look."""
    values = await read_fields(request)
    browser, corpus = known or browser_id.new(), corpus_of(values)
    said = {"text": values.get("note"), "name": values.get("name")}
    page = (request, microscope, views, names, (slug, layer, unit), corpus, known)
    try:
        if values.get("preview"):
            text, _ = microscope.note_desk.checked(**said)
            return await again(*page, note_values=values, note_preview=text)
        note = await run_in_threadpool(microscope.note_desk.say, slug, layer, unit, **said, browser=browser)
    except BadInput as error:
        return await again(*page, error, note_values=values, note_error=error)
    return kept(request, urls.unit(slug, layer, unit), SECTION, corpus, browser, {"id": note})


@router.post("/models/{slug}/{layer}/{unit}/notes/undo", response_model=None, status_code=303)
async def take_back(
    request: Request, microscope: Scope, slug: Slug, layer: Name, unit: Number, known: BrowserId = None
) -> Response:
    """Take your note about a unit back, with the votes on it."""
    corpus = corpus_of(await read_fields(request))
    await run_in_threadpool(microscope.note_desk.unsay, slug, layer, unit, known)
    return kept(request, urls.unit(slug, layer, unit), SECTION, corpus, known, {"id": None}, status=200)


@router.post(
    "/models/{slug}/{layer}/{unit}/notes/votes", openapi_extra=_VOTE_BODY, response_model=None, status_code=303
)
async def vote(
    request: Request, microscope: Scope, slug: Slug, layer: Name, unit: Number, known: BrowserId = None
) -> Response:
    """Say whether somebody's `note` helps, one vote a browser: `vote` is up, down, or none to take it back. 303, or 201."""
    values = await read_fields(request)
    browser, corpus = known or browser_id.new(), corpus_of(values)
    await run_in_threadpool(
        microscope.note_desk.vote,
        slug,
        layer,
        unit,
        note=values.get("note"),
        vote=values.get("vote"),
        browser=browser,
    )
    return kept(request, urls.unit(slug, layer, unit), SECTION, corpus, browser, {"vote": values.get("vote")})
