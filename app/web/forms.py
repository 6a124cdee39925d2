"""Reading what forms and JSON bodies carry; every refusal is a domain error that names the field and the limit."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError
from python_multipart.multipart import parse_options_header
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException

from app.errors import BadInput, TooLarge
from app.spec import FINDINGS, FindingSpec, RenderSpec, TableSpec
from app.web.errors import sends_json
from app.web.sentences import field_of, sentence

Spec = TypeVar("Spec", bound=BaseModel)

FORMS = ("application/x-www-form-urlencoded", "multipart/form-data", "application/json")
CHARSETS = ("utf-8", "us-ascii", "iso-8859-1")
MAX_NAME = 80
MAX_FIELDS = 300  # a hidden one for each line of a list, when a finding is asked for again
MIX = "mix."


@dataclass(frozen=True)
class Upload:
    """The text fields and the chosen files of a multipart form."""

    fields: dict[str, str]
    files: list[tuple[str, bytes]]


@dataclass(frozen=True)
class Texts:
    """The fields of a form that has only text: what the OpenAPI document says of them, and how they are read. In JSON those of
    `numbers` may be numbers, and those of `flags` true or false."""

    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()

    @property
    def body(self) -> dict[str, Any]:
        """The OpenAPI description of the request's body."""
        properties = {name: {"type": list(self._kinds(name))} for name in self._names}
        schema = {"type": "object", "properties": properties, "required": list(self.required)}
        content = {kind: {"schema": schema} for kind in FORMS}
        return {"requestBody": {"required": bool(self.required), "content": content}}

    async def read(self, request: Request) -> dict[str, str]:
        """The fields that were sent, as a form sends them: of a number its digits, `1` for true and nothing for false. Raises
        BadInput for a body that is neither JSON nor a form, and for a field of another kind."""
        sent, _ = await read_fields_and_file(request, field="")
        return {name: self._text(name, sent[name]) for name in self._names if name in sent}

    @property
    def _names(self) -> tuple[str, ...]:
        return (*self.required, *self.optional)

    def _kinds(self, name: str) -> tuple[str, ...]:
        return ("string", *(["number"] if name in self.numbers else []), *(["boolean"] if name in self.flags else []))

    def _text(self, name: str, value: object) -> str:
        if isinstance(value, str):
            return value
        if isinstance(value, bool):
            if name in self.flags:
                return "1" if value else ""
        elif isinstance(value, int | float) and name in self.numbers:
            return str(value)
        kinds = " or a ".join(self._kinds(name))
        raise BadInput(f"{name} must be a {kinds} in JSON. Put it in quotes, or leave the field out.", field=name)


async def read_fields_and_file(request: Request, *, field: str) -> tuple[dict[str, Any], tuple[str, bytes] | None]:
    """The body as a mapping, from JSON or from a form, and the name and bytes of the file that the form's `field` may carry.
    Raises BadInput for a body that is neither."""
    if sends_json(request):
        return read_json(await request.body()), None
    form = await _form(request, max_files=1 if field else 0)
    try:
        chosen = form.get(field)
        file = None
        if isinstance(chosen, UploadFile) and chosen.filename:
            file = (chosen.filename, await chosen.read())
        return {name: value for name, value in form.items() if isinstance(value, str)}, file
    finally:
        await form.close()


async def read_form(request: Request, *, max_files: int) -> tuple[dict[str, Any], dict[str, list[tuple[str, bytes]]]]:
    """The body as a mapping, from JSON or from a form, where a field that comes several times is a list; and the names and
    bytes of what a form's file fields carry."""
    if sends_json(request):
        return read_json(await request.body()), {}
    form = await _form(request, max_files=max_files)
    values: dict[str, Any] = {}
    files: dict[str, list[tuple[str, bytes]]] = {}
    try:
        for name, value in form.multi_items():
            if isinstance(value, UploadFile):
                if value.filename:
                    files.setdefault(name, []).append((value.filename, await value.read()))
            elif name in values:
                values[name] = [*(values[name] if isinstance(values[name], list) else [values[name]]), value]
            else:
                values[name] = value
    finally:
        await form.close()
    return values, files


def read_json(body: bytes) -> dict[str, Any]:
    """The fields of a JSON body. Raises BadInput if it is no object."""
    try:
        values = json.loads(body)
        json.dumps(values, ensure_ascii=False).encode()  # half of a surrogate pair is no text: nothing can store it
    except (ValueError, RecursionError) as error:
        raise BadInput('The body is not valid JSON. Send an object such as {"model": "iconclip"}.') from error
    if not isinstance(values, dict):
        raise BadInput("The body must be a JSON object with one entry per field.")
    return values


def parse_spec(values: Mapping[str, Any]) -> RenderSpec:
    """Check a render's fields. Raises BadInput whose sentence is about the first one at fault.

    A form names the strength of each further facet in a field of its own, `mix.FACET`; an empty one is no facet.
    """
    mix = {name.removeprefix(MIX): value for name, value in values.items() if name.startswith(MIX)}
    fields = {name: value for name, value in values.items() if not name.startswith(MIX)}
    pulls = {facet: strength for facet, strength in mix.items() if str(strength).strip() not in ("", "0")}
    return _checked(RenderSpec, {**fields, "mix": pulls} if pulls else fields)


def parse_finding(values: Mapping[str, Any]) -> FindingSpec:
    """Check a finding's fields. Raises BadInput whose sentence is about the first one at fault."""
    given = {name: value for name, value in values.items() if value not in (None, "", [])}
    kind = str(given.get("kind", "captions"))
    if kind not in FINDINGS:
        raise BadInput(f"kind must be one of {', '.join(FINDINGS)}, but {kind[:60]!r} was given.", field="kind")
    return _checked(FINDINGS[kind], given)


def parse_table(values: Mapping[str, Any]) -> TableSpec:
    """Check a facet table's fields. Raises BadInput whose sentence is about the first one at fault."""
    return _checked(TableSpec, {name: value for name, value in values.items() if value not in (None, "")})


def _checked(kind: type[Spec], values: Mapping[str, Any]) -> Spec:
    try:
        return kind.model_validate(dict(values))
    except ValidationError as error:
        first = error.errors()[0]
        raise BadInput(sentence(first), field=field_of(first)) from error


async def read_upload(request: Request, *, field: str, max_files: int) -> Upload:
    """The multipart form of an upload. Raises TooLarge for more than `max_files`, BadInput without any file."""
    form = await _form(request, max_files=max_files)
    try:
        chosen = [value for value in form.getlist(field) if isinstance(value, UploadFile) and value.filename]
        files = [(value.filename or "", await value.read()) for value in chosen]
        fields = {name: value for name, value in form.items() if isinstance(value, str)}
    finally:
        await form.close()
    return Upload(fields, files)


def require_files(upload: Upload, *, field: str, what: str) -> None:
    """Raise BadInput if no file was chosen."""
    if not upload.files:
        raise BadInput(f"No file was chosen: {field} is empty. Choose {what} and send the form again.", field=field)


def require_name(name: str) -> str:
    """The name without surrounding space. Raises BadInput if it is empty or too long."""
    name = " ".join(name.split())
    if not name:
        raise BadInput("name is missing. Give the facet a short name, such as sketches.", field="name")
    if len(name) > MAX_NAME:
        raise BadInput(f"name may have at most {MAX_NAME} characters, but has {len(name)}. Shorten it.", field="name")
    return name


async def _form(request: Request, *, max_files: int) -> FormData:
    charset = parse_options_header(request.headers.get("content-type"))[1].get(b"charset", b"utf-8").decode("latin-1")
    if charset.lower() not in CHARSETS:  # Python knows some that decode to no text, or raise whatever they like
        raise BadInput(f"The form could not be read: it says that it is in {charset[:40]!r}. Send it in UTF-8.")
    try:
        return await request.form(max_files=max_files, max_fields=MAX_FIELDS)
    except HTTPException as error:
        # The parser knows only messages, not types.
        if "Too many files" in str(error.detail):
            raise TooLarge(f"One form may carry at most {max_files:,} files. Send fewer, or one .zip.") from error
        raise BadInput(f"The form could not be read: {str(error.detail).rstrip('.')}. Send it again.") from error
