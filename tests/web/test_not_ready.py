"""While the model is not there: the server answers, says why, and looks again by itself."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from app.settings import Settings
from app.web.app import create_app
from tests.pictures import striped_files
from tests.tiny import tiny_hub_folder
from tests.web.conftest import LAYER, SPEC, wait_for
from tests.web.markup import Markup

LAB = "/models/small/lab"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A client of a server whose model's weights are damaged."""
    folder = tiny_hub_folder(tmp_path_factory.mktemp("models") / "small")
    (folder / "open_clip_model.safetensors").write_bytes(b"no weights")
    settings = Settings(models=(f"small@{folder}",), data=tmp_path_factory.mktemp("data"), device="cpu")
    with TestClient(create_app(settings), follow_redirects=False) as client:
        wait_for(lambda: "load" not in client.get("/readyz").json()["detail"].partition(":")[2][:30])
        yield client


def test_readiness_is_503_with_the_reason(client: TestClient) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 503 and answer.headers["retry-after"] and "small" in answer.json()["detail"]
    assert client.get("/healthz").status_code == 200


def test_the_first_page_says_why_and_looks_again(client: TestClient) -> None:
    answer = client.get("/")
    page = Markup(answer.text)
    assert answer.status_code == 200 and page.all("meta", **{"http-equiv": "refresh"})
    assert client.get("/.json").json()["reason"] in page.text


@pytest.mark.parametrize(
    "path", [f"/models/small/{LAYER}", f"/models/small/{LAYER}/1", "/search?q=red", f"{LAB}/text?q=red"]
)
def test_a_page_that_needs_the_model_is_503_and_looks_again(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 503 and answer.headers["retry-after"]
    assert Markup(answer.text).all("meta", **{"http-equiv": "refresh"})
    assert client.get(path, headers={"Accept": "application/json"}).json()["status"] == 503


@pytest.mark.parametrize(
    "path",
    [
        "/models",
        "/models/small",
        "/facets",
        "/renders",
        "/looks",
        LAB,
        f"{LAB}/composition",
        f"{LAB}/text",
        f"{LAB}/pictured?q=red",
    ],
)
def test_a_page_that_does_not_is_there(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 200


def test_forms_come_back_with_503_and_store_nothing(client: TestClient) -> None:
    answers = [
        client.post("/renders", data=SPEC),
        client.post("/facets", data={"name": "bars"}, files=[("images", file) for file in striped_files(8)]),
        client.post("/looks", files={"image": striped_files(1)[0]}),
    ]
    for answer in answers:
        assert answer.status_code == 503 and answer.headers["retry-after"]
        page = Markup(answer.text)
        assert page.all("form", method="post") and not page.all("meta", **{"http-equiv": "refresh"})
    assert not client.get("/facets.json").json()["facets"] + client.get("/renders.json").json()["renders"]
