"""The application against its own OpenAPI document: whatever is sent, the answer is one that the document names."""

import itertools
import logging
from collections.abc import Iterator

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import strategies as st
from schemathesis.checks import negative_data_rejection
from schemathesis.config import SchemathesisConfig
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send

from app.settings import Settings
from app.spec import FINDINGS, RenderSpec
from app.web.app import create_app
from tests.fuzzing import TIMES, examples
from tests.pictures import furnished_folder
from tests.web.conftest import LAYER, wait_for

pytestmark = pytest.mark.fuzz
PLACE = {"model": "small", "layer": LAYER, "unit": 3}
RENDER = RenderSpec.model_validate({**PLACE, "size": 32, "steps": 2})
FINDING = FINDINGS["captions"].model_validate({**PLACE, "kind": "captions"})
KNOWN: dict[str, list[str | int]] = {
    "slug": ["small"],
    "layer": [LAYER, "layer3.0"],
    "unit": [0, 3, 255],
    "corpus": ["small-corpus"],
    "kind": ["wild", "regions", "words"],
    "render_id": [RENDER.id],
    "finding_id": [FINDING.id],
}
"""What exists, for some of the cases to find."""
NO_PAGES = ["DELETE", "PATCH", "PUT", "TRACE"]
"""Methods that no address knows: the pages, which answer GET, are no part of the document."""
CONFIG = SchemathesisConfig.from_dict(
    {
        "base-url": "http://testserver",
        "dictionaries": {name: {"values": values} for name, values in KNOWN.items()},
        "parameters": {f"path.{name}": {"dictionary": name, "probability": 0.8} for name in KNOWN},
        "phases": {"coverage": {"enabled": TIMES > 1, "unexpected-methods": NO_PAGES}},
        # A key may be of nobody, a name of nothing, and a text be no direction: no schema can say which.
        "checks": {
            "positive_data_acceptance": {"expected-statuses": ["2xx", "303", "401", "404", "413", "415", "422", "429"]}
        },
    }
)


RUNNING: list[FastAPI] = []
asked = itertools.count()
log = logging.getLogger(__name__)


async def served(scope: Scope, receive: Receive, send: Send) -> None:
    """The server that is running; it is started and stopped by the fixture, whoever asks it."""
    if scope["type"] == "http":
        next(asked)
        await RUNNING[0](scope, receive, send)


DOCUMENT = schemathesis.openapi.from_dict(create_app(Settings()).openapi(), config=CONFIG)
DOCUMENT.app = served


@pytest.fixture(scope="module", autouse=True)
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A server of our own, which may fill up with whatever is made."""
    folder = furnished_folder(tmp_path_factory.mktemp("models") / "small", pictures=40)
    app = create_app(Settings(models=(f"small@{folder}",), data=tmp_path_factory.mktemp("data"), device="cpu"))
    with TestClient(app) as client:
        wait_for(lambda: client.get("/readyz").status_code == 200)
        for path, spec in (("/renders", RENDER), ("/findings", FINDING)):
            assert client.post(path, content=spec.canonical(), headers={"Content-Type": "application/json"}).is_success
        RUNNING.append(app)
        yield
        RUNNING.clear()
    log.warning("%d requests were sent", next(asked))  # what `make fuzz` came to


@DOCUMENT.given(accept=st.sampled_from(["application/json", "text/html"]))
@DOCUMENT.parametrize()
@examples(2)
def test_every_answer_is_one_that_the_document_names(case: schemathesis.Case, accept: str) -> None:
    # A multipart form has only text: what is wrong in a generated one is right once it is sent.
    all_text = [negative_data_rejection] if case.media_type == "multipart/form-data" else []
    case.call_and_validate(headers={"Accept": accept}, allow_redirects=False, excluded_checks=all_text)
