"""Files of a table of attacks: all that it counted, and its pictures with a text on them."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from app.web.media import CHECK_HOURLY, FILES, picture, to_keep
from app.web.scope import Name, Number, Scope

router = APIRouter(tags=["laboratory"])


@router.get("/findings/{finding_id}/attacks.csv", response_class=Response)
def attacks(microscope: Scope, finding_id: Name) -> Response:
    """What was counted, a text and style a row."""
    table = microscope.laboratory.attack_tables.csv(finding_id)
    return Response(table, media_type=FILES["csv"], headers=to_keep("csv", finding_id, "attacks"))


@router.get("/findings/{finding_id}/attacked/{row}/{place}.webp", response_class=Response, include_in_schema=False)
def attacked(request: Request, microscope: Scope, finding_id: Name, row: Number, place: Number) -> Response:
    """One of a table's pictures with the text of a row on it."""
    return picture(request, microscope.laboratory.attack_tables.attacked(finding_id, row, place), cache=CHECK_HOURLY)
