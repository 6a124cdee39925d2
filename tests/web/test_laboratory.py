"""The laboratory's own pages: the list of instruments, the form of each, and what is filled in and handed back."""

import pytest
from fastapi.testclient import TestClient

from app.spec import FINDINGS
from tests.web.markup import Markup

LAB = "/models/small/lab"
FORMS = sorted(set(FINDINGS) - {"captions", "words"})


def test_the_list_leads_to_every_instrument(client: TestClient) -> None:
    assert client.get("/lab").headers["location"] == LAB
    links = client.get(f"{LAB}.json").json()["instruments"]
    assert {link["name"] for link in links} >= set(FORMS)
    page = Markup(client.get(LAB).text)
    for link in links:
        assert page.all("a", href=link["url"])
        assert client.get(link["url"]).status_code == 200


@pytest.mark.parametrize("kind", FORMS)
def test_a_form_sends_its_kind_and_model_and_names_every_field(client: TestClient, kind: str) -> None:
    page = Markup(client.get(f"{LAB}/{kind}").text)
    assert page.one("form", action="/findings")["method"] == "post"
    assert page.one("input", type="hidden", name="kind")["value"] == kind
    assert page.all("input", name="model", value="small") or page.all("option", value="small")
    named = {label["for"] for label in page.all("label") if "for" in label}
    for tag in ("input", "select", "textarea"):
        for field in page.all(tag):
            hidden = field.get("type") in ("hidden", "checkbox", "radio")
            assert hidden or field["id"] in named, field


@pytest.mark.parametrize("kind", FORMS)
def test_a_refused_form_comes_back_with_the_reason(client: TestClient, kind: str) -> None:
    sent = {"kind": kind, "model": "small", "layer": "layer9.9", "seed": "-1"}
    answer = client.post("/findings", data=sent)
    assert 400 <= answer.status_code < 500
    assert Markup(answer.text).one("input", type="hidden", name="kind")["value"] == kind
    assert 'role="alert"' in answer.text
    assert f"<{LAB}/{kind}.json>" in answer.headers["link"]
    twin = client.post("/findings", json=sent, headers={"Accept": "application/json"})
    assert twin.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("address", [f"{LAB}/nothing", "/models/nobody/lab", "/models/nobody/lab/stroop"])
def test_what_there_is_not_is_not_found(client: TestClient, address: str) -> None:
    for each in (address, f"{address}.json"):
        assert client.get(each).status_code == 404
