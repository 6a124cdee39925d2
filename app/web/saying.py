"""What forms share: the page again with what was wrong; and for those on a unit's page the corpus that it showed, and the way
back to it."""

from collections.abc import Callable, Mapping
from typing import Any

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, RedirectResponse
from pydantic import BaseModel
from starlette.responses import Response

from app import urls
from app.errors import BadInput
from app.web import browser_id
from app.web.browser_id import BrowserId
from app.web.errors import respond, wants_json
from app.web.forms import Texts
from app.web.scope import Name, Names, Number, Pages, Scope, Slug
from app.web.views import Views

_ONLY_CORPUS = Texts(optional=("corpus",))


async def refused(
    request: Request, views: Views, template: str, page: Callable[[], BaseModel], error: BadInput, **context: Any
) -> Response:
    """What cannot be used: for JSON the problem, else the `page` with the form again."""
    if wants_json(request):
        return respond(request, error)
    return views.page(request, template, await run_in_threadpool(page), status=error.status, error=error, **context)


class OnUnit:
    """What a browser sends from a unit's page, and the answers to it."""

    def __init__(
        self,
        request: Request,
        microscope: Scope,
        views: Pages,
        names: Names,
        slug: Slug,
        layer: Name,
        unit: Number,
        known: BrowserId = None,
    ) -> None:
        self.request, self.microscope, self.views, self.names = request, microscope, views, names
        self.place, self.known = (slug, layer, unit), known
        self.browser = known or browser_id.new()
        self.corpus: str | None = None

    async def fields(self, form: Texts = _ONLY_CORPUS) -> dict[str, str]:
        """What was sent; `corpus` is from then on the one whose examples the page showed. Raises BadInput."""
        values = await form.read(self.request)
        self.corpus = values.get("corpus") or None
        return values

    async def again(self, error: BadInput | None = None, **shown: Any) -> Response:
        """The page again, with what its template needs to show beside the form that was sent; 422 for an error."""
        if error is not None and wants_json(self.request):
            return respond(self.request, error)
        page = await run_in_threadpool(self.microscope.unit_page, *self.place, corpus=self.corpus, browser=self.known)
        extra = {"facet_name": self.names, "card_of": self.microscope.card_url, **shown}
        return self.views.page(self.request, "unit.html", page, status=error.status if error else 200, **extra)

    def kept(self, section: str, answer: Mapping[str, Any], status: int = 201) -> Response:
        """303 to a section of the page, or for JSON its address and `answer`. The browser keeps its id."""
        url = urls.with_query(urls.unit(*self.place), corpus=self.corpus)
        response: Response = RedirectResponse(f"{url}#{section}", 303)
        if wants_json(self.request):
            response = JSONResponse({"url": url, **answer}, status, headers={"Location": url})
        browser_id.remember(self.request, response, self.browser)
        return response
