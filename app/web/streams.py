"""Server-sent events of a render or a facet in training: the newest state as HTML, always ended by the event `end`.

A stream that merely stops would be reconnected by the browser for ever, so a closing event follows in every case; the
page then loads its own address again, whatever the state. Event ids carry a token of this process, since versions
start again when the server does.
"""

import logging
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent

from app.answers.facets import FacetPage
from app.answers.findings import Finding
from app.answers.renders import FacetTable, RenderPage
from app.errors import Away
from app.spec import TableSpec
from app.web import pages
from app.web.scope import Pages, Scope
from app.web.views import Views

router = APIRouter(tags=["streams"])
log = logging.getLogger(__name__)

RETRY_MS = 1000
LONGEST = 10  # digits of a version


async def _boot(request: Request) -> str:
    return request.app.state.boot


async def _seen(boot: Annotated[str, Depends(_boot)], last_event_id: Annotated[str, Header()] = "") -> int:
    """The version the client saw last from this process; -1 if none."""
    token, _, version = last_event_id.partition("-")
    return int(version) if token == boot and version.isdecimal() and len(version) < LONGEST else -1


Boot = Annotated[str, Depends(_boot)]
Seen = Annotated[int, Depends(_seen)]


@router.get("/renders/{render_id}/events", response_class=EventSourceResponse)
async def render_events(
    page: Annotated[RenderPage, Depends(pages.render)], microscope: Scope, views: Pages, boot: Boot, seen: Seen
) -> AsyncIterator[ServerSentEvent]:
    """The picture as it grows. Unknown renders are refused before the stream starts."""
    async for event in _events(microscope.watching.render(page.id, seen), views, "_render_event.html", boot):
        yield event


@router.get("/findings/{finding_id}/events", response_class=EventSourceResponse)
async def finding_events(
    page: Annotated[Finding, Depends(pages.finding)], microscope: Scope, views: Pages, boot: Boot, seen: Seen
) -> AsyncIterator[ServerSentEvent]:
    """What an instrument finds, as it finds it."""
    async for event in _events(microscope.watching.finding(page.id, seen), views, "_finding_event.html", boot):
        yield event


@router.get("/models/{slug}/{layer}/{unit}/facets/events", response_class=EventSourceResponse)
async def facet_table_events(
    spec: Annotated[TableSpec, Depends(pages.table_spec)],
    page: Annotated[FacetTable, Depends(pages.facet_table)],  # noqa: ARG001 - refuses before the stream starts
    microscope: Scope,
    views: Pages,
    boot: Boot,
    seen: Seen,
) -> AsyncIterator[ServerSentEvent]:
    """The pictures of a facet table as they grow together."""
    async for event in _events(microscope.watching.facet_table(spec, seen), views, "_facet_table_event.html", boot):
        yield event


@router.get("/facets/{facet_id}/events", response_class=EventSourceResponse)
async def facet_events(
    page: Annotated[FacetPage, Depends(pages.facet)], microscope: Scope, views: Pages, boot: Boot, seen: Seen
) -> AsyncIterator[ServerSentEvent]:
    """How far the training of a facet is."""
    async for event in _events(microscope.watching.facet(page.id, seen), views, "_facet_event.html", boot):
        yield event


async def _events(
    states: AsyncIterator[tuple[int, Any]], views: Views, template: str, boot: str
) -> AsyncIterator[ServerSentEvent]:
    status = "lost"
    try:
        async for version, page in states:
            status = page.status
            yield ServerSentEvent(raw_data=views.fragment(template, page=page), id=f"{boot}-{version}", retry=RETRY_MS)
    except Away:  # the log has it; the page asks again
        status = "lost"
    except Exception:  # the headers are sent: all that is left is to end the stream properly
        log.exception("a stream failed")
    yield ServerSentEvent(event="end", raw_data=status)
