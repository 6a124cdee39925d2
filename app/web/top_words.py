"""Files of a finding about words: all words of one unit, and how a word was drawn."""

import re
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from app.answers.words import UnitWordsFile
from app.web.media import picture
from app.web.scope import Name, Scope

router = APIRouter(tags=["words"])

Unit = Annotated[int, Query(ge=0, le=2**31 - 1)]


@router.get("/findings/{finding_id}/words.json")
def unit_words(microscope: Scope, finding_id: Name, unit: Unit) -> UnitWordsFile:
    """All words of one unit, the strongest first."""
    return microscope.unit_words(finding_id, unit)


@router.get("/findings/{finding_id}/words.csv", response_class=Response)
def unit_words_csv(microscope: Scope, finding_id: Name, unit: Unit) -> Response:
    """The same as a table."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", f"{finding_id}-{unit}-words")
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"', "Cache-Control": "no-cache"}
    return Response(microscope.unit_words_csv(finding_id, unit), media_type="text/csv; charset=utf-8", headers=headers)


@router.get("/findings/{finding_id}/drawn.webp", response_class=Response, include_in_schema=False)
def drawn(
    request: Request, microscope: Scope, finding_id: Name, word: Annotated[str | None, Query(max_length=100)] = None
) -> Response:
    """A word as it was drawn: a row for each font, a column for each layout."""
    return picture(request, microscope.word_sheet(finding_id, word or None))
