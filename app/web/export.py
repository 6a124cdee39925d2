"""All that people said here, to keep."""

from tempfile import SpooledTemporaryFile

from fastapi import APIRouter
from starlette.background import BackgroundTask
from starlette.responses import StreamingResponse

from app.answers.export import Export
from app.microscope.export import as_json
from app.web.scope import Scope

router = APIRouter(tags=["export"])

IN_MEMORY = 1 << 20  # bytes
HEADERS = {"Content-Disposition": 'attachment; filename="facetscope-export.json"', "Cache-Control": "no-cache"}


@router.get("/export.json", response_class=StreamingResponse, responses={200: {"model": Export}})
def export(microscope: Scope) -> StreamingResponse:
    """What people call units, their votes, their notes and the lists that anybody may find, as one file."""
    file = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - closed when it is sent
    file.writelines(as_json(microscope.store))  # at once: a slow reader keeps no transaction open
    file.seek(0)
    return StreamingResponse(
        file, media_type="application/json", headers=HEADERS, background=BackgroundTask(file.close)
    )
