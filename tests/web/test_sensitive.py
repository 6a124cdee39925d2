"""Sensitive units: a warning, pictures that start blurred, and a choice that is remembered."""

import re
from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from app.web.views import REVEALED
from tests.web.conftest import LAYER
from tests.web.markup import Markup

UNIT = f"/models/small/{LAYER}/31"


@pytest.fixture
def church(client: TestClient) -> Iterator[TestClient]:
    """Somebody calls the unit a church."""
    client.cookies.clear()
    assert client.post(f"{UNIT}/labels", data={"text": "Church"}).status_code == 303
    yield client
    client.post(f"{UNIT}/labels/undo")
    client.cookies.clear()


def is_blurred(page: str) -> bool:
    return Markup(page).one("main").get("class") == "sensitive" and 'class="revealed"' not in page


def test_a_units_name_decides_whether_its_pictures_start_blurred(church: TestClient) -> None:
    assert church.get(f"{UNIT}.json").json()["sensitive"] == ["religion"]
    page = church.get(UNIT).text
    assert is_blurred(page)
    assert "This unit is about religion" in page
    assert church.get(f"/models/small/{LAYER}/32.json").json()["sensitive"] == []
    assert not is_blurred(church.get(f"/models/small/{LAYER}/32").text)
    cards = church.get(f"/models/small/{LAYER}?after=29&limit=4").text
    assert len(re.findall(r'class="unit sensitive"', cards)) == 1
    hits = church.get("/search?q=church").text
    assert 'class="hit sensitive"' in hits


def test_whoever_asks_sees_them_from_then_on_and_can_change_their_mind(church: TestClient) -> None:
    form = {"back": UNIT}
    answer = church.post("/reveal", data={**form, "show": "1"})
    assert (answer.status_code, answer.headers["location"]) == (303, UNIT)
    assert "HttpOnly" in answer.headers["set-cookie"]
    page = church.get(UNIT).text
    assert not is_blurred(page)
    assert "This unit is about religion" in page
    assert 'class="revealed"' in church.get(f"/models/small/{LAYER}").text
    church.post("/reveal", data={**form, "show": "0"})
    assert REVEALED not in church.cookies
    assert is_blurred(church.get(UNIT).text)


@pytest.mark.parametrize("change", [{"back": ""}, {"show": "2"}])
def test_what_cannot_be_meant_is_refused(client: TestClient, change: dict[str, str]) -> None:
    answer = client.post("/reveal", data={"back": UNIT, "show": "1", **change})
    assert answer.status_code == 422


ELSEWHERE = [
    "//evil.example",
    "/\\evil.example",
    "https://evil.example/",
    "javascript:alert(1)",
    "/x\r\nset-cookie: a=b",
    "/\t/x",
]


@pytest.mark.parametrize("back", ELSEWHERE)
def test_no_form_leads_to_another_site(client: TestClient, back: str) -> None:
    assert client.post("/reveal", data={"back": back, "show": "1"}).status_code == 422
    client.cookies.clear()
