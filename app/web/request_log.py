"""What is written down of every request: an id that its answer carries, where it went, how it ended, how long it took.

Never a query, a header or a body: keys and what people typed are in those.
"""

import logging
import re
import secrets
import time
from contextvars import ContextVar
from dataclasses import dataclass

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADER = "X-Request-ID"
SANE = re.compile(r"[A-Za-z0-9._-]{1,64}")
METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE"})
GONE = 499  # as nginx has it: the client left before it was answered

log = logging.getLogger(__name__)
request_id: ContextVar[str] = ContextVar("request_id", default="")
"""The id of the request that this code runs for, for log lines; empty outside of any."""


@dataclass
class _Answer:
    status: int = 0
    bytes: int = 0


class RequestLog:
    """Wraps the whole application, so that it sees what every other layer answers."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started, answer, own = time.monotonic(), _Answer(), _id(Headers(scope=scope).get(HEADER, ""))
        scope.setdefault("state", {})["request_id"] = own
        request_id.set(own)

        async def watched(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer.status = message["status"]
                MutableHeaders(scope=message)[HEADER] = own
            answer.bytes += len(message.get("body", b""))
            await send(message)

        try:
            await self.app(scope, receive, watched)
        except Exception:
            answer.status = answer.status or 500
            raise
        finally:
            _tell(scope, answer, time.monotonic() - started)


def _id(sent: str) -> str:
    """The id that a proxy gave the request if it is harmless, else a new one."""
    return sent if SANE.fullmatch(sent) else secrets.token_hex(8)


def route_of(scope: Scope) -> str:
    """The template of the address that answers, not the address: there are only so many."""
    route = scope.get("route")
    if route is not None:
        return route.path
    return "/static" if scope["path"].startswith("/static/") else "none"


def _tell(scope: Scope, answer: _Answer, seconds: float) -> None:
    method = scope["method"] if scope["method"] in METHODS else "other"
    status, route = answer.status or GONE, route_of(scope)
    microscope = getattr(scope["app"].state, "microscope", None)
    if microscope is not None:  # None before the start and where there is none
        microscope.metrics.request(route, method, status, seconds)
    fields = {"route": route, "method": method, "path": scope["path"], "status": status}
    fields |= {"seconds": round(seconds, 4), "bytes": answer.bytes}
    level = logging.ERROR if status == 500 else logging.INFO
    own = scope["state"]["request_id"]
    log.log(level, "request %s: %s %s ended with %s", own, method, route, status, extra={"fields": fields})
