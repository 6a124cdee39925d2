"""Turns answers into pages: the Jinja environment, addresses of static files, and the link from a page to its twin."""

import hashlib
from pathlib import Path
from typing import Any
from urllib.parse import quote

from fastapi import Request
from fastapi.staticfiles import StaticFiles
from fastapi.templating import Jinja2Templates
from jinja2 import StrictUndefined
from jinja2.utils import LRUCache
from pydantic import BaseModel
from starlette.responses import HTMLResponse, Response
from starlette.types import Scope

from app import urls
from app.settings import ROOT
from app.web import chart_codes, chart_composition, chart_regions, chart_rise, charts, markdown, words
from app.web.prose import prose

STATIC = ROOT / "static"
TEMPLATES = ROOT / "templates"
REVEALED = "facetscope_reveal"  # the cookie of a browser that wants to see sensitive units
KEPT = 512  # pages, of a tenth of a megabyte each
FOREVER = "public, max-age=31536000, immutable"


class Views:
    """Renders templates; one per application."""

    def __init__(self) -> None:
        self.static_hashes = {path.relative_to(STATIC).as_posix(): _hash(path) for path in _files(STATIC)}
        self._kept = LRUCache(KEPT)  # of bytes, by their tags
        self._templates = Jinja2Templates(TEMPLATES)
        env = self._templates.env
        env.undefined = StrictUndefined
        env.trim_blocks = env.lstrip_blocks = True
        env.globals.update(
            urls=urls,
            charts=charts,
            chart_regions=chart_regions,
            chart_codes=chart_codes,
            chart_rise=chart_rise,
            chart_composition=chart_composition,
            words=words,
            markdown=markdown,
            prose=prose,
            static=self.static_url,
            may_delete=may_delete,
        )

    def static_url(self, name: str) -> str:
        """The address of a static file, with the hash of its content so that it may be kept for ever."""
        return f"/static/{name}?v={self.static_hashes[name]}"

    def page(self, request: Request, template: str, page: BaseModel, *, status: int = 200, **extra: Any) -> Response:
        """A whole HTML page made from an answer, pointing to its JSON twin: also where it answers a form that was sent
        elsewhere."""
        here = own_address(request)
        twin = urls.json_twin(getattr(page, "url", here) if request.method == "POST" else here)
        context = {"page": page, "twin": twin, **extra}
        response = self._templates.TemplateResponse(request, template, context, status_code=status)
        response.headers.update(_to_page(twin))
        return response

    def kept_page(self, request: Request, template: str, page: BaseModel, **extra: Any) -> Response:
        """As `page`, of a template that takes nothing from `extra` that the answer and the visitor do not settle: the same
        answer for the same visitor is the same page, and is not made again. 304 if the browser has it."""
        twin = urls.json_twin(own_address(request))
        tag = _tag(request, template, page)
        headers = {"ETag": f'"{tag}"', **_to_page(twin)}
        if tag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        body = self._kept.get(tag)
        if body is None:
            context = {"page": page, "twin": twin, **extra}
            body = bytes(self._templates.TemplateResponse(request, template, context).body)
            self._kept[tag] = body
        return HTMLResponse(body, headers=headers)

    def message(self, request: Request, template: str, *, status: int, **context: Any) -> HTMLResponse:
        """A page that has no twin, such as an error."""
        context = {"twin": None, **context}
        return self._templates.TemplateResponse(request, template, context, status_code=status)

    def fragment(self, template: str, **context: Any) -> str:
        """A piece of HTML for a stream."""
        return self._templates.get_template(template).render(**context)


def may_delete(request: Request) -> bool:
    """Whether a page is to offer the deletion of what it shows: anybody else is refused it."""
    return request.state.visitor.may == "admin"


def _to_page(twin: str) -> dict[str, str]:
    return {"Link": f'<{twin}>; rel="alternate"; type="application/json"', "Cache-Control": "no-cache"}


def _tag(request: Request, template: str, page: BaseModel) -> str:
    """A hash of all that a page is made of."""
    visitor = request.state.visitor
    shown_to = (visitor.access, visitor.may, visitor.holder.name if visitor.holder else None)
    seen_at = (str(request.base_url), own_address(request), request.cookies.get(REVEALED))
    told = repr((template, seen_at, shown_to)).encode() + page.model_dump_json().encode()
    return hashlib.sha256(told).hexdigest()[:16]


def own_address(request: Request) -> str:
    """The path and query of the request, quoted so that it is safe inside a header."""
    path = quote(request.scope["path"], safe="/:@")
    query = quote(request.scope["query_string"].decode("latin-1"), safe="=&%+:@/,")
    return f"{path}?{query}" if query else path


class HashedStatic(StaticFiles):
    """Static files; kept for ever when the address carries the hash of the content, else checked each time."""

    def __init__(self, hashes: dict[str, str]) -> None:
        super().__init__(directory=STATIC)
        self._hashes = hashes

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Serve one file with the caching that its address deserves."""
        response = await super().get_response(path, scope)
        known = self._hashes.get(path, "")
        fresh = known and f"v={known}" == scope["query_string"].decode("latin-1")
        response.headers["Cache-Control"] = FOREVER if fresh else "no-cache"
        return response


def _files(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.rglob("*")) if path.is_file()]


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]
