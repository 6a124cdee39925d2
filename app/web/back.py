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
    if request.method in ("GET", "HEAD"):
        here = own_address(request)
    else:
        sent_from = urlsplit(request.headers.get("referer", ""))
        here = sent_from._replace(scheme="", netloc="").geturl() if sent_from.netloc == request.url.netloc else "/"
    return here if _OWN_PAGE.fullmatch(here) else "/"
