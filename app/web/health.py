"""Whether the server lives, whether it is ready, and its counters."""

from fastapi import APIRouter
from fastapi.responses import JSONResponse, PlainTextResponse
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4

from app.web.errors import REFRESH_S
from app.web.scope import Scope

router = APIRouter(tags=["health"])


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """200 for as long as the event loop answers."""
    return {"status": "alive"}


@router.get("/readyz", response_model=None)
def readyz(microscope: Scope) -> JSONResponse:
    """200 once the model and its index can be used; until then 503 with the reason."""
    ready, reason = microscope.ready()
    if ready:
        return JSONResponse({"status": "ready", "detail": reason})
    return JSONResponse({"status": "not ready", "detail": reason}, 503, headers={"Retry-After": str(REFRESH_S)})


@router.get("/metrics", response_class=PlainTextResponse)
def metrics(microscope: Scope) -> PlainTextResponse:
    """Counters in Prometheus' text format."""
    return PlainTextResponse(microscope.metrics.text(), media_type=CONTENT_TYPE_PLAIN_0_0_4)
