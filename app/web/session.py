"""The cookie of a browser that came in with a key: a random one, of which the database has a hash."""

from fastapi import Request
from starlette.responses import Response

from app.microscope.keys import SESSION_LASTS

NAME = "facetscope_session"


def remember(request: Request, response: Response, cookie: str) -> None:
    """Ask the browser to keep it: no script may read it, and no other site's form sends it along."""
    lasts_s = int(SESSION_LASTS.total_seconds())
    secure = request.url.scheme == "https"
    response.set_cookie(NAME, cookie, max_age=lasts_s, httponly=True, samesite="lax", secure=secure)


def forget(response: Response) -> None:
    """Ask the browser to throw it away."""
    response.delete_cookie(NAME, httponly=True, samesite="lax")
