"""Notes about units and votes on them: POST, answered by a redirect to the unit."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.concurrency import run_in_threadpool
from starlette.responses import Response

from app.errors import BadInput
from app.web.errors import wants_json
from app.web.forms import Texts
from app.web.prose import prose
from app.web.saying import OnUnit

router = APIRouter(tags=["notes"])

SECTION = "notes"
Asked = Annotated[OnUnit, Depends()]

_NOTE = Texts(("note",), ("name", "preview", "corpus"), flags=("preview",))
_VOTE = Texts(("note", "vote"), ("corpus",))


@router.post(
    "/models/{slug}/{layer}/{unit}/notes",
    openapi_extra=_NOTE.body,
    response_model=None,
    status_code=303,
    responses={200: {"content": {"text/html": {"schema": {"type": "string"}}}}},
)
async def write(asked: Asked) -> Response:
    """Write a `note` about a unit in Markdown, one a browser, with your `name` if you like: 303, or for JSON 201. With
    `preview` nothing is kept, and the answer is the unit's page with the note as it would look, or for JSON its `html`."""
    values, desk = await asked.fields(_NOTE), asked.microscope.note_desk
    said = {"text": values.get("note"), "name": values.get("name")}
    try:
        if values.get("preview"):
            text, _ = desk.checked(**said)
            if wants_json(asked.request):
                return asked.kept(SECTION, {"html": prose(text)}, status=200)
            return await asked.again(note_values=values, note_preview=text)
        note = await run_in_threadpool(desk.say, *asked.place, **said, browser=asked.browser)
    except BadInput as error:
        return await asked.again(error, note_values=values, note_error=error)
    return asked.kept(SECTION, {"id": note})


@router.post("/models/{slug}/{layer}/{unit}/notes/undo", response_model=None, status_code=303)
async def take_back(asked: Asked) -> Response:
    """Take your note about a unit back, with the votes on it."""
    await asked.fields()
    await run_in_threadpool(asked.microscope.note_desk.unsay, *asked.place, asked.known)
    return asked.kept(SECTION, {"id": None}, status=200)


@router.post(
    "/models/{slug}/{layer}/{unit}/notes/votes", openapi_extra=_VOTE.body, response_model=None, status_code=303
)
async def vote(asked: Asked) -> Response:
    """Say whether somebody's `note` helps, one vote a browser: `vote` is up, down, or none to take it back. 303, or 201."""
    values = await asked.fields(_VOTE)
    said = {"note": values.get("note"), "vote": values.get("vote")}
    await run_in_threadpool(asked.microscope.note_desk.vote, *asked.place, **said, browser=asked.browser)
    return asked.kept(SECTION, {"vote": said["vote"]})
