"""A random unit: another one each time, never kept by a browser."""

import re

import pytest
from fastapi.testclient import TestClient

from tests.web.conftest import LAYER
from tests.web.markup import Markup

UNIT = re.compile(r"/models/small/([^/]+)/(\d+)")


@pytest.mark.parametrize(("address", "layer"), [("/random", LAYER), ("/models/small/layer2.0/random", "layer2.0")])
def test_it_redirects_to_another_unit_each_time(client: TestClient, address: str, layer: str) -> None:
    seen = set()
    for _ in range(20):
        answer = client.get(address)
        assert (answer.status_code, answer.headers["cache-control"]) == (303, "no-store")
        found = UNIT.fullmatch(answer.headers["location"])
        assert found and found[1] == layer
        seen.add(found[2])
    assert len(seen) > 3, "in twenty draws from 64 units or more"
    assert client.get(f"/models/small/{layer}/{seen.pop()}").status_code == 200
    assert client.head(address).status_code == 303


def test_it_keeps_what_was_chosen_and_knows_its_layers(client: TestClient) -> None:
    answer = client.get(f"/models/small/{LAYER}/random?corpus=small-corpus")
    assert answer.headers["location"].endswith("?corpus=small-corpus")
    assert client.get("/models/small/layer9/random").status_code == 404
    assert client.get("/models/nothing/layer9/random").status_code == 404


def test_the_pages_lead_to_it(client: TestClient) -> None:
    of_layer = f"/models/small/{LAYER}/random"
    for page, link in (("/", "/random"), (f"/models/small/{LAYER}", of_layer), (f"/models/small/{LAYER}/5", of_layer)):
        assert Markup(client.get(page).text).all("a", href=link), page
