"""Renders of more than single units: directions, whole layers, texts, pictures, several facets, other seeds."""

import json

import pytest
from fastapi.testclient import TestClient

from tests.pictures import blobs, png, striped_files
from tests.web.conftest import LAYER, SPEC, finish
from tests.web.markup import Markup

PLACE = {name: value for name, value in SPEC.items() if name != "unit"}
PICTURE = ("discs.png", png(blobs(7)[0]), "image/png")
JSON = {"Accept": "application/json"}


def made(client: TestClient, **fields: str) -> str:
    answer = client.post("/renders", data={**PLACE, **fields})
    assert answer.status_code == 303, Markup(answer.text).text
    return answer.headers["location"]


@pytest.mark.parametrize(
    ("fields", "title"),
    [
        ({"of": "direction", "direction": "5 + 0.5*9 - 2*17"}, "Direction − 2 × 17 + 5 + 0.5 × 9"),
        ({"of": "layer"}, f"All of {LAYER}"),
        ({"of": "prompt", "prompt": "striped  things"}, "“striped things”"),
    ],
    ids=["direction", "layer", "prompt"],
)
def test_anything_can_be_made_large(client: TestClient, fields: dict[str, str], title: str) -> None:
    url = made(client, **fields)
    twin = finish(client, url)
    assert twin["status"] == "done" and twin["subject"] == title and twin["unit_url"] is None
    page = Markup(client.get(url).text)
    assert title in page.text
    if fields["of"] == "layer":
        assert "The activation went from" in page.text and twin["activation_percentile"] is None
    else:
        assert 0 <= twin["activation_percentile"] <= 100 and "of the corpus" in page.text
    assert title in Markup(client.get("/renders").text).all("img", src=f"{url}/picture.png")[0]["alt"]
    again = Markup(client.get(url).text).all("input", type="hidden")
    assert {"name": "of", "value": fields["of"], "type": "hidden"} in again
    settings = json.loads(client.get(f"{url}/spec.json").text)
    assert client.post("/renders", json=settings, headers=JSON).json()["url"] == url


def test_a_direction_names_the_units_it_is_made_of(client: TestClient) -> None:
    url = made(client, direction="5 + 0.5*9 - 2*17")
    twin = finish(client, url)
    assert [(part["unit"], part["weight"]) for part in twin["parts"]] == [(17, -2.0), (5, 1.0), (9, 0.5)]
    page = Markup(client.get(url).text)
    assert page.all("a", href=f"/models/small/{LAYER}/17")
    unchanged = Markup(client.get(url).text).one("input", type="hidden", name="direction")["value"]
    assert made(client, direction=unchanged) == url


def test_a_text_names_the_units_it_asks_for(client: TestClient) -> None:
    twin = finish(client, made(client, prompt="striped things"))
    weights = [abs(part["weight"]) for part in twin["parts"]]
    assert len(weights) == 12 and weights == sorted(weights, reverse=True)


def test_a_picture_can_be_caricatured_and_used_again(client: TestClient) -> None:
    answer = client.post("/renders", data={**PLACE, "of": "picture"}, files={"picture_file": PICTURE})
    url = answer.headers["location"]
    twin = finish(client, url)
    assert twin["status"] == "done" and client.get(twin["source"]).headers["content-type"] == "image/webp"
    page = Markup(client.get(url).text)
    assert page.all("img", src=twin["source"])
    kept = page.one("input", type="checkbox", name="picture")["value"]
    other = made(client, of="picture", picture=kept, seed="1")
    assert other != url and finish(client, other)["source"] == twin["source"]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"of": "direction", "direction": "5 9"}, "381 + 0.5*17 - 42"),
        ({"of": "direction", "direction": "999999"}, "there is no unit 999999"),
        ({"of": "direction"}, "direction is missing"),
        ({"of": "prompt"}, "prompt is missing"),
        ({"of": "prompt", "prompt": "a", "layer": "layer3.0"}, "last layer"),
        ({"of": "picture"}, "picture is missing"),
        ({"of": "picture", "picture": "0123456789abcdef"}, "not uploaded here"),
        ({"of": "picture", "picture": "../../etc/passwd"}, "not uploaded here"),
        ({"unit": "3", "direction": "5"}, "both given"),
    ],
)
@pytest.mark.usefixtures("unchanged")
def test_what_cannot_be_made_large_comes_back_with_a_remedy(
    client: TestClient, fields: dict[str, str], words: str
) -> None:
    answer = client.post("/renders", data={**PLACE, **fields})
    page = Markup(answer.text)
    assert answer.status_code == 422 and words.replace("there is no unit", "no unit") in page.text
    for name in ("direction", "prompt"):
        assert page.one("input", name=name)["value"] == fields.get(name, "")
    assert client.post("/renders", json={**PLACE, **fields}, headers=JSON).status_code == 422


def test_a_picture_that_nothing_would_use_is_kept_and_asked_about(client: TestClient) -> None:
    answer = client.post("/renders", data={**SPEC, "unit": "4"}, files={"picture_file": PICTURE})
    page = Markup(answer.text)
    assert answer.status_code == 422 and "nothing would use it" in page.text
    kept = page.one("input", type="checkbox", name="picture")
    assert client.get(f"/blobs/{kept['value']}.webp").status_code == 200


def test_a_file_that_is_no_picture_is_refused(client: TestClient) -> None:
    files = {"picture_file": ("notes.png", b"not a picture", "image/png")}
    answer = client.post("/renders", data={**PLACE, "of": "picture"}, files=files)
    assert answer.status_code == 415 and "notes.png" in answer.text


def test_several_facets_pull_together_and_each_shows(client: TestClient, facet_url: str) -> None:
    files = [("images", (f"{i}.png", png(blobs(300 + i)[0]), "image/png")) for i in range(9)]
    other = client.post("/facets", data={"name": "discs"}, files=files).headers["location"]
    assert finish(client, other)["status"] == "ready"
    first, second = (url.rsplit("/", 1)[1] for url in (facet_url, other))
    fields = {**SPEC, "unit": "7", "facet": first, "strength": "1.5", f"mix.{second}": "-0.5"}
    url = client.post("/renders", data=fields).headers["location"]
    mix = [{"facet": "discs", "strength": -0.5}, {"facet": "stripes", "strength": 1.5}]
    same = {**SPEC, "unit": 7, "mix": mix}
    assert client.post("/renders", json=same, headers=JSON).json()["url"] == url, "names or ids, in any order"
    twin = finish(client, url)
    assert twin["status"] == "done"
    assert {(pull["facet"]["name"], pull["strength"]) for pull in twin["pulls"]} == {("stripes", 1.5), ("discs", -0.5)}
    assert all(0 <= pull["score"] <= 1 for pull in twin["pulls"])
    for address in (facet_url, other):
        assert url in [each["url"] for each in client.get(f"{address}.json").json()["renders"]]
    form = Markup(client.get(url).text)
    strengths = [each for each in form.all("input", type="number") if each["name"].startswith("mix.") and each["value"]]
    assert len(strengths) == 1, "the first of the two stands in the picker"


def test_a_facets_score_is_shown_beside_what_it_was_without(client: TestClient) -> None:
    steered = finish(client, made(client, unit="8", facet="stripes"))
    assert steered["pulls"][0]["plain_score"] is None and steered["plain"] is None
    page = Markup(client.get(str(steered["url"])).text)
    assert "Grow it" in page.text
    plain = made(client, unit="8")
    facet = steered["pulls"][0]["facet"]["id"]
    readings = {each["facet"]["id"]: each["score"] for each in finish(client, plain)["readings"]}
    twin = client.get(f"{steered['url']}.json").json()
    assert twin["plain"]["url"] == plain and twin["pulls"][0]["plain_score"] == readings[facet]
    assert "without the facet" in Markup(client.get(str(steered["url"])).text).text


def test_other_seeds_show_how_far_a_picture_depends_on_chance(client: TestClient) -> None:
    url = made(client, unit="9", seed="5")
    finish(client, url)
    assert client.get(f"{url}.json").json()["spread"] is None
    answer = client.post(f"{url}/seeds")
    assert (answer.status_code, answer.headers["location"]) == (303, f"{url}#seeds")
    twin = client.get(f"{url}.json").json()
    assert [each["seed"] for each in twin["seeds"]] == [6, 7, 8]
    reached = [finish(client, each["url"])["activation"] for each in twin["seeds"]]
    twin = client.get(f"{url}.json").json()
    assert twin["spread"]["count"] == 4
    assert twin["spread"]["low"] == min(*reached, twin["activation"])
    assert "4 seeds reach activations from" in Markup(client.get(url).text).text
    client.post(f"{url}/seeds")
    assert [each["seed"] for each in client.get(f"{url}.json").json()["seeds"]] == [6, 7, 8, 9, 10, 11]
    assert client.post("/renders/0000000000000000/seeds").status_code == 404


def test_diverse_pictures_are_shown_side_by_side(client: TestClient) -> None:
    url = made(client, unit="10", diversity="1", ramp="3")
    assert finish(client, url)["status"] == "done"
    page = Markup(client.get(url).text)
    assert "driven apart" in page.text
    assert [each["width"] for each in page.all("img") if "driven apart" in each["alt"]] == ["96"]


def test_each_preset_says_what_it_costs_before_it_starts(client: TestClient) -> None:
    presets = client.get(f"/models/small/{LAYER}/3.json").json()["presets"]
    seconds = {each["name"]: each["seconds"] for each in presets}
    assert 0 < seconds["preview"] < seconds["standard"] < seconds["fine"] < seconds["distill-2021"]
    assert "About" in Markup(client.get(f"/models/small/{LAYER}/3").text).text


def test_the_form_for_anything_knows_its_model_and_layer(client: TestClient) -> None:
    page = Markup(client.get("/visualize", params={"layer": "layer3.0"}).text)
    assert page.all("option", value="layer3.0", selected="")
    assert page.one("input", name="model")["value"] == "small"
    assert client.get("/visualize", params={"layer": "layer9"}).status_code == 404
    assert client.get("/visualize", params={"model": "nothing"}).status_code == 404
    assert client.get("/visualize.json").json()["last_layer"] == LAYER


def test_a_facet_can_weigh_every_place_and_says_how_aligned_its_pictures_are(client: TestClient) -> None:
    files = [("images", file) for file in striped_files(10, start=700)]
    data = {"name": "striped places"}
    pooled = client.post("/facets", data=data, files=files).headers["location"]
    spatial = client.post("/facets", data={**data, "spatial": "1"}, files=files).headers["location"]
    assert spatial != pooled
    reports = [finish(client, url)["layers"][0] for url in (pooled, spatial)]
    assert [each["spatial"] for each in reports] == [False, True]
    assert reports[0]["alignment"] == pytest.approx(reports[1]["alignment"]) and reports[0]["alignment_others"]
    page = Markup(client.get(spatial).text)
    assert "by place" in page.text and "Same places" in page.text
    assert finish(client, made(client, unit="11", facet=spatial.rsplit("/", 1)[1]))["status"] == "done"


def test_a_picture_is_accentuated_from_a_units_own_page(client: TestClient) -> None:
    form = Markup(client.get(f"/models/small/{LAYER}/12").text)
    assert form.one("input", type="file", name="picture_file") and form.all("input", value="accentuate")
    data = {**SPEC, "unit": "12", "preset": "accentuate", "size": "64"}
    assert client.post("/renders", data=data).status_code == 422
    answer = client.post("/renders", data=data, files={"picture_file": PICTURE})
    twin = finish(client, answer.headers["location"])
    assert twin["status"] == "done" and twin["source"]
    unit = client.get(f"/models/small/{LAYER}/12.json").json()
    assert [each["stands"] for each in unit["renders"]] == [False], "the picture is not the unit's own"


def test_a_render_is_drawn_with_the_spectrum_of_the_corpus(client: TestClient) -> None:
    twin = finish(client, made(client, unit="13", preset="maco"))
    assert twin["status"] == "done", twin["error"]


def test_a_facet_table_offers_no_preset_that_needs_a_picture(client: TestClient) -> None:
    url = f"/models/small/{LAYER}/31/facets"
    assert "accentuate" not in [each["name"] for each in client.get(f"{url}.json").json()["presets"]]
    assert client.post(url, data={"preset": "accentuate"}).status_code == 422
