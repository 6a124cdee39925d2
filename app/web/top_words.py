"""Files of a finding about words: all words of one unit, and how a word was drawn."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from app.answers.words import UnitWordsFile
from app.microscope.word_answers import as_csv
from app.web.media import FILES, picture, to_keep
from app.web.scope import Name, Scope

router = APIRouter(tags=["words"])

Unit = Annotated[int, Query(ge=0, le=2**31 - 1)]


@router.get("/findings/{finding_id}/words.json")
def unit_words(microscope: Scope, finding_id: Name, unit: Unit) -> UnitWordsFile:
    """All words of one unit, the strongest first."""
    return microscope.top_words.unit_file(finding_id, unit)


@router.get("/findings/{finding_id}/words.csv", response_class=Response)
def unit_words_csv(microscope: Scope, finding_id: Name, unit: Unit) -> Response:
    """The same as a table."""
    table = as_csv(unit_words(microscope, finding_id, unit))
    return Response(table, media_type=FILES["csv"], headers=to_keep("csv", finding_id, unit, "words"))


@router.get("/findings/{finding_id}/drawn.webp", response_class=Response, include_in_schema=False)
def drawn(
    request: Request, microscope: Scope, finding_id: Name, word: Annotated[str | None, Query(max_length=100)] = None
) -> Response:
    """A word as it was drawn: a row for each font, a column for each layout."""
    return picture(request, microscope.top_words.sheet(finding_id, word or None))
