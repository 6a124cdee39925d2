"""`serve`, and the server it runs; `export` of what people said on one."""

import ipaddress
import logging
import sys
from contextlib import closing, suppress
from pathlib import Path
from typing import Annotated, Literal

import typer
import uvicorn
from fastapi import FastAPI
from uvicorn.config import LOGGING_CONFIG

from app.cli.options import AsJson, DataFolder, print_answer
from app.clip import registry
from app.errors import NotReady
from app.microscope import Microscope
from app.microscope.export import as_json as people_as_json
from app.microscope.mounts import check_served
from app.settings import Settings
from app.store import Store
from app.web import json_log
from app.web.access_log import without_keys
from app.web.app import create_app
from app.web.connection import limited
from app.whole import write_whole

GRACE_S = 2  # open streams get so long at SIGTERM; without a limit they would hold the server for ever
UNSTARTED = 3  # as uvicorn has it
BROKEN = 70  # EX_SOFTWARE of sysexits.h: the device failed, start again


def serve(
    host: str | None = None,
    port: int | None = None,
    model: Annotated[
        list[str] | None, typer.Option(help="Model to serve; repeat for several, the first is shown.")
    ] = None,
    data: DataFolder = None,
    device: Literal["auto", "cpu", "cuda"] | None = None,
    index: Annotated[
        list[Path] | None, typer.Option(help="Folder of `index export` to serve where it lies; repeat for several.")
    ] = None,
) -> None:
    """Open the microscope as a web page."""
    models, indexes = tuple(model) if model else None, tuple(index) if index else None
    settings = Settings(host=host, port=port, models=models, data=data, device=device, indexes=indexes)
    slugs = [registry.entry(slug).slug for slug in settings.models]
    check_served(settings.indexes, settings.data / "indexes", slugs)
    with closing(Store(settings.data, settings.database, settings.blobs)) as store:
        store.files.blobs.check()  # what is wrong is said before a server starts
    if warning := exposed(settings):
        typer.echo(warning, err=True)
    sys.exit(run(create_app(settings), settings))


def exposed(settings: Settings) -> str:
    """What to say of a server that others reach and that asks nobody for a key; nothing of any other."""
    if settings.access != "private" or _is_loopback(settings.host):
        return ""
    return (
        f"Warning: whoever reaches {settings.host}:{settings.port} may do everything there. "
        "Set FACETSCOPE_ACCESS to team or public if that is more than you."
    )


def _is_loopback(host: str) -> bool:
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost"


def export_people(
    out: Annotated[Path, typer.Option(help="JSON file to write.")], data: DataFolder = None, as_json: AsJson = False
) -> None:
    """Write all that people said on a server to a file: labels, votes, notes and the lists that anybody may find."""
    microscope = Microscope(Settings(data=data))
    try:
        write_whole(out, people_as_json(microscope.store))
    except OSError as error:
        raise NotReady(f"{out} cannot be written ({error.strerror}): give --out another place.") from error
    finally:
        microscope.close()
    print_answer(as_json, {"out": str(out), "bytes": out.stat().st_size}, [f"{out}: {out.stat().st_size / 1e3:.1f} kB"])


def run(app: FastAPI, settings: Settings) -> int:
    """Serve until a signal, or until the device fails; the exit code. The last is for a supervisor: a new process gets
    the device anew, and resumes what ran."""
    config = configured(app, settings)
    logging.getLogger("uvicorn.access").addFilter(without_keys)  # after Config, which sets up the logging
    server = _Server(config, app)
    with suppress(KeyboardInterrupt):  # raised again by uvicorn once it has shut down
        server.run()
    if not server.started:
        return UNSTARTED
    return BROKEN if server.broken else 0


def configured(app: FastAPI, settings: Settings) -> uvicorn.Config:
    """How the application is served."""
    as_json = settings.log_format == "json"
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        http=limited(settings.upload_seconds),
        timeout_graceful_shutdown=GRACE_S,
        log_level="info",
        log_config=json_log.CONFIG if as_json else LOGGING_CONFIG,
        access_log=not as_json,
        server_header=False,
        forwarded_allow_ips=list(settings.trusted_proxies),
    )


class _Server(uvicorn.Server):
    """Shuts down as at a signal when the microscope's device has failed."""

    def __init__(self, config: uvicorn.Config, app: FastAPI) -> None:
        super().__init__(config)
        self.app = app

    @property
    def broken(self) -> bool:
        return self.app.state.microscope.worker.broken is not None

    async def on_tick(self, counter: int) -> bool:
        return await super().on_tick(counter) or self.broken
