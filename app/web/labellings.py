"""Blind labelling: POST, answered by a redirect to the labelling."""

from collections.abc import Callable
from functools import partial

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from starlette.responses import Response

from app import urls
from app.errors import BadInput
from app.web import browser_id
from app.web.actions import made
from app.web.browser_id import BrowserId
from app.web.forms import Texts
from app.web.saying import refused
from app.web.scope import Name, Number, Pages, Scope, Slug

router = APIRouter(tags=["labellings"])

_BEGIN = Texts(optional=("name", "corpus"))
_TAG = Texts(("place", "category"), numbers=("place",))


@router.post(
    "/models/{slug}/{layer}/{unit}/labellings",
    openapi_extra=_BEGIN.body,
    response_model=None,
    status_code=303,
)
async def begin(
    request: Request, microscope: Scope, slug: Slug, layer: Name, unit: Number, known: BrowserId = None
) -> Response:
    """Begin to label a unit's pictures without seeing how strongly they drive it, or go on: 303, or for JSON 201."""
    values = await _BEGIN.read(request)
    browser = known or browser_id.new()
    labelling_id = await run_in_threadpool(
        microscope.labelling_desk.begin,
        slug,
        layer,
        unit,
        name=values.get("name") or "",
        corpus=values.get("corpus") or None,
        browser=browser,
    )
    return made(request, urls.labelling(labelling_id), labelling_id, created=True, browser=browser)


@router.post(
    "/labellings/{labelling_id}/tags",
    openapi_extra=_TAG.body,
    response_model=None,
    status_code=303,
)
async def tag(
    request: Request, microscope: Scope, views: Pages, labelling_id: Name, known: BrowserId = None
) -> Response:
    """Give the picture at `place` a `category`: 303, or for JSON 200."""
    values = await _TAG.read(request)
    return await _changed(
        request,
        microscope,
        views,
        labelling_id,
        known,
        lambda: microscope.labelling_desk.tag(
            labelling_id, known, place=values.get("place"), category=values.get("category")
        ),
    )


@router.post("/labellings/{labelling_id}/undo", response_model=None, status_code=303)
async def undo(
    request: Request, microscope: Scope, views: Pages, labelling_id: Name, known: BrowserId = None
) -> Response:
    """Take the last tag back."""
    return await _changed(
        request, microscope, views, labelling_id, known, lambda: microscope.labelling_desk.undo(labelling_id, known)
    )


@router.post("/labellings/{labelling_id}/finish", response_model=None, status_code=303)
async def finish(
    request: Request, microscope: Scope, views: Pages, labelling_id: Name, known: BrowserId = None
) -> Response:
    """Say that it is enough: the activations show, and nothing can be changed any more."""
    return await _changed(
        request, microscope, views, labelling_id, known, lambda: microscope.labelling_desk.finish(labelling_id, known)
    )


async def _changed(
    request: Request,
    microscope: Scope,
    views: Pages,
    labelling_id: str,
    known: str | None,
    change: Callable[[], None],
) -> Response:
    try:
        await run_in_threadpool(change)
    except BadInput as error:
        page = partial(microscope.labelling_desk.page, labelling_id, known)
        return await refused(request, views, "labelling.html", page, error)
    return made(request, urls.labelling(labelling_id), labelling_id, created=False)
