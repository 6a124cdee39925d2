"""Every error becomes one page, or one problem+json document, with a sentence that says what to do."""

from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from app.errors import (
    Away,
    BadInput,
    DiskFull,
    FacetscopeError,
    KeyNeeded,
    NotAllowed,
    NotFound,
    NotReady,
    QueueFull,
    TooMany,
    TooSlow,
)
from app.web.back import came_from
from app.web.headers import SECURITY
from app.web.request_log import GONE
from app.web.sentences import sentence
from app.web.views import Views
from app.whole import is_full

REFRESH_S = 3


def install(app: FastAPI) -> None:
    """Register the one handler for all that can go wrong."""
    app.add_exception_handler(FacetscopeError, _domain)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(ClientDisconnect, _left)
    app.add_exception_handler(OSError, _system)
    app.add_exception_handler(Exception, _unexpected)


def wants_json(request: Request) -> bool:
    """Whether the client asked for JSON: by the path's suffix, by sending it, or by accepting it and not HTML."""
    accept = request.headers.get("accept", "")
    asked = "json" in accept and "text/html" not in accept
    return request.url.path.endswith(".json") or sends_json(request) or asked


def sends_json(request: Request) -> bool:
    """Whether the body is JSON, which no form sends: its fields may be of any type."""
    return "json" in request.headers.get("content-type", "")


def respond(request: Request, error: FacetscopeError) -> Response:
    """The answer to a request that ended in `error`."""
    if wants_json(request):
        document = {**problem(error), "request_id": request.state.request_id}
        response: Response = JSONResponse(document, error.status, media_type="application/problem+json")
    else:
        views: Views = request.app.state.views
        refresh = REFRESH_S if isinstance(error, NotReady | Away) and request.method == "GET" else None
        back = came_from(request) if isinstance(error, KeyNeeded | NotAllowed) else None
        response = views.message(request, "error.html", status=error.status, error=error, refresh=refresh, back=back)
    response.headers["Cache-Control"] = "no-store"
    response.headers.update(extra_headers(error))
    return response


def problem(error: FacetscopeError) -> dict[str, str | int]:
    """The error as an RFC 9457 problem document; `field` names the input at fault where there is one."""
    document: dict[str, str | int] = {
        "type": "about:blank",
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
    }
    return document | ({"field": error.field} if error.field else {})


def extra_headers(error: FacetscopeError) -> dict[str, str]:
    """When to come back, for errors that pass; how to show a key, where one is needed; how to leave."""
    if isinstance(error, KeyNeeded):
        return {"WWW-Authenticate": 'Bearer realm="Facetscope"'}
    if isinstance(error, QueueFull | TooMany):
        return {"Retry-After": str(error.retry_after_s)}
    if isinstance(error, NotReady | Away):
        return {"Retry-After": str(REFRESH_S)}
    if isinstance(error, TooSlow):
        return {"Connection": "close"}  # else the rest of the body would be waited for
    return {}


async def _domain(request: Request, error: Exception) -> Response:
    assert isinstance(error, FacetscopeError)
    return respond(request, error)


async def _invalid(request: Request, error: Exception) -> Response:
    """A value in the address that does not fit: the path names nothing, a query is bad input."""
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    in_path = first["loc"][0] == "path"
    return respond(request, (NotFound if in_path else BadInput)(sentence(first), field=str(first["loc"][-1])))


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    response = respond(request, _from_http(error))
    response.headers.update(error.headers or {})
    return response


def _from_http(error: HTTPException) -> FacetscopeError:
    known = FacetscopeError(str(error.detail))
    known.status, known.title = error.status_code, HTTPStatus(error.status_code).phrase.capitalize()
    if error.status_code == 404:
        known.detail = "There is no page at this address. Check it for typing errors, or start from the first page."
    if error.status_code == 405:
        known.detail = "This address does not answer that method."
    return known


async def _left(_: Request, __: Exception) -> Response:
    """The client went before all of its request had come: there is nobody to answer, and nothing for the log but that."""
    return Response(status_code=GONE)


async def _system(request: Request, error: Exception) -> Response:
    """An upload that is too large for memory waits on a disk, which may be full."""
    if not is_full(error):
        raise error
    return respond(request, DiskFull())


async def _unexpected(request: Request, _: Exception) -> Response:
    """A bug of ours: it is raised again after this answer, so the log has it. This runs outside of the guard."""
    response = respond(request, FacetscopeError("This is a fault of the program. The server's log says what happened."))
    response.headers.update(SECURITY)
    return response
