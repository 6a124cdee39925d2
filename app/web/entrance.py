"""The way in: a form for a key, answered by the cookie of a session; and the way out."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, RedirectResponse
from starlette.responses import Response

from app.answers.keys import Entrance
from app.errors import FacetscopeError
from app.web import session
from app.web.back import led_here, own_page
from app.web.errors import extra_headers, respond, wants_json
from app.web.forms import Texts
from app.web.scope import Pages, Scope
from app.web.visitor import Visitor, Who

router = APIRouter(tags=["access"])

_ENTER = Texts(("key",), ("back",))
_LEAVE = Texts(optional=("back",))


def _entrance(visitor: Visitor) -> Entrance:
    holder = visitor.holder
    return Entrance(
        access=visitor.access, entered=holder is not None, key=holder.name if holder else None, may=visitor.may
    )


@router.get("/enter.json")
def entrance(visitor: Who) -> Entrance:
    """Who one is here, and what one may do."""
    return _entrance(visitor)


@router.api_route("/enter", methods=["GET", "HEAD"], include_in_schema=False)
def enter_page(
    request: Request, views: Pages, visitor: Who, back: Annotated[str | None, Query(max_length=2001)] = None
) -> Response:
    """The same as a page with the form; `back` is the page to go on with."""
    return views.page(request, "enter.html", _entrance(visitor), back=own_page(back or led_here(request)), error=None)


@router.post("/enter", openapi_extra=_ENTER.body, response_model=None, status_code=303)
async def enter(request: Request, microscope: Scope, views: Pages, visitor: Who) -> Response:
    """Come in with a `key`, or with the team's secret: a cookie, and 303 to the page `back`, or for JSON its address."""
    values = await _ENTER.read(request)
    back = own_page(values.get("back") or "/")
    desk = microscope.key_desk
    try:
        holder = await visitor.show(desk, values.get("key", ""))
    except FacetscopeError as error:
        if wants_json(request):
            return respond(request, error)
        response = views.page(request, "enter.html", _entrance(visitor), status=error.status, back=back, error=error)
        response.headers.update(extra_headers(error))
        return response
    response = _to(request, back)
    session.remember(request, response, await run_in_threadpool(desk.begin, holder))
    return response


@router.post("/leave", openapi_extra=_LEAVE.body, response_model=None, status_code=303)
async def leave(request: Request, microscope: Scope) -> Response:
    """End this browser's session: 303 to the page `back`, or for JSON its address."""
    back = own_page((await _LEAVE.read(request)).get("back") or "/")
    cookie = request.cookies.get(session.NAME)
    if cookie:
        await run_in_threadpool(microscope.key_desk.end, cookie)
    response = _to(request, back)
    session.forget(response)
    return response


def _to(request: Request, back: str) -> Response:
    return JSONResponse({"url": back}) if wants_json(request) else RedirectResponse(back, 303)
