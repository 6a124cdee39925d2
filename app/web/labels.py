"""What people call units, and their votes: POST, answered by a redirect to the unit; and a layer's labels as files."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.concurrency import run_in_threadpool
from starlette.responses import Response

from app.answers.labels import LabelsOfLayer
from app.errors import BadInput
from app.microscope.naming import as_csv
from app.web.forms import Texts
from app.web.media import FILES, to_keep
from app.web.saying import OnUnit
from app.web.scope import Choice, Name, Scope, Slug

router = APIRouter(tags=["labels"])

SECTION = "names"
Asked = Annotated[OnUnit, Depends()]

_LABEL = Texts(("text",), ("name", "corpus"))
_VOTE = Texts(("vote",), ("word", "corpus"))


@router.post("/models/{slug}/{layer}/{unit}/labels", openapi_extra=_LABEL.body, response_model=None, status_code=303)
async def label(asked: Asked) -> Response:
    """Say what you call a unit, one label a browser: `text`, and `name` if you like. 303, or for JSON 201."""
    values = await asked.fields(_LABEL)
    said = {"text": values.get("text"), "name": values.get("name")}
    try:
        text = await run_in_threadpool(
            asked.microscope.naming_desk.say, *asked.place, **said, corpus=asked.corpus, browser=asked.browser
        )
    except BadInput as error:
        return await asked.again(error, label_values=values, label_error=error)
    return asked.kept(SECTION, {"label": text})


@router.post("/models/{slug}/{layer}/{unit}/labels/undo", response_model=None, status_code=303)
async def take_back(asked: Asked) -> Response:
    """Take back what you called a unit."""
    await asked.fields()
    await run_in_threadpool(asked.microscope.naming_desk.unsay, *asked.place, asked.known)
    return asked.kept(SECTION, {"label": None}, status=200)


@router.post(
    "/models/{slug}/{layer}/{unit}/labels/votes", openapi_extra=_VOTE.body, response_model=None, status_code=303
)
async def vote(asked: Asked) -> Response:
    """Vote on a unit's label, one vote a browser: the automatic one, or the `word` that a person calls it. `vote` is up, down,
    or none to take it back. 303, or 201."""
    values = await asked.fields(_VOTE)
    said = {"vote": values.get("vote"), "word": values.get("word")}
    await run_in_threadpool(
        asked.microscope.naming_desk.vote, *asked.place, **said, corpus=asked.corpus, browser=asked.browser
    )
    return asked.kept(SECTION, {"vote": said["vote"]})


@router.get("/models/{slug}/{layer}/labels.json")
def layer_labels(microscope: Scope, slug: Slug, layer: Name, corpus: Choice = None) -> LabelsOfLayer:
    """What every unit of a layer is called, by people and automatically, apart."""
    return microscope.naming_desk.of_layer(slug, layer, corpus or None)


@router.get("/models/{slug}/{layer}/labels.csv", response_class=Response)
def layer_labels_csv(microscope: Scope, slug: Slug, layer: Name, corpus: Choice = None) -> Response:
    """The same as a table."""
    table = as_csv(layer_labels(microscope, slug, layer, corpus))
    return Response(table, media_type=FILES["csv"], headers=to_keep("csv", slug, layer, "labels"))
