"""What stands before every request, as plain ASGI: security headers, refusal of other sites' forms, the body limits."""

import asyncio
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import CrossSite, FacetscopeError, TooLarge, TooSlow
from app.web.errors import respond
from app.web.headers import SECURITY

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class Guard:
    """Wraps the application; refuses before a single byte of the body is read where it can."""

    def __init__(self, app: ASGIApp, max_body_bytes: int, upload_seconds: float) -> None:
        self.app = app
        self.max_body_bytes = max_body_bytes
        self.upload_seconds = upload_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY.items():
                    headers.setdefault(name, value)
            await send(message)

        error = self._refusal(scope)
        if error:
            await respond(Request(scope), error)(scope, receive, send_with_headers)
        else:
            await self.app(scope, self._limited(receive), send_with_headers)

    def _refusal(self, scope: Scope) -> FacetscopeError | None:
        headers = Headers(scope=scope)
        if scope["method"] not in SAFE_METHODS and is_cross_site(headers):
            return CrossSite(
                "Only Facetscope's own pages may change things here, and this form was sent by another site. "
                "Open the page on this server and send the form from there."
            )
        length = headers.get("content-length", "0")
        if length.isdecimal() and int(length) > self.max_body_bytes:
            return self._too_large(f"{int(length):,} bytes were announced")
        return None

    def _limited(self, receive: Receive) -> Receive:
        """Count what really arrives, for a chunked body announces no length, and the seconds that it takes. Raises TooLarge
        and TooSlow in whoever reads it."""
        total, whole = 0, False
        until = asyncio.get_running_loop().time() + self.upload_seconds

        async def limited() -> Message:
            nonlocal total, whole
            if whole:  # what follows says only that the client has gone, whenever that is
                return await receive()
            try:
                async with asyncio.timeout_at(until):
                    message = await receive()
            except TimeoutError:
                raise self._too_slow(total) from None
            whole = not message.get("more_body", False)
            total += len(message.get("body", b""))
            if total > self.max_body_bytes:
                raise self._too_large("more arrived")
            return message

        return limited

    def _too_slow(self, arrived: int) -> TooSlow:
        return TooSlow(
            f"A request must arrive within {self.upload_seconds:g} s, and after {arrived:,} bytes yours had not. Send "
            "fewer or smaller pictures, or raise FACETSCOPE_UPLOAD_SECONDS on the server."
        )

    def _too_large(self, what: str) -> TooLarge:
        limit = (
            f"{self.max_body_bytes / 1e6:,.0f} MB" if self.max_body_bytes >= 10**6 else f"{self.max_body_bytes} bytes"
        )
        return TooLarge(
            f"One request may carry at most {limit}, but {what}. Send fewer or smaller pictures, "
            "or raise FACETSCOPE_MAX_BODY_BYTES on the server."
        )


def is_cross_site(headers: Headers) -> bool:
    """Whether a browser says that another site sent this. Clients that are no browsers send neither header and pass."""
    fetch_site = headers.get("sec-fetch-site")
    if fetch_site:
        return fetch_site not in ("same-origin", "none")
    origin = headers.get("origin")
    if origin is None:
        return False
    return urlsplit(origin).netloc != headers.get("host")
