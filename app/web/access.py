"""Who may do what: the table of rules, and what stands before every request and holds it.

A rule is the least scope that a visitor needs. Where access is private everybody has all of them, so nothing is asked; in
public everybody may make, and in a team browse at most. A key gives its own scope where that is more.
"""

import re

from fastapi.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.routing import compile_path
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import FacetscopeError, KeyNeeded, NotAllowed
from app.microscope.keys import Holder, KeyDesk
from app.settings import Kind, Settings
from app.spec import KeyScope, rank, widest
from app.web.errors import respond
from app.web.guard import SAFE_METHODS
from app.web.limits import Limits
from app.web.session import NAME as SESSION
from app.web.visitor import Visitor, address_of

ALLOWS: dict[KeyScope, str] = {
    "read": "look around",
    "make": "look around, make things and say what you think",
    "admin": "do everything",
}
BUSY = (429, 503)  # not by the visitor's fault: what was counted is given back

RULES: dict[str, KeyScope | None] = {
    "GET /healthz": None,
    "GET /readyz": None,
    "GET /static/{path:path}": None,
    "GET /openapi.json": None,
    "GET /enter": None,
    "GET /enter.json": None,
    "POST /enter": None,
    "POST /leave": None,
    "GET /metrics": "admin",
    "POST /reveal": "read",
    "POST /renders": "make",
    "POST /renders/{render_id}/seeds": "make",
    "POST /renders/{render_id}/cancel": "make",
    "POST /renders/{render_id}/pin": "make",
    "POST /renders/{render_id}/delete": "admin",
    "POST /facets": "make",
    "POST /facets/{facet_id}/delete": "admin",
    "POST /looks": "make",
    "POST /looks/{look_id}/delete": "admin",
    "POST /findings": "make",
    "POST /findings/{finding_id}/cancel": "make",
    "POST /findings/{finding_id}/delete": "admin",
    "POST /labellings/{labelling_id}/tags": "make",
    "POST /labellings/{labelling_id}/undo": "make",
    "POST /labellings/{labelling_id}/finish": "make",
    "POST /quizzes/{quiz_id}/{number}": "make",
    "POST /surveys/{survey_id}/{place}": "make",
    "POST /lists": "make",
    "POST /lists/{list_id}": "make",
    "POST /lists/{list_id}/units": "make",
    "POST /lists/{list_id}/units/move": "make",
    "POST /lists/{list_id}/units/remove": "make",
    "POST /lists/{list_id}/copy": "make",
    "POST /lists/{list_id}/delete": "make",
    "POST /lists/{list_id}/key": "make",
    "POST /lists/{list_id}/take-over": "make",
    "POST /models/{slug}/lab/pictured": "make",
    "POST /models/{slug}/{layer}/quiz": "make",
    "POST /models/{slug}/{layer}/survey": "make",
    "POST /models/{slug}/{layer}/{unit}/facets": "make",
    "POST /models/{slug}/{layer}/{unit}/labels": "make",
    "POST /models/{slug}/{layer}/{unit}/labels/undo": "make",
    "POST /models/{slug}/{layer}/{unit}/labels/delete": "admin",
    "POST /models/{slug}/{layer}/{unit}/labels/votes": "make",
    "POST /models/{slug}/{layer}/{unit}/labellings": "make",
    "POST /models/{slug}/{layer}/{unit}/quiz": "make",
    "POST /models/{slug}/{layer}/{unit}/notes": "make",
    "POST /models/{slug}/{layer}/{unit}/notes/undo": "make",
    "POST /models/{slug}/{layer}/{unit}/notes/votes": "make",
    "POST /models/{slug}/{layer}/{unit}/lists": "make",
}
"""What has no line here needs `read` if it is a GET, and `admin` if it changes anything."""

_LINES: dict[str, list[tuple[re.Pattern[str], KeyScope | None]]] = {}
for _rule, _needs in RULES.items():
    _method, _path = _rule.split()
    _LINES.setdefault(_method, []).append((compile_path(_path)[0], _needs))


def needed(method: str, path: str) -> KeyScope | None:
    """The least scope that a request needs; None where nobody is asked. Where several rules fit, the strictest."""
    method, path = ("GET", path) if method in SAFE_METHODS else (method, path.rstrip("/"))
    fitting: list[KeyScope | None] = [needs for pattern, needs in _LINES.get(method, ()) if pattern.match(path)]
    if fitting:
        return widest(fitting)
    return "read" if method == "GET" else "admin"


class Access:
    """Wraps the application: finds out who asks, refuses what they may not do, and counts what they change."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.access: Kind = settings.access
        self.closed = settings.browsing == "closed"
        self.everybody: KeyScope | None = _without_key(settings)
        self.limits = Limits.of(settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        needs = needed(scope["method"], scope["path"])
        visitor = Visitor(self.access, self.everybody, address_of(scope["client"]), None, self.limits)
        scope.setdefault("state", {})["visitor"] = visitor
        try:
            await self._meet(visitor, Request(scope), needs)
        except FacetscopeError as error:
            await respond(Request(scope), error)(scope, receive, send)
            return

        async def send_on(message: Message) -> None:
            if message["type"] == "http.response.start":
                if message["status"] in BUSY:
                    visitor.give_back()
                if self.closed and needs is not None:
                    _keep_from_shared_caches(MutableHeaders(scope=message))
            await send(message)

        await self.app(scope, receive, send_on)

    async def _meet(self, visitor: Visitor, request: Request, needs: KeyScope | None) -> None:
        """Find out who it is and whether they may. Raises `KeyNeeded`, `NotAllowed`, and `TooMany` for a change too much."""
        if self.access != "private" and not _is_for_machines(request.url.path):
            visitor.holder = await self._holder(visitor, request, needs)
        if visitor.holder:
            visitor.may = widest([visitor.holder.scope, self.everybody])
        if rank(visitor.may) < rank(needs):
            raise _refusal(visitor, request.method, needs)
        if request.method not in SAFE_METHODS and needs is not None:  # one may always come in and leave
            visitor.take("changes")

    async def _holder(self, visitor: Visitor, request: Request, needs: KeyScope | None) -> Holder | None:
        desk: KeyDesk = request.app.state.microscope.key_desk
        kind, _, key = request.headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer":
            try:
                return await visitor.show(desk, key)
            except KeyNeeded:
                if needs is not None:
                    raise
                return None
        cookie = request.cookies.get(SESSION)
        return await run_in_threadpool(desk.of_session, cookie) if cookie else None


def _without_key(settings: Settings) -> KeyScope | None:
    """What everybody may do."""
    if settings.access == "team":
        return "read" if settings.browsing == "open" else None
    return "admin" if settings.access == "private" else "make"


def _is_for_machines(path: str) -> bool:
    """Whether an answer is the same for everybody and has to come whatever state the database is in."""
    return path in ("/healthz", "/readyz") or path.startswith("/static/")


def _refusal(visitor: Visitor, method: str, needs: KeyScope | None) -> FacetscopeError:
    what = "see this page" if method in SAFE_METHODS else "make or say something here"
    if visitor.holder is None:
        return KeyNeeded(
            f"To {what} you need a key: a long password that whoever runs this server gives out (scope {needs})."
        )
    name = f"The key {visitor.holder.name}" if visitor.holder.name else "The team's secret"
    return NotAllowed(
        f"{name} lets you {ALLOWS[visitor.holder.scope]} (scope {visitor.holder.scope}), and this takes one that lets you "
        f"{ALLOWS[needs or 'read']} (scope {needs}). Enter with another key, or ask whoever gave you this one."
    )


def _keep_from_shared_caches(headers: MutableHeaders) -> None:
    """A proxy that keeps what may be kept by all would hand it to those without a key."""
    kept = headers.get("cache-control", "")
    if "public" in kept:
        headers["cache-control"] = kept.replace("public", "private")
