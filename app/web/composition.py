"""Files of a composition: all words with all their units."""

from fastapi import APIRouter
from starlette.responses import Response

from app.answers.composition import CompositionFile
from app.microscope.lab.composition_page import as_csv
from app.web.media import FILES, to_keep
from app.web.scope import Name, Scope

router = APIRouter(tags=["laboratory"])


@router.get("/findings/{finding_id}/composition.json")
def codes(microscope: Scope, finding_id: Name) -> CompositionFile:
    """Every word with all units of its code."""
    return microscope.laboratory.compositions.file(microscope.store.findings.get(finding_id))


@router.get("/findings/{finding_id}/composition.csv", response_class=Response)
def codes_csv(microscope: Scope, finding_id: Name) -> Response:
    """The same as a table."""
    table = as_csv(codes(microscope, finding_id))
    return Response(table, media_type=FILES["csv"], headers=to_keep("csv", finding_id, "composition"))
