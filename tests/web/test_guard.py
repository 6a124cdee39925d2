"""What stands before every request: headers, the refusal of other sites' forms, the body limit, the host check."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from starlette.datastructures import Headers

from app.settings import Settings
from app.web.app import create_app
from app.web.guard import is_cross_site
from tests.web.conftest import SPEC

POSTS = ["/renders", "/facets", "/looks", "/renders/0123456789abcdef/cancel"]


@pytest.mark.parametrize(
    ("headers", "refused"),
    [
        ({"sec-fetch-site": "same-origin"}, False),
        ({"sec-fetch-site": "none"}, False),
        ({"sec-fetch-site": "cross-site"}, True),
        ({"sec-fetch-site": "same-site"}, True),
        ({"sec-fetch-site": "cross-site", "origin": "http://here:8000"}, True),
        ({"origin": "http://here:8000"}, False),
        ({"origin": "http://here:8001"}, True),
        ({"origin": "null"}, True),
        ({}, False),
    ],
)
def test_only_our_own_pages_may_post_from_a_browser(headers: dict[str, str], refused: bool) -> None:
    assert is_cross_site(Headers({"host": "here:8000", **headers})) is refused


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("path", POSTS)
def test_a_cross_site_post_is_refused_and_changes_nothing(client: TestClient, path: str) -> None:
    answer = client.post(path, data=SPEC, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403 and "another site" in answer.text
    asked_for_json = client.post(path, json=SPEC, headers={"Origin": "http://evil", "Accept": "application/json"})
    assert asked_for_json.json()["status"] == 403


def test_a_cross_site_visit_is_welcome(client: TestClient) -> None:
    assert client.get("/", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 200


@pytest.mark.parametrize("path", ["/", "/models.json", "/nothing", "/static/app.js", "/healthz"])
def test_every_answer_carries_the_security_headers(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    assert headers["content-security-policy"].startswith("default-src 'none'; script-src 'self'")
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == headers["cross-origin-opener-policy"] == "same-origin"


def megabytes(count: int) -> Iterator[bytes]:
    for _ in range(count):
        yield bytes(1_000_000)


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("path", ["/facets", "/looks", "/renders"])
def test_a_body_announced_as_200_mb_is_refused_unread(client: TestClient, path: str) -> None:
    headers = {"Content-Length": "200000000", "Content-Type": "multipart/form-data; boundary=x"}
    answer = client.post(path, content=b"--x", headers=headers)
    assert answer.status_code == 413
    assert "at most 2 MB" in answer.text and "FACETSCOPE_MAX_BODY_BYTES" in answer.text


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("kind", ["multipart/form-data; boundary=x", "application/x-www-form-urlencoded"])
@pytest.mark.parametrize("path", ["/facets", "/looks", "/renders"])
def test_a_body_that_grows_unannounced_is_refused(client: TestClient, path: str, kind: str) -> None:
    start = (
        b'--x\r\nContent-Disposition: form-data; name="image"; filename="a.png"\r\n\r\n' if "multi" in kind else b"a="
    )
    answer = client.post(path, content=iter([start, *megabytes(5)]), headers={"Content-Type": kind})
    assert answer.status_code == 413, answer.text
    assert "at most" in answer.text


def test_only_the_allowed_host_names_are_answered(settings: Settings) -> None:
    app = create_app(settings.model_copy(update={"allowed_hosts": ("good.example",)}))
    client = TestClient(app)  # not started: the host is checked before anything else
    assert client.get("/static/app.js", headers={"Host": "evil.example"}).status_code == 400
    assert client.get("/static/app.js", headers={"Host": "good.example:8000"}).status_code == 200


@pytest.mark.parametrize(
    ("listens", "asked", "status"),
    [
        ("127.0.0.1", "127.0.0.1:8000", 200),
        ("127.0.0.1", "localhost:8000", 200),
        ("127.0.0.1", "rebound.example:8000", 400),
        ("::1", "[::1]:8000", 200),
        ("::1", "rebound.example", 400),
        ("0.0.0.0", "lab.example:8000", 200),
    ],
)
def test_a_server_for_this_computer_alone_has_only_its_names(
    settings: Settings, listens: str, asked: str, status: int
) -> None:
    app = create_app(settings.model_copy(update={"allowed_hosts": (), "host": listens}))
    assert TestClient(app).get("/static/app.js", headers={"Host": asked}).status_code == status
