"""Pictures of a region map: the grid of the unlabelled map, and what the model was shown."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from app.web.media import CHECK_HOURLY, picture
from app.web.scope import Name, Scope

router = APIRouter(include_in_schema=False, default_response_class=Response)

Unit = Annotated[int | None, Query(ge=0, le=2**31 - 1)]


@router.get("/findings/{finding_id}/cells.png")
def cells(request: Request, microscope: Scope, finding_id: Name, unit: Unit = None) -> Response:
    """What each part of the unlabelled map does to the units, or to one of them: a pixel for each cell."""
    data = microscope.laboratory.region_map.cells(finding_id, unit)
    return picture(request, data, media_type="image/png", cache=CHECK_HOURLY)


@router.get("/findings/{finding_id}/name.webp")
def name(request: Request, microscope: Scope, finding_id: Name) -> Response:
    """A country's name in every size and position that it was drawn in."""
    return picture(request, microscope.laboratory.region_map.name_picture(finding_id), cache=CHECK_HOURLY)


@router.get("/findings/{finding_id}/crops.webp")
def crops(request: Request, microscope: Scope, finding_id: Name) -> Response:
    """Some crops of the unlabelled map."""
    return picture(request, microscope.laboratory.region_map.crops_picture(finding_id), cache=CHECK_HOURLY)
