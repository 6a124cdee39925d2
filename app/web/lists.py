"""Lists of units: POST, answered by a redirect to the list, or to the unit whose page the form was on."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, RedirectResponse
from starlette.responses import Response

from app import urls
from app.errors import BadInput
from app.web import browser_id
from app.web.actions import made
from app.web.browser_id import BrowserId
from app.web.errors import wants_json
from app.web.forms import Texts
from app.web.saying import OnUnit, refused
from app.web.scope import Name, Pages, Scope

router = APIRouter(tags=["lists"])

SECTION = "lists"
SECRET = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
"""For pages whose address is an edit link."""

_ABOUT = Texts(("title",), ("description", "listed", "boxes"), flags=("listed", "boxes"))
_UNIT = Texts(("model", "layer", "unit"), ("remark",), numbers=("unit",))
_MOVE = Texts(("model", "layer", "unit", "way"), numbers=("unit",))
_COPY = Texts(optional=("into",))
_KEY = Texts(("key",))
_ON_UNIT = Texts(optional=("list", "title", "remark", "off", "corpus"), flags=("off",))


class Change:
    """A change that a browser asks for of the list `list_id`, and the answer to it."""

    def __init__(
        self, request: Request, microscope: Scope, views: Pages, list_id: Name, known: BrowserId = None
    ) -> None:
        self.request, self.views, self.desk = request, views, microscope.list_desk
        self.list_id, self.known = list_id, known

    async def made(self, values: Mapping[str, str], do: Callable[[], None]) -> Response:
        """Make it: 303 to the list, or the list's page again with what was typed and why it cannot be used."""
        try:
            await run_in_threadpool(do)
        except BadInput as error:
            return await self.refused(values, error)
        return made(self.request, urls.unit_list(self.list_id), self.list_id, created=False)

    async def refused(self, values: Mapping[str, str], error: BadInput) -> Response:
        """The list's page again, with what was typed and why it cannot be used."""
        page = partial(self.desk.page, self.list_id, self.known)
        return await refused(self.request, self.views, "list.html", page, error, values=values)


Asked = Annotated[Change, Depends()]
FromUnit = Annotated[OnUnit, Depends()]


@router.post("/lists", openapi_extra=_ABOUT.body, response_model=None, status_code=303)
async def make(request: Request, microscope: Scope, views: Pages, known: BrowserId = None) -> Response:
    """Make a list: 303 to it, or for JSON 201."""
    values = await _ABOUT.read(request)
    browser = known or browser_id.new()
    try:
        list_id = await run_in_threadpool(microscope.list_desk.make, **_about(values), browser=browser)
    except BadInput as error:
        page = partial(microscope.list_desk.lists, known)
        return await refused(request, views, "lists.html", page, error, values=values)
    return made(request, urls.unit_list(list_id), list_id, created=True, browser=browser)


@router.post("/lists/{list_id}", openapi_extra=_ABOUT.body, response_model=None, status_code=303)
async def change(asked: Asked) -> Response:
    """Give your list another title or description, or say whether others find it without its address (`listed`)."""
    values = await _ABOUT.read(asked.request)
    return await asked.made(values, lambda: asked.desk.change(asked.list_id, asked.known, **_about(values)))


@router.post("/lists/{list_id}/units", openapi_extra=_UNIT.body, response_model=None, status_code=303)
async def put(asked: Asked) -> Response:
    """Put a unit on your list, or change what you remark of it there."""
    values = await _UNIT.read(asked.request)
    return await asked.made(
        values, lambda: asked.desk.put(asked.list_id, asked.known, _place(values), remark=values.get("remark"))
    )


@router.post("/lists/{list_id}/units/move", openapi_extra=_MOVE.body, response_model=None, status_code=303)
async def move(asked: Asked) -> Response:
    """Move a unit one place `up` or `down` on your list."""
    values = await _MOVE.read(asked.request)
    return await asked.made(
        values, lambda: asked.desk.move(asked.list_id, asked.known, _place(values), way=values.get("way"))
    )


@router.post("/lists/{list_id}/units/remove", openapi_extra=_UNIT.body, response_model=None, status_code=303)
async def take_off(asked: Asked) -> Response:
    """Take a unit off your list."""
    values = await _UNIT.read(asked.request)
    return await asked.made(values, lambda: asked.desk.take_off(asked.list_id, asked.known, _place(values)))


@router.post("/lists/{list_id}/copy", openapi_extra=_COPY.body, response_model=None, status_code=303)
async def copy(asked: Asked) -> Response:
    """Copy a list into a new one of yours, or into the one of the id `into` what that has not: 303 to yours, or 201."""
    values = await _COPY.read(asked.request)
    browser, into = asked.known or browser_id.new(), values.get("into") or None
    try:
        copied = await run_in_threadpool(asked.desk.copy, asked.list_id, browser, into)
    except BadInput as error:
        return await asked.refused(values, error)
    return made(asked.request, urls.unit_list(copied), copied, created=True, browser=browser)


@router.post("/lists/{list_id}/delete", response_model=None, status_code=303)
async def delete(request: Request, microscope: Scope, list_id: Name, known: BrowserId = None) -> Response:
    """Delete your list with its remarks: 303 to all lists."""
    await run_in_threadpool(microscope.list_desk.delete, list_id, known)
    return made(request, "/lists", list_id, created=False)


@router.post("/lists/{list_id}/key", response_model=None, status_code=303)
async def key(request: Request, microscope: Scope, list_id: Name, known: BrowserId = None) -> Response:
    """Make an edit link of your list, in the place of the one before: 303 to it, or for JSON 201."""
    secret = await run_in_threadpool(microscope.list_desk.new_key, list_id, known)
    url = urls.list_edit(list_id, secret)
    response = JSONResponse({"id": list_id, "url": url}, 201) if wants_json(request) else RedirectResponse(url, 303)
    response.headers.update(SECRET)
    return response


@router.get("/lists/{list_id}/edit", include_in_schema=False, response_model=None)
def edit(
    request: Request,
    microscope: Scope,
    views: Pages,
    list_id: Name,
    key: Annotated[str, Query(max_length=200)] = "",
    known: BrowserId = None,
) -> Response:
    """What an edit link opens: an offer to change the list from this browser."""
    page = microscope.list_desk.opened(list_id, known, key)
    response = views.message(request, "list_edit.html", status=200, page=page, key=key)
    response.headers.update(SECRET)
    return response


@router.post("/lists/{list_id}/take-over", openapi_extra=_KEY.body, response_model=None, status_code=303)
async def take_over(request: Request, microscope: Scope, list_id: Name, known: BrowserId = None) -> Response:
    """Change a list from this browser from now on, and not from the one before: `key` is what its edit link has."""
    values = await _KEY.read(request)
    browser = known or browser_id.new()
    await run_in_threadpool(microscope.list_desk.take_over, list_id, browser, values.get("key"))
    return made(request, urls.unit_list(list_id), list_id, created=False, browser=browser)


@router.post("/models/{slug}/{layer}/{unit}/lists", openapi_extra=_ON_UNIT.body, response_model=None, status_code=303)
async def put_on(asked: FromUnit) -> Response:
    """Put a unit on the `list` of yours with that id, or where a `title` is given on a new one, with a `remark`; `off` takes
    it off. 303 to the unit, or for JSON 201."""
    values = await asked.fields(_ON_UNIT)
    desk, place, known = asked.microscope.list_desk, asked.place, asked.known

    def keep() -> str:
        chosen, title = values.get("list", ""), values.get("title", "")
        if values.get("off"):
            desk.take_off(chosen, known, place)
            return chosen
        if chosen and not title.strip():
            desk.put(chosen, known, place, remark=values.get("remark"))
            return chosen
        return desk.begin(place, title=title, remark=values.get("remark"), browser=asked.browser)

    try:
        list_id = await run_in_threadpool(keep)
    except BadInput as error:
        return await asked.again(error, list_values=values, list_error=error)
    return asked.kept(SECTION, {"list": urls.unit_list(list_id)})


def _about(values: Mapping[str, str]) -> dict[str, Any]:
    """What a list's form says of it. A form leaves a box out that is not ticked, and says by `boxes` that it had one."""
    listed = values.get("listed", "" if values.get("boxes") else "1")
    return {
        "title": values.get("title"),
        "description": values.get("description"),
        "listed": listed not in ("", "0", "false"),
    }


def _place(values: Mapping[str, str]) -> tuple[str, str, int]:
    """The unit that a form names. Raises BadInput."""
    unit = values.get("unit", "")
    if not unit.isdecimal() or len(unit) > 9:
        raise BadInput("unit: give the number of a unit.", field="unit")
    return values.get("model", ""), values.get("layer", ""), int(unit)
