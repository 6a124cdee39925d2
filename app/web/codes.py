"""Files of a finding about sparse codes: all weights of one level."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from app.answers.codes import CodesFile
from app.microscope.lab.code_answers import as_csv
from app.web.media import FILES, to_keep
from app.web.scope import Name, Scope

router = APIRouter(tags=["laboratory"])

Level = Annotated[int | None, Query(ge=1, le=100)]


@router.get("/findings/{finding_id}/codes.json")
def codes(microscope: Scope, finding_id: Name, level: Level = None) -> CodesFile:
    """The classes of one level as sums of units; without a level, that of about three units a class."""
    return microscope.laboratory.sparse_codes.file(finding_id, level)


@router.get("/findings/{finding_id}/codes.csv", response_class=Response)
def codes_csv(microscope: Scope, finding_id: Name, level: Level = None) -> Response:
    """The same as a table."""
    file = codes(microscope, finding_id, level)
    names = to_keep("csv", finding_id, f"level-{file.level}", "codes")
    return Response(as_csv(file), media_type=FILES["csv"], headers=names)
