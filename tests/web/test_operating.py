"""What an operator sees: metrics, the log with its request ids, the status page."""

import json
import logging
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.microscope import Microscope
from app.microscope.metrics import Metrics
from app.settings import ROOT, Settings
from app.web.app import create_app
from app.web.json_log import JsonLines
from app.web.request_log import HEADER, SANE, RequestLog
from tests.databases import PostgreSQL, stopped
from tests.web.conftest import LAYER, Listening, wait_for

REQUESTS = "app.web.request_log"


def sample(text: str, name: str) -> float:
    """The value of one sample of the metrics; 0 where there is none."""
    found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
    return float(found.group(1)) if found else 0.0


def test_requests_are_counted_by_the_template_of_their_address(client: TestClient) -> None:
    unit = 'facetscope_requests_total{method="GET",route="/models/{slug}/{layer}/{unit}.json",status="200"}'
    before = sample(client.get("/metrics").text, unit)
    for number in range(3):
        client.get(f"/models/small/{LAYER}/{number}.json")
    client.get("/static/app.js")
    client.request("BREW", "/no/such/place")
    after = client.get("/metrics").text
    assert sample(after, unit) == before + 3
    assert sample(after, 'facetscope_requests_total{method="GET",route="/static",status="200"}') >= 1
    assert "no/such/place" not in after and "BREW" not in after and 'method="other"' in after


def test_the_metrics_say_how_the_server_stands(client: TestClient, render_url: str) -> None:
    assert client.get(f"{render_url}.json").json()["status"] == "done"
    wait_for(lambda: sample(client.get("/metrics").text, "facetscope_queue_depth") == 0)  # of the tests before
    answer = client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    text = answer.text
    assert sample(text, "facetscope_ready") == 1
    assert sample(text, 'facetscope_renders{status="done"}') >= 1
    assert sample(text, "facetscope_step_seconds_count") >= 6
    for name in ("process_resident_memory_bytes", "facetscope_database_bytes", "facetscope_disk_free_bytes"):
        assert sample(text, name) > 0, name


def test_while_the_database_is_away_the_metrics_say_so_and_all_else(
    settings: Settings, postgres: PostgreSQL, tmp_path: Path
) -> None:
    elsewhere = settings.model_copy(update={"data": tmp_path, "database_url": postgres.new()})
    app = create_app(elsewhere)
    app.state.microscope = Microscope(elsewhere)
    client = TestClient(app)
    assert sample(client.get("/metrics").text, "facetscope_database_up") == 1
    with stopped(postgres):
        away = client.get("/metrics")
    assert away.status_code == 200 and "facetscope_database_up 0.0" in away.text
    assert "facetscope_renders" not in away.text and "facetscope_database_bytes" not in away.text
    assert "facetscope_queue_depth 0.0" in away.text and sample(away.text, "process_resident_memory_bytes") > 0
    assert sample(client.get("/metrics").text, "facetscope_database_bytes") > 0
    app.state.microscope.close()


def test_two_applications_count_apart() -> None:
    first, second = Metrics(list), Metrics(list)
    first.request("/models", "GET", 200, 0.1)
    assert 'route="/models"' in first.text().decode() and 'route="/models"' not in second.text().decode()


@pytest.mark.parametrize("sent", ["abc-1.2_3", "x" * 64])
def test_a_proxys_request_id_is_taken_over(client: TestClient, sent: str) -> None:
    assert client.get("/healthz", headers={HEADER: sent}).headers[HEADER] == sent


@pytest.mark.parametrize("sent", ["", "x" * 65, "a b", "<script>", "a\t/b"])
def test_any_other_gets_a_new_one(client: TestClient, sent: str) -> None:
    own = client.get("/healthz", headers={HEADER: sent}).headers[HEADER]
    assert SANE.fullmatch(own) and own != sent


def test_errors_carry_the_id_in_header_page_and_problem(client: TestClient) -> None:
    page, problem = client.get("/renders/none"), client.get("/renders/none.json")
    assert page.status_code == problem.status_code == 404
    assert page.headers[HEADER] in page.text and "quote this id" in page.text
    assert problem.json()["request_id"] == problem.headers[HEADER]
    elsewhere = client.post("/renders", headers={"Origin": "http://evil", HEADER: "from-the-proxy"})
    assert elsewhere.status_code == 403 and "from-the-proxy" in elsewhere.text


def test_a_fault_of_the_program_is_logged_with_its_id(caplog: pytest.LogCaptureFixture) -> None:
    app = FastAPI()
    app.add_api_route("/broken", lambda: 1 / 0)
    client = TestClient(RequestLog(app), raise_server_exceptions=False)
    with caplog.at_level(logging.ERROR, REQUESTS):
        client.get("/broken", headers={HEADER: "the-id"})
    assert caplog.messages == ["request the-id: GET /broken ended with 500"]


@pytest.mark.parametrize(
    ("kind", "begun"),
    [
        (
            "multipart/form-data; boundary=x",
            '--x\r\nContent-Disposition: form-data; name="image"; filename="a"\r\n\r\n',
        ),
        ("application/x-www-form-urlencoded", "unit="),
        ("application/json", '{"unit":'),
    ],
)
def test_who_leaves_while_sending_is_no_fault_of_the_program(
    listening: Listening, caplog: pytest.LogCaptureFixture, kind: str, begun: str
) -> None:
    """As a closed tab does, or a proxy that will not pass on so much."""
    said = f"POST /renders HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {kind}\r\nContent-Length: 5000\r\n\r\n{begun}"
    with caplog.at_level(logging.INFO, REQUESTS):
        with socket.create_connection(("127.0.0.1", int(listening.url.rpartition(":")[2]))) as leaving:
            leaving.sendall(said.encode())
        wait_for(lambda: any(record.name == REQUESTS for record in caplog.records))
    (record,) = (record for record in caplog.records if record.name == REQUESTS)
    assert record.levelno == logging.INFO and record.getMessage().endswith("POST /renders ended with 499")


def test_a_request_is_one_line_of_json_without_anything_secret(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, REQUESTS):
        address = "/lists/0123/edit?key=SECRET"
        client.get(address, headers={"Authorization": "Bearer SECRET", "Cookie": "facetscope_browser=SECRET"})
    record = next(record for record in caplog.records if record.name == REQUESTS)
    line = JsonLines().format(record)
    assert "\n" not in line and "SECRET" not in line
    written = json.loads(line)
    assert (written["route"], written["path"]) == ("/lists/{list_id}/edit", "/lists/0123/edit")
    assert (written["method"], written["status"], written["level"]) == ("GET", 404, "info")
    assert written["bytes"] > 100 and 0 < written["seconds"] < 30


def test_a_line_break_in_an_address_stays_one_line(client: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, REQUESTS):
        client.get("/renders/a%0Ab%1b")
    assert len(JsonLines().format(caplog.records[-1]).splitlines()) == 1


def test_an_error_is_logged_with_its_traceback() -> None:
    try:
        raise ValueError("odd")
    except ValueError as error:
        record = logging.LogRecord("app", logging.ERROR, "", 0, "it failed", None, (ValueError, error, None))
    written = json.loads(JsonLines().format(record))
    assert written["message"] == "it failed" and "ValueError: odd" in written["error"]


def test_the_status_page_says_how_the_server_stands(client: TestClient, render_url: str) -> None:
    assert client.get(f"{render_url}.json").json()["status"] == "done"
    status = client.get("/status.json").json()
    assert status["ready"] and status["device"] == "CPU"
    assert [model["slug"] for model in status["models"]] == ["small"] and status["models"][0]["loaded"]
    assert [index["name"] for index in status["indexes"]] == ["small-corpus"]
    assert status["last_hour"]["done"] >= 1 and status["free_bytes"] > 0
    page = client.get("/status").text
    assert "small-corpus" in page and "Renders of the last hour" in page


def test_the_status_page_gives_no_paths_away(client: TestClient, settings: Settings) -> None:
    assert str(settings.data) not in client.get("/status").text + client.get("/status.json").text


def test_a_server_told_so_logs_nothing_but_json() -> None:
    script = "import logging, logging.config; from app.web.json_log import CONFIG; logging.config.dictConfig(CONFIG); "
    script += "[logging.getLogger(name).info('hello') for name in ('uvicorn.error', 'app.web.request_log', 'other')]"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    lines = [json.loads(line) for line in run.stderr.splitlines()]
    assert [line["logger"] for line in lines] == ["uvicorn.error", "app.web.request_log"]
