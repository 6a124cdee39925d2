"""What the OpenAPI document says of every address alike: which problems it may answer with, and what a POST answers."""

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI

from app.errors import FacetscopeError

PROBLEM = {
    "type": "object",
    "description": "A problem document (RFC 9457); `detail` says what to do, `field` names the input at fault.",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "field": {"type": "string"},
        "request_id": {"type": "string"},
    },
    "required": ["type", "title", "status", "detail", "request_id"],
}
MADE = {
    "type": "object",
    "description": "What was made or changed: its address, and by its kind further entries such as its `id`.",
    "properties": {"url": {"type": "string"}},
    "required": ["url"],
}
_LOCATION = {"Location": {"description": "The address of what was made.", "schema": {"type": "string"}}}


def describe(app: FastAPI) -> None:
    """Add to the application's OpenAPI document what holds for all of its addresses."""
    plain = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            _complete(plain())
        return plain()

    app.openapi = openapi


def _complete(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    schemas |= {"Problem": PROBLEM, "Made": MADE}
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            operation["responses"] |= _problems(page=not path.endswith(".json"))
            if method == "post":
                _add(operation["responses"], _made())


def _add(responses: dict[str, Any], more: dict[str, Any]) -> None:
    """Describe further answers; what the address itself says of their content stays."""
    for status, answer in more.items():
        if "content" in answer:
            own = responses.get(status, {}).get("content", {})
            answer["content"] = {**answer["content"], **own}
        responses[status] = answer


def _problems(*, page: bool) -> dict[str, Any]:
    """An answer for each status that an error of ours may carry; an address without `.json` answers a page to browsers."""
    content: dict[str, Any] = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    content |= {"text/html": {"schema": {"type": "string"}}} if page else {}
    titles = {str(error.status): error.title for error in sorted(_kinds(FacetscopeError), key=lambda kind: kind.status)}
    return {status: {"description": title, "content": content} for status, title in titles.items()}


def _kinds(base: type[FacetscopeError]) -> Iterator[type[FacetscopeError]]:
    for kind in base.__subclasses__():
        yield kind
        yield from _kinds(kind)


def _made() -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Made"}}}
    return {
        "303": {"description": "Done, for a form: go to `Location`.", "headers": _LOCATION},
        "201": {"description": "Made, for JSON.", "headers": _LOCATION, "content": content},
        "200": {"description": "Changed, or there already, for JSON.", "content": content},
    }
