"""Everything that changes something: POST, answered by a redirect to the address of what was made."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, RedirectResponse
from starlette.responses import Response

from app import urls
from app.answers.renders import Visualize
from app.errors import BadInput, FacetscopeError, NotFound
from app.spec import RenderSpec
from app.web import browser_id
from app.web.errors import extra_headers, respond, wants_json
from app.web.forms import (
    FORMS,
    Texts,
    Upload,
    parse_spec,
    parse_table,
    read_fields_and_file,
    read_upload,
    require_files,
    require_name,
)
from app.web.scope import Name, Number, Pages, Scope, Slug
from app.web.visitor import Who

router = APIRouter(tags=["actions"])


def _upload_body(required: list[str], **properties: dict[str, Any]) -> dict[str, Any]:
    """The OpenAPI description of a form with files, which `read_upload` reads."""
    schema = {"type": "object", "properties": properties, "required": required}
    return {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}}}


_TEXT = {"type": "string"}
_FILE = {"type": "string", "format": "binary"}
_RENDER_BODY = {
    "requestBody": {
        "required": True,
        "content": {kind: {"schema": RenderSpec.model_json_schema()} for kind in FORMS},
    }
}
_TABLE = Texts(optional=("preset", "strength", "seed"), numbers=("strength", "seed"))
_FACET_BODY = _upload_body(
    ["name", "images"],
    name=_TEXT,
    model=_TEXT,
    corpus=_TEXT,
    spatial={"type": "boolean"},
    layer=_TEXT,
    unit={"type": "integer"},
    images={"type": "array", "items": _FILE},
)
_LOOK_BODY = _upload_body(["image"], image=_FILE, model=_TEXT)


@router.post("/renders", openapi_extra=_RENDER_BODY, response_model=None, status_code=303)
async def start_render(request: Request, microscope: Scope, views: Pages, visitor: Who) -> Response:
    """Start a feature visualization, or find the one of the same spec: 303, or for JSON 201 (200 if it was there).

    A multipart form may bring the picture to start from in the file field `picture_file`.
    """
    values: Mapping[str, Any] = {}
    try:
        values, file = await read_fields_and_file(request, field="picture_file")
        if file:
            visitor.take("uploads")
            values = {**values, "picture": await microscope.take_in(*file)}
        render_id, created = await microscope.start_render(parse_spec(values), visitor.asks_for("renders"))
    except FacetscopeError as error:
        return await _render_refused(request, microscope, views, values, as_form_error(error))
    return made(request, urls.render(render_id), render_id, created)


def as_form_error(error: FacetscopeError) -> FacetscopeError:
    """What a form names and does not exist is bad input: the form's own address exists."""
    return BadInput(error.detail, field=error.field) if isinstance(error, NotFound) else error


async def _render_refused(
    request: Request, microscope: Scope, views: Pages, values: Mapping[str, Any], error: FacetscopeError
) -> Response:
    """The form again with what was typed and why it cannot be used."""
    if wants_json(request):
        return respond(request, error)
    with suppress(NotFound):
        page = await run_in_threadpool(microscope.render_pages.form, str(values.get("model") or "") or None, None)
        return _refused(request, views, page, values, error)
    page = await run_in_threadpool(microscope.render_pages.form, None, None)
    return _refused(request, views, page, values, error)


def _refused(
    request: Request, views: Pages, page: Visualize, values: Mapping[str, Any], error: FacetscopeError
) -> Response:
    context = {"values": values, "page": page, "error": error}
    response = views.message(request, "render_refused.html", status=error.status, **context)
    response.headers.update(extra_headers(error))
    return response


@router.post("/models/{slug}/{layer}/{unit}/facets", openapi_extra=_TABLE.body, response_model=None, status_code=303)
async def start_facet_table(
    request: Request, microscope: Scope, visitor: Who, slug: Slug, layer: Name, unit: Number
) -> Response:
    """Grow a unit without a facet and with each, together: 303 to the table, or for JSON 201."""
    values = await _TABLE.read(request)
    spec = parse_table({**values, "model": slug, "layer": layer, "unit": unit})
    url = await microscope.start_facet_table(spec, visitor.asks_for("renders"))
    return JSONResponse({"url": url}, 201, headers={"Location": url}) if wants_json(request) else _see(url)


@router.post("/renders/{render_id}/seeds", response_model=None, status_code=303)
async def start_seeds(request: Request, microscope: Scope, visitor: Who, render_id: Name) -> Response:
    """Grow the same picture from three other seeds: how far it depends on chance shows on the render's page."""
    await microscope.start_seeds(render_id, visitor.asks_for("renders"))
    return made(request, f"{urls.render(render_id)}#seeds", render_id, created=False)


@router.post("/renders/{render_id}/cancel", response_model=None, status_code=303)
async def cancel_render(request: Request, microscope: Scope, render_id: Name) -> Response:
    """Stop a render before its next step; what has grown so far stays."""
    await microscope.cancel_render(render_id)
    return made(request, urls.render(render_id), render_id, created=False)


@router.post("/facets", openapi_extra=_FACET_BODY, response_model=None, status_code=303)
async def add_facet(request: Request, microscope: Scope, views: Pages, visitor: Who) -> Response:
    """Add a facet from pictures or one .zip; its probes are trained in the background. With a `layer` and a `unit` of the
    model, the answer leads to what the pictures do to that unit."""
    upload = Upload({}, [])
    try:
        visitor.take("facets")
        upload = await read_upload(request, field="images", max_files=microscope.settings.max_facet_images)
        name = require_name(upload.fields.get("name", ""))
        require_files(upload, field="images", what="at least eight pictures or one .zip")
        place = await run_in_threadpool(_place, microscope, upload)
        facet_id, created = await microscope.add_facet(
            name,
            _model(microscope, upload),
            upload.files,
            upload.fields.get("corpus") or None,
            spatial=upload.fields.get("spatial", "") not in ("", "0", "false"),
        )
    except FacetscopeError as error:
        return await run_in_threadpool(_facet_refused, request, microscope, views, upload, error)
    return made(request, place(facet_id) if place else urls.facet(facet_id), facet_id, created)


def _place(microscope: Scope, upload: Upload) -> Callable[[str], str] | None:
    """Where an upload that names a unit leads, given the facet: always a page of ours. None where it names none.

    Raises:
        NotFound: There is no such unit.
    """
    layer, unit = upload.fields.get("layer", ""), upload.fields.get("unit", "")
    if not layer and not unit:
        return None
    if not unit.isdecimal() or len(unit) > 9:
        raise BadInput(f"unit: give the number of a unit of {layer or 'a layer'}.", field="unit")
    choice = _model(microscope, upload), layer, int(unit)
    corpus = upload.fields.get("corpus") or None
    microscope.given_address(*choice)
    return lambda facet: microscope.given_address(*choice, facet=facet, corpus=corpus)


def _facet_refused(
    request: Request, microscope: Scope, views: Pages, upload: Upload, error: FacetscopeError
) -> Response:
    """The form again, on the page of the unit that it was sent for if there is one."""
    with suppress(FacetscopeError):
        if _place(microscope, upload):
            unit = _model(microscope, upload), upload.fields["layer"], int(upload.fields["unit"])
            page = microscope.given_desk.page(*unit, corpus=upload.fields.get("corpus") or None)
            return _upload_refused(request, views, "given.html", page, upload, error)
    return _upload_refused(request, views, "facets.html", microscope.facet_desk.cards(), upload, error)


@router.post("/looks", openapi_extra=_LOOK_BODY, response_model=None, status_code=303)
async def add_look(request: Request, microscope: Scope, views: Pages, visitor: Who) -> Response:
    """Look at one picture: which units it drives most."""
    upload = Upload({}, [])
    try:
        visitor.take("uploads")
        upload = await read_upload(request, field="image", max_files=1)
        require_files(upload, field="image", what="one picture")
        name, data = upload.files[0]
        look_id = await microscope.add_look(name, _model(microscope, upload), data)
    except FacetscopeError as error:
        page = await run_in_threadpool(microscope.look_desk.looks)
        return _upload_refused(request, views, "looks.html", page, upload, error)
    return made(request, urls.look(look_id), look_id, created=True)


def _model(microscope: Scope, upload: Upload) -> str:
    return upload.fields.get("model") or microscope.default_model


def _upload_refused(
    request: Request, views: Pages, template: str, page: Any, upload: Upload, error: FacetscopeError
) -> Response:
    error = as_form_error(error)
    if wants_json(request):
        return respond(request, error)
    response = views.page(request, template, page, status=error.status, values=upload.fields, error=error)
    response.headers.update(extra_headers(error))
    return response


def made(request: Request, url: str, made_id: str, created: bool, browser: str | None = None) -> Response:
    """303 to the new address for forms; for JSON the address itself, 201 if it is new. A `browser` keeps its id."""
    response = _see(url)
    if wants_json(request):
        response = JSONResponse({"id": made_id, "url": url}, 201 if created else 200, headers={"Location": url})
    if browser is not None:
        browser_id.remember(request, response, browser)
    return response


def _see(url: str) -> Response:
    return RedirectResponse(url, 303)
