"""Pictures of Stroop tests: words in inks, as they are drawn."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from app.web.media import picture
from app.web.scope import Name, Number, Scope

router = APIRouter(include_in_schema=False, default_response_class=Response)


@router.get("/findings/{finding_id}/stimuli/{ink}/{word}.webp")
def stimulus(request: Request, microscope: Scope, finding_id: Name, ink: Number, word: Number) -> Response:
    """A word in an ink, as it is drawn first."""
    return picture(request, microscope.laboratory.stroop.stimulus(finding_id, ink, word))


@router.get("/findings/{finding_id}/stimuli/{ink}/{word}/all.webp")
def stimuli(request: Request, microscope: Scope, finding_id: Name, ink: Number, word: Number) -> Response:
    """The same in all ways, side by side."""
    return picture(request, microscope.laboratory.stroop.stimuli(finding_id, ink, word))
