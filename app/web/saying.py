"""What the forms on a unit's page share: the corpus that it showed, the way back to it, and the page again with what was
wrong."""

from collections.abc import Mapping
from typing import Any

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, RedirectResponse
from starlette.responses import Response

from app import urls
from app.errors import BadInput
from app.microscope import Microscope
from app.web import browser_id
from app.web.errors import respond, wants_json
from app.web.scope import FacetNames
from app.web.views import Views


def corpus_of(values: Mapping[str, Any]) -> str | None:
    """The corpus whose examples the page showed. Raises BadInput."""
    corpus = values.get("corpus") or None
    if corpus is not None and not isinstance(corpus, str):
        raise BadInput("corpus: send the name of a corpus.", field="corpus")
    return corpus


def kept(
    request: Request,
    unit: str,
    section: str,
    corpus: str | None,
    browser: str | None,
    answer: Mapping[str, Any],
    status: int = 201,
) -> Response:
    """303 to a section of the page at the address `unit`, or for JSON its address and `answer`. The browser keeps its id."""
    url = urls.with_query(unit, corpus=corpus)
    response: Response = RedirectResponse(f"{url}#{section}", 303)
    if wants_json(request):
        response = JSONResponse({"url": url, **answer}, status, headers={"Location": url})
    if browser is not None:
        browser_id.remember(request, response, browser)
    return response


async def again(
    request: Request,
    microscope: Microscope,
    views: Views,
    names: FacetNames,
    unit: tuple[str, str, int],
    corpus: str | None,
    browser: str | None,
    error: BadInput | None = None,
    **context: Any,
) -> Response:
    """A unit's page again, with what its template needs to show beside a form that was sent; 422 for an error."""
    if error is not None and wants_json(request):
        return respond(request, error)
    page = await run_in_threadpool(microscope.unit_page, *unit, corpus=corpus, browser=browser)
    extra = {"facet_name": names, "card_of": microscope.card_url, "twin": urls.json_twin(page.url), **context}
    return views.page(request, "unit.html", page, status=error.status if error else 200, **extra)
