"""The region map: from the form to a coloured world, its twin and pictures, and what is refused.

The names of 777 places are not drawn here: a file says what they do, as after an earlier run."""

import io
from collections.abc import Iterator
from typing import cast

import numpy as np
import pytest
import torch
from fastapi import FastAPI
from fastapi.testclient import TestClient
from PIL import Image

from app.lab.atlas.world import cities, countries
from app.lab.place_names import keep, path_of
from app.microscope import Microscope
from app.settings import Settings
from tests.web.conftest import LAYER, finish, of_other_weights, offered, wait_for
from tests.web.markup import Markup

SPEC = {"kind": "regions", "model": "small", "layer": LAYER, "units": "9, 3 7,3", "crops": "128"}
JSON = {"Accept": "application/json"}
COUNTRIES = [country.name for country in countries()]


@pytest.fixture(scope="module", autouse=True)
def names_drawn(client: TestClient, settings: Settings) -> Iterator[None]:
    """Unit 3 stands for Japan and its cities, unit 7 for Kenya and the south, the others for little."""
    values = 0.1 * torch.randn(len(COUNTRIES) + len(cities()), 256, generator=torch.Generator().manual_seed(0))
    values[COUNTRIES.index("Japan"), 3] = 8.0
    values[COUNTRIES.index("Kenya"), 7] = 5.0
    for place, city in enumerate(cities(), len(COUNTRIES)):
        values[place, 3] += 10.0 * (city.country == "Japan")
        values[place, 7] += 4.0 * (city.latitude < 0)
    microscope: Microscope = cast(FastAPI, client.app).state.microscope
    path = path_of(settings.data, microscope.residents.clip("small").weights_hash, LAYER)
    keep(path, values)
    yield
    path.unlink()


@pytest.fixture(scope="module")
def finding_url(client: TestClient) -> str:
    answer = client.post("/findings", data=SPEC)
    assert answer.status_code == 303, answer.text
    assert finish(client, answer.headers["location"])["status"] == "done"
    return answer.headers["location"]


def test_the_form_says_what_is_taken_where_nothing_is_typed(client: TestClient) -> None:
    page = client.get("/models/small/lab/regions?units=3,7").text
    assert 'value="3,7"' in page and "names of countries drive most selectively" in page
    choices = client.get("/models/small/lab/regions.json").json()["choices"]
    assert choices["most"] == 12 and choices["places"] == 777 and LAYER in choices["layers"]


def test_units_are_mapped_with_their_strongest_places(client: TestClient, finding_url: str) -> None:
    found = client.get(f"{finding_url}.json").json()
    assert found["spec"]["units"] == [3, 7, 9] == [each["card"]["unit"] for each in found["units"]]
    japan, kenya, little = found["units"]
    assert japan["countries"][0]["name"] == "Japan" and kenya["countries"][0]["name"] == "Kenya"
    assert {"Tokyo", "Osaka"} & {each["name"] for each in japan["cities"]}
    values = {each["name"]: each["values"] for each in found["countries"]}
    best = max(city["values"][0] for city in found["cities"])
    assert values["Japan"][0] < best == 1.0  # one scale for both
    assert japan["nearby"] > 0.5 > japan["chance"] and kenya["nearby"] > 0.5 and abs(little["nearby"]) < 0.2
    assert len({each["colour"] for each in found["units"]}) == 3


def test_the_page_colours_countries_and_isolates_without_scripts(client: TestClient, finding_url: str) -> None:
    page = client.get(finding_url).text
    assert len(page) < 250_000
    world = Markup(page).one("svg", **{"class": "world"})
    assert world["aria-label"].endswith("their names do to units 3, 7, 9.")
    japan, kenya = (f'href="#c{COUNTRIES.index(name)}"' for name in ("Japan", "Kenya"))
    layers = {each.partition('"')[0]: each.partition("</g>")[0] for each in page.split('class="paint paint-')[1:]}
    assert list(layers) == ["all shown", "0", "1", "2"]
    assert japan in layers["0"] and kenya not in layers["0"]
    assert kenya in layers["1"] and japan not in layers["1"]
    assert japan in layers["all shown"] and kenya in layers["all shown"]
    isolated = client.get(f"{finding_url}?isolate=7").text
    assert 'class="paint paint-1 shown"' in isolated and "paint-all shown" not in isolated
    assert f'href="{finding_url}"' in isolated  # the way back


def test_cities_are_circles_and_the_unlabelled_map_is_a_picture(client: TestClient, finding_url: str) -> None:
    page = client.get(f"{finding_url}?mode=cities").text
    assert "<title>Tokyo, Japan</title>" in page and len(page) < 250_000
    page = client.get(f"{finding_url}?mode=map").text
    assert f'href="{finding_url}/cells.png?unit=7"' in page
    pictures = [
        np.asarray(Image.open(io.BytesIO(client.get(f"{finding_url}/cells.png{query}").content)))
        for query in ("", "?unit=3", "?unit=7")
    ]
    assert {each.shape for each in pictures} == {(40, 80, 3)}
    red, _, blue = pictures[1].reshape(-1, 3).astype(int).T
    assert (red >= blue).all() and (red > blue + 50).any()  # the first hue
    assert not np.array_equal(pictures[0], pictures[1])


def test_what_the_model_was_shown_is_shown(client: TestClient, finding_url: str) -> None:
    assert client.get(f"{finding_url}.json").json()["name_drawn"] == "Japan"
    for name, width in (("name.webp", 872), ("crops.webp", 773)):
        answer = client.get(f"{finding_url}/{name}")
        picture = Image.open(io.BytesIO(answer.content))
        assert answer.status_code == 200 and picture.width == width
        assert len(set(np.asarray(picture.convert("L")).ravel().tolist())) > 10
        assert "immutable" not in answer.headers["cache-control"], "the finding may be made again"


def test_units_are_chosen_where_none_are_named(client: TestClient, finding_url: str) -> None:
    answer = client.post("/findings", data={**SPEC, "units": ""})
    found = finish(client, answer.headers["location"])
    assert found["spec"]["units"] == [] and {3, 7} <= {each["card"]["unit"] for each in found["units"]}
    assert found["chosen"] == "those that names of countries drive most selectively"
    same = client.post("/findings", json={**SPEC, "units": [7, 9, 3]}, headers=JSON)
    assert same.json()["url"] == finding_url and same.status_code == 200


def test_a_map_of_other_weights_says_so_and_is_drawn_again(
    client: TestClient, settings: Settings, finding_url: str
) -> None:
    before = client.get(f"{finding_url}.json").json()
    assert not before["outdated"]
    of_other_weights(settings, before["id"])
    page = client.get(finding_url).text
    assert client.get(f"{finding_url}.json").json()["outdated"] and "Draw it again" in page
    assert client.post("/findings", data=offered(page)).headers["location"] == finding_url
    after = finish(client, finding_url)
    assert not after["outdated"] and after["units"] == before["units"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"units": "3, 4000"}, "no unit 4000: they go from 0 to 255"),
        ({"units": "3, four"}, "but &#39;four&#39; is none"),
        ({"units": "-3"}, "but &#39;-3&#39; is none"),
        ({"units": ", ".join(map(str, range(13)))}, "13 were given, and at most 12"),
        ({"layer": "layer9"}, "no layer layer9"),
        ({"crops": "5"}, "crops must be at least 128"),
    ],
)
def test_what_cannot_be_mapped_is_refused_beside_what_was_typed(
    client: TestClient, change: dict[str, str], said: str
) -> None:
    answer = client.post("/findings", data={**SPEC, "seed": "11", **change})
    assert answer.status_code == 422 and said in answer.text, answer.text
    assert f'value="{change.get("units", SPEC["units"])}"' in answer.text
    assert Markup(answer.text).one("input", name="seed")["value"] == "11"
    answer = client.post("/findings", data={**SPEC, **change}, headers=JSON)
    assert answer.status_code == 422 and said.replace("&#39;", "'") in answer.json()["detail"]


def test_a_unit_that_is_not_on_the_map_and_a_mode_that_is_none(client: TestClient, finding_url: str) -> None:
    answer = client.get(f"{finding_url}?isolate=8")
    assert answer.status_code == 404 and "unit 8 is not on this map; 3, 7, 9 are" in answer.text
    assert client.get(f"{finding_url}?mode=continents").status_code == 422
    assert client.get(f"{finding_url}/cells.png?unit=8").status_code == 404
    assert client.get("/findings/0123456789abcdef/cells.png").status_code == 404


def test_a_map_can_be_stopped_while_names_are_drawn_and_has_no_pictures(client: TestClient) -> None:
    url = client.post("/findings", data={**SPEC, "layer": "layer3.1"}).headers["location"]
    wait_for(lambda: client.get(f"{url}.json").json()["progress"] == "Drawing names of places.")
    assert client.post(f"{url}/cancel").status_code == 303
    assert finish(client, url)["status"] == "cancelled"
    assert "stopped before the map was finished" in client.get(url).text
    assert client.get(f"{url}/name.webp").status_code == 503


def test_the_map_opens_after_a_restart_and_is_drawn_anew_where_its_file_is_gone(
    client: TestClient, finding_url: str, settings: Settings
) -> None:
    before = client.get(f"{finding_url}.json").json()
    restarted = Microscope(settings)
    try:
        again = restarted.finding(before["id"])
        assert again.kind == "regions"
        assert [each.countries[0].name for each in again.units[:2]] == ["Japan", "Kenya"]
    finally:
        restarted.close()
    (settings.data / "findings" / f"{before['id']}.safetensors").unlink()
    gone = client.get(f"{finding_url}.json").json()
    assert gone["status"] == "failed" and "start the finding again" in gone["error"]
    assert client.post("/findings", data=SPEC).headers["location"] == finding_url
    after = finish(client, finding_url)
    assert after["status"] == "done" and after["countries"] == before["countries"]
