"""The laboratory's pages: what instruments there are, and the form of each."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from app import urls
from app.answers.laboratory import LabForm, LabPage
from app.web.pages import page
from app.web.scope import Name, Names, Pages, Scope, Slug

router = APIRouter(tags=["laboratory"])


@router.get("/lab", include_in_schema=False)
def default_laboratory(microscope: Scope) -> RedirectResponse:
    """The laboratory of the default model."""
    return RedirectResponse(urls.lab(microscope.default_model), 307)


@page("/models/{slug}/lab", "lab.html", on=router)
def laboratory(microscope: Scope, slug: Slug) -> LabPage:
    """The instruments of the laboratory for a model."""
    return microscope.lab_desk.page(slug)


@router.get("/models/{slug}/lab/{kind}.json")
def form(microscope: Scope, slug: Slug, kind: Name) -> LabForm:
    """Where an instrument is put to work: what there is to choose from, and what it found before."""
    return microscope.lab_desk.form(slug, kind)


@router.api_route("/models/{slug}/lab/{kind}", methods=["GET", "HEAD"], include_in_schema=False, response_model=None)
def form_page(
    request: Request, views: Pages, microscope: Scope, names: Names, page: Annotated[LabForm, Depends(form)]
) -> Response:
    """The same as a page; what the query says is filled in."""
    context = {"values": dict(request.query_params), "error": None}
    template = f"lab_{page.instrument.name}.html"
    return views.page(request, template, page, facet_name=names, card_of=microscope.card_url, **context)
