"""Instruments at work: a form becomes a finding with an address, and a finding may be stopped."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from starlette.responses import Response

from app import urls
from app.errors import FacetscopeError
from app.spec import FINDINGS
from app.web.actions import as_form_error, made
from app.web.errors import extra_headers, respond, wants_json
from app.web.forms import parse_finding, read_form
from app.web.scope import Name, Names, Pages, Scope
from app.web.visitor import Who

router = APIRouter(tags=["findings"])


def _body() -> dict[str, Any]:
    """The OpenAPI description of a form that we read ourselves: a spec of any kind."""
    schemas = [kind.model_json_schema(ref_template="#/components/schemas/{model}") for kind in FINDINGS.values()]
    kinds = ("application/x-www-form-urlencoded", "multipart/form-data", "application/json")
    return {"requestBody": {"required": True, "content": {kind: {"schema": {"oneOf": schemas}} for kind in kinds}}}


@router.post("/findings", openapi_extra=_body(), response_model=None, status_code=303)
async def start_finding(request: Request, microscope: Scope, views: Pages, names: Names, visitor: Who) -> Response:
    """Put an instrument to work, or find what it found of the same spec: 303, or for JSON 201 (200 if it was there).

    Without a `layer` it looks at the model's last. For words, `list` may bring some of one's own, one a line; a form of the
    laboratory may bring pictures.
    """
    values: dict[str, Any] = {}
    try:
        values, files = await read_form(request, max_files=microscope.settings.max_facet_images)
        if files or values.get("list"):
            visitor.take("uploads")
        fields = await microscope.finding_fields(values, files)
        finding_id, created = await microscope.start_finding(parse_finding(fields), visitor.asks_for("findings"))
    except FacetscopeError as error:
        return await run_in_threadpool(_refused, request, microscope, views, names, values, as_form_error(error))
    return made(request, urls.finding(finding_id), finding_id, created)


def _refused(
    request: Request, microscope: Scope, views: Pages, names: Names, values: Mapping[str, Any], error: FacetscopeError
) -> Response:
    """The instrument's form again with what was typed; there is none for captions, whose form types nothing."""
    kind, model = str(values.get("kind", "")), str(values.get("model") or microscope.default_model)
    if wants_json(request) or (kind != "words" and kind not in microscope.lab_desk.benches):
        return respond(request, error)
    if kind == "words":
        context = {"values": values, "choices": microscope.top_words.form(model), "error": error}
        response = views.message(request, "words_refused.html", status=error.status, **context)
    else:
        slug = model if model in microscope.lab_desk.slugs else microscope.default_model
        page = microscope.lab_desk.form(slug, kind)
        context = {"values": values, "error": error, "facet_name": names, "card_of": microscope.card_url}
        response = views.page(request, f"lab_{kind}.html", page, status=error.status, **context)
    response.headers.update(extra_headers(error))
    return response


@router.post("/findings/{finding_id}/cancel", response_model=None, status_code=303)
async def cancel_finding(request: Request, microscope: Scope, finding_id: Name) -> Response:
    """Stop an instrument before its next step; what it has found so far stays."""
    await microscope.cancel_finding(finding_id)
    return made(request, urls.finding(finding_id), finding_id, created=False)
