"""Deleting what people made, and keeping renders: a page that says first what depends on it, then a POST."""

from collections.abc import Callable

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from starlette.responses import Response

from app import urls
from app.answers.deletion import Deletion
from app.errors import BadInput
from app.web.actions import made
from app.web.forms import Texts
from app.web.pages import Word, page
from app.web.scope import Name, Number, Scope, Slug

router = APIRouter(tags=["deleting"])

_LABEL = Texts(("text",))
_PIN = Texts(optional=("off",), flags=("off",))


@page("/looks/{look_id}/delete", "delete.html", on=router)
def of_look(microscope: Scope, look_id: Name) -> Deletion:
    """What goes with a look, and what depends on it."""
    return microscope.delete_desk.of_look(look_id)


@router.post("/looks/{look_id}/delete", response_model=None, status_code=303)
def look(request: Request, microscope: Scope, look_id: Name) -> Response:
    """Delete a look, and its picture if nothing else uses it: 303 to all looks."""
    return _gone(request, "/looks", look_id, microscope.delete_desk.look)


@page("/facets/{facet_id}/delete", "delete.html", on=router)
def of_facet(microscope: Scope, facet_id: Name) -> Deletion:
    """What goes with a facet, and which renders depend on it."""
    return microscope.delete_desk.of_facet(facet_id)


@router.post("/facets/{facet_id}/delete", response_model=None, status_code=303)
def facet(request: Request, microscope: Scope, facet_id: Name) -> Response:
    """Delete a facet with its probes, and its pictures if nothing else uses them: 303 to all facets."""
    return _gone(request, "/facets", facet_id, microscope.delete_desk.facet)


@page("/renders/{render_id}/delete", "delete.html", on=router)
def of_render(microscope: Scope, render_id: Name) -> Deletion:
    """What goes with a render, and which notes and lists link to it."""
    return microscope.delete_desk.of_render(render_id)


@router.post("/renders/{render_id}/delete", response_model=None, status_code=303)
async def render(request: Request, microscope: Scope, render_id: Name) -> Response:
    """Stop a render if it runs, and delete it with its pictures: 303 to all renders."""
    await microscope.cancel_render(render_id)
    return await run_in_threadpool(_gone, request, "/renders", render_id, microscope.delete_desk.render)


@page("/findings/{finding_id}/delete", "delete.html", on=router)
def of_finding(microscope: Scope, finding_id: Name) -> Deletion:
    """What goes with a finding, and what depends on it."""
    return microscope.delete_desk.of_finding(finding_id)


@router.post("/findings/{finding_id}/delete", response_model=None, status_code=303)
async def finding(request: Request, microscope: Scope, finding_id: Name) -> Response:
    """Stop a finding if it is under way, and delete it: 303 to the laboratory."""
    await microscope.cancel_finding(finding_id)
    return await run_in_threadpool(_gone, request, "/lab", finding_id, microscope.delete_desk.finding)


@page("/models/{slug}/{layer}/{unit}/labels/delete", "delete.html", on=router)
def of_label(microscope: Scope, slug: Slug, layer: Name, unit: Number, text: Word) -> Deletion:
    """What goes with the label `text` of a unit."""
    return microscope.delete_desk.of_label(slug, layer, unit, text)


@router.post(
    "/models/{slug}/{layer}/{unit}/labels/delete",
    openapi_extra=_LABEL.body,
    response_model=None,
    status_code=303,
)
async def label(request: Request, microscope: Scope, slug: Slug, layer: Name, unit: Number) -> Response:
    """Delete the label `text` of a unit, whoever gave it, with the votes on it: 303 to the unit."""
    text = (await _LABEL.read(request)).get("text")
    if text is None:
        raise BadInput("text is missing: say which label is to be deleted.", field="text")
    await run_in_threadpool(microscope.delete_desk.label, slug, layer, unit, text)
    return made(request, urls.unit(slug, layer, unit), text, created=False)


@router.post(
    "/renders/{render_id}/pin",
    openapi_extra=_PIN.body,
    response_model=None,
    status_code=303,
    tags=["actions"],
)
async def pin(request: Request, microscope: Scope, render_id: Name) -> Response:
    """Keep a render's pictures when those of others are cleared for room; `off` no longer does."""
    pinned = (await _PIN.read(request)).get("off", "") in ("", "0")
    await run_in_threadpool(microscope.pin_render, render_id, pinned=pinned)
    return made(request, urls.render(render_id), render_id, created=False)


def _gone(request: Request, to: str, thing: str, delete: Callable[[str], None]) -> Response:
    delete(thing)
    return made(request, to, thing, created=False)
