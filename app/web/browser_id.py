"""An anonymous id for a browser, so that it has one label and one vote for each unit and can take them back."""

import secrets
from typing import Annotated

from fastapi import Cookie, Request
from starlette.responses import Response

NAME = "facetscope_browser"
LASTS_S = 365 * 24 * 3600
LONGEST = 64

BrowserId = Annotated[str | None, Cookie(alias=NAME, max_length=LONGEST, include_in_schema=False)]
"""The id that the browser sends; None before it has said anything here."""


def new() -> str:
    """An id that nobody can guess."""
    return secrets.token_urlsafe(24)


def remember(request: Request, response: Response, browser: str) -> None:
    """Ask the browser to keep its id: no script may read it, and no other site's form sends it along."""
    secure = request.url.scheme == "https"
    response.set_cookie(NAME, browser, max_age=LASTS_S, httponly=True, samesite="lax", secure=secure)
