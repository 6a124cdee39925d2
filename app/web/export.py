"""All that people said here, to keep."""

from fastapi import APIRouter
from starlette.responses import StreamingResponse

from app.answers.export import Export
from app.microscope.export import as_json
from app.web.scope import Scope

router = APIRouter(tags=["export"])

HEADERS = {"Content-Disposition": 'attachment; filename="facetscope-export.json"', "Cache-Control": "no-cache"}


@router.get("/export.json", response_class=StreamingResponse, responses={200: {"model": Export}})
def export(microscope: Scope) -> StreamingResponse:
    """What people call units, their votes, their notes and the lists that anybody may find, as one file."""
    return StreamingResponse(as_json(microscope.store), media_type="application/json", headers=HEADERS)
