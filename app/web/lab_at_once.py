"""Instruments of the laboratory that answer at once: all that they say is in their address."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.concurrency import run_in_threadpool
from starlette.responses import Response

from app import urls
from app.answers.laboratory import AtOnce
from app.answers.pictured import PicturedPage
from app.answers.text import TextPage
from app.errors import BadInput, FacetscopeError
from app.web.actions import made
from app.web.errors import extra_headers, respond, wants_json
from app.web.forms import read_upload, require_files
from app.web.scope import Choice, Names, Pages, Scope, Slug
from app.web.visitor import Who

router = APIRouter(tags=["laboratory"])

UnitNumber = Annotated[int | None, Query(ge=0, le=2**31 - 1)]


class Showing:
    """Makes a page of an answer; with an error the form again, with what was typed."""

    def __init__(self, request: Request, microscope: Scope, views: Pages, names: Names) -> None:
        self.request = request
        self.views = views
        self.about = {"facet_name": names, "card_of": microscope.card_url}

    def __call__(self, template: str, page: AtOnce, error: FacetscopeError | None = None, **sent: str) -> Response:
        if error and wants_json(self.request):
            return respond(self.request, error)
        status = error.status if error else 200
        response = self.views.page(self.request, template, page, status=status, error=error, **self.about, **sent)
        response.headers.update(extra_headers(error) if error else {})
        return response


Show = Annotated[Showing, Depends()]


@router.get("/models/{slug}/lab/text.json")
async def text(microscope: Scope, slug: Slug, q: str = "", unit: UnitNumber = None) -> TextPage:
    """What units of the last layer each text is made of, one text a line of `q`, with a causal check; and how much they ask
    for one `unit`."""
    return await microscope.text_desk.page(slug, q, unit)


@router.api_route("/models/{slug}/lab/text", methods=["GET", "HEAD"], include_in_schema=False, response_model=None)
async def text_page(microscope: Scope, show: Show, slug: Slug, q: str = "", unit: UnitNumber = None) -> Response:
    """The same as a page."""
    try:
        page, refused = await microscope.text_desk.page(slug, q, unit), None
    except BadInput as error:
        page, refused = await run_in_threadpool(microscope.text_desk.form, slug, q, unit), error
    return await run_in_threadpool(show, "lab_text.html", page, refused)


@router.get("/models/{slug}/lab/pictured.json")
async def pictured(
    microscope: Scope, slug: Slug, q: str = "", layer: Choice = None, run: Choice = None, mask: bool = False
) -> PicturedPage:
    """A sum of words and pictures, such as `king - man + woman`, by what they do to a layer, and the words nearest to it: of
    the newest run of words over the layer, or of `run`. A picture is written `picture:ID`."""
    return await microscope.pictured_desk.page(slug, q, layer or None, run or None, mask=mask)


@router.api_route("/models/{slug}/lab/pictured", methods=["GET", "HEAD"], include_in_schema=False, response_model=None)
async def pictured_page(
    microscope: Scope,
    show: Show,
    slug: Slug,
    q: str = "",
    layer: Choice = None,
    run: Choice = None,
    mask: bool = False,
) -> Response:
    """The same as a page."""
    desk, chosen = microscope.pictured_desk, (slug, q, layer or None, run or None)
    try:
        page, refused = await desk.page(*chosen, mask=mask), None
    except BadInput as error:
        page, refused = await run_in_threadpool(desk.form, *chosen, mask=mask), error
    return await run_in_threadpool(show, "lab_pictured.html", page, refused)


_PICTURE_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {
                        "picture": {"type": "string", "format": "binary"},
                        **{name: {"type": "string"} for name in ("q", "sign", "layer", "run", "mask")},
                    },
                    "required": ["picture"],
                }
            }
        },
    }
}


@router.post("/models/{slug}/lab/pictured", openapi_extra=_PICTURE_BODY, response_model=None, status_code=303)
async def add_picture(request: Request, microscope: Scope, show: Show, visitor: Who, slug: Slug) -> Response:
    """Add a picture to the sum `q`, or with the `sign` - take it away: 303 to the sum's page, or for JSON 201."""
    desk, fields = microscope.pictured_desk, {}
    try:
        visitor.take("uploads")
        upload = await read_upload(request, field="picture", max_files=1)
        fields = {name: value for name, value in upload.fields.items() if value}
        require_files(upload, field="picture", what="one picture")
        picture = await microscope.take_in(*upload.files[0])
        q = desk.added(slug, fields.get("q", ""), picture, fields.get("sign", "+"))
    except FacetscopeError as error:
        choice = {name: fields.get(name) for name in ("layer", "run")}
        page = await run_in_threadpool(desk.form, slug, fields.get("q", ""), **choice, mask=bool(fields.get("mask")))
        return await run_in_threadpool(show, "lab_pictured.html", page, error, sign=fields.get("sign", "+"))
    place = {name: fields.get(name) for name in ("layer", "run", "mask")}
    return made(request, urls.lab(slug, "pictured", q=q, **place), picture, created=True)
