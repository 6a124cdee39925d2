"""Where a person goes back to: always a page of this server."""

import re
from urllib.parse import urlsplit

from fastapi import Request

from app.errors import BadInput
from app.web.views import own_address

_OWN_PAGE = re.compile(r"/(?![/\\])[!-\[\]-~]{0,2000}")
"""An address on this server: browsers take `//` and `/\\` at the front for another one's."""


def own_page(back: str) -> str:
    """The address, if it is one of a page here. Raises `BadInput`."""
    if not _OWN_PAGE.fullmatch(back):
        raise BadInput("back: give the path of a page of this server, such as /models.", field="back")
    return back


def came_from(request: Request) -> str:
    """The page that was asked for, or that the form was on; the first page where that is not known."""
    if request.method not in ("GET", "HEAD"):
        return led_here(request)
    here = own_address(request)
    return here if _OWN_PAGE.fullmatch(here) else "/"


def led_here(request: Request) -> str:
    """The page whose link or form led here; the first page where that is not known, and where it was the entrance itself."""
    page = urlsplit(request.headers.get("referer", ""))
    there = page._replace(scheme="", netloc="").geturl()
    known = page.netloc == request.url.netloc and page.path != "/enter"
    return there if known and _OWN_PAGE.fullmatch(there) else "/"
