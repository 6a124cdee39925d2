"""The web application: routers, guards and the one microscope behind them."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.types import ASGIApp

from app.microscope import Microscope
from app.settings import VERSION, Settings
from app.web import (
    actions,
    attack_table,
    chance,
    codes,
    composition,
    contract,
    deleting,
    entrance,
    errors,
    export,
    findings,
    health,
    lab,
    lab_at_once,
    labellings,
    labels,
    legacy,
    lists,
    media,
    notes,
    pages,
    quizzes,
    regions,
    reveal,
    streams,
    stroop,
    surveys,
    top_words,
)
from app.web.access import Access
from app.web.guard import Guard
from app.web.request_log import RequestLog
from app.web.views import HashedStatic, Views


class _Application(FastAPI):
    """Gives every request an id, also where what answers is outside of all other layers."""

    def build_middleware_stack(self) -> ASGIApp:
        return RequestLog(super().build_middleware_stack())


def create_app(settings: Settings) -> FastAPI:
    """Build the application. Nothing is loaded before it starts, and pages answer while the model still loads."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        microscope = Microscope(settings)
        app.state.microscope = microscope
        microscope.start()
        try:
            yield
        finally:
            microscope.close()

    app = _Application(title="Facetscope", version=VERSION, lifespan=lifespan, docs_url=None, redoc_url=None)
    app.state.views = Views()
    app.state.boot = secrets.token_hex(4)
    errors.install(app)
    app.add_middleware(Access, settings=settings)
    app.add_middleware(Guard, max_body_bytes=settings.max_body_bytes, upload_seconds=settings.upload_seconds)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=settings.hosts)
    for module in (
        health,
        entrance,
        media,
        streams,
        actions,
        findings,
        lab_at_once,
        lab,
        attack_table,
        stroop,
        labels,
        labellings,
        quizzes,
        surveys,
        notes,
        lists,
        deleting,
        export,
        codes,
        top_words,
        regions,
        composition,
        legacy,
        chance,
        reveal,
        pages,
    ):  # the specific addresses before the general ones
        app.include_router(module.router)
    contract.describe(app)
    app.mount("/static", HashedStatic(app.state.views.static_hashes), name="static")
    return app
