"""Typographic attacks: from the form to what the model says, its twin, its pictures, the search, and what is refused."""

import io
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from app.settings import Settings
from app.web.app import create_app
from tests.pictures import COLOURS, blobs, png
from tests.web.conftest import finish, wait_for

FORM = "/models/small/lab/attack"
ATTACK = {"kind": "attack", "model": "small", "text": "green", "style": "label", "k": "4"}
SEARCH = {"kind": "attack_search", "model": "small", "style": "free"}
PICTURE = {"picture_file": ("discs.png", png(blobs(0)[0]), "image/png")}
JSON = {"Accept": "application/json"}


def posted(client: TestClient, values: dict[str, str], files: dict[str, Any] | None = None) -> dict[str, Any]:
    """The finding that a form leads to, when it is over."""
    answer = client.post("/findings", data=values, files=files)
    assert answer.status_code == 303, answer.text
    return finish(client, answer.headers["location"])


def shown(client: TestClient, url: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(client.get(url).content)).convert("RGB"))


@pytest.fixture(scope="module")
def attack(client: TestClient) -> dict[str, Any]:
    found = posted(client, ATTACK, PICTURE)
    assert found["status"] == "done", found["error"]
    return found


def test_an_attack_says_what_changed(client: TestClient, attack: dict[str, Any]) -> None:
    assert attack["spec"]["classes"] == "column:concept"  # the first label column of the corpus
    assert attack["spec"]["prompt"] == "{}"
    assert attack["written"] == "green"
    assert [each["shown"] for each in attack["predictions"]] == ["clean", "attacked", "scrambled", "blank"]
    assert [each["shown"] for each in attack["ablated"]] == ["clean", "attacked"]
    for each in [*attack["predictions"], *attack["ablated"]]:
        for judge in ("zero_shot", "probe"):
            assert sorted(row["name"] for row in each[judge]) == sorted(COLOURS)
            assert sum(row["share"] for row in each[judge]) == pytest.approx(1, abs=1e-4)
            assert [row["name"] for row in each[judge] if row["written"]] == ["green"]
    assert (attack["probe"]["images"], attack["probe"]["held_out"]) == (96, 24)
    assert sum(unit["ablated"] for unit in attack["units"]) == 4
    page = client.get(attack["url"]).text
    assert "What the model takes it for" in page and "Is it reading?" in page


def test_the_pictures_are_as_the_model_sees_them(client: TestClient, attack: dict[str, Any]) -> None:
    clean, attacked = shown(client, attack["clean"]), shown(client, attack["attacked"])
    assert clean.shape == attacked.shape == (64, 64, 3)
    assert (clean != attacked).any(-1).mean() == pytest.approx(attack["cover"])
    assert "immutable" in client.get(attack["attacked"]).headers["cache-control"]


def test_units_are_sorted_by_either_measure(client: TestClient, attack: dict[str, Any]) -> None:
    for by in ("sd", "logit"):
        units = client.get(f"{attack['url']}.json?by={by}").json()["units"]
        assert [unit[by] for unit in units] == sorted((unit[by] for unit in units), reverse=True)
        assert units[0]["url"] in client.get(attack["sorts"][by]).text


def test_a_corpus_image_is_attacked_by_a_link(client: TestClient) -> None:
    link = f"{FORM}?corpus=small-corpus&amp;index=5"
    assert link in client.get("/corpora/small-corpus/5").text
    form = client.get(link.replace("&amp;", "&")).text
    assert "/corpora/small-corpus/images/5.webp" in form
    found = posted(client, {**ATTACK, "corpus": "small-corpus", "index": "5", "style": "paper"})
    assert np.array_equal(shown(client, found["clean"]), np.asarray(blobs(5)[0]))
    assert [each["shown"] for each in found["predictions"]] == ["clean", "attacked", "scrambled"]


def test_other_classes_and_a_text_that_is_none_of_them(client: TestClient) -> None:
    change = {
        "text": "111",
        "classes": "list",
        "names": "cat\ndog\n\n a  boat ",
        "prompt": "my {}",
        "layer": "layer3.1",
    }
    found = posted(client, {**ATTACK, **change}, PICTURE)
    assert {row["name"] for row in found["predictions"][0]["zero_shot"]} == {"cat", "dog", "a boat"}
    assert found["written"] is None
    assert [each["shown"] for each in found["predictions"]] == ["clean", "attacked", "blank"], "nothing to shuffle"
    assert found["units"][0]["logit"] is None and found["units"][0]["sd"] is not None
    assert "none of the classes" in client.get(found["url"]).text


def test_a_search_ranks_names_and_leads_to_attacks(client: TestClient) -> None:
    found = posted(client, {**SEARCH, "others": "2"}, PICTURE)
    assert found["status"] == "done", found["error"]
    assert sorted(row["name"] for row in found["rows"]) == sorted(COLOURS)
    order = [(-row["flipped"], -row["after"]) for row in found["rows"]]
    assert order == sorted(order)
    assert found["pictures"] == 3
    form = client.get(found["rows"][0]["url"]).text
    assert f'value="{found["rows"][0]["name"]}"' in form and found["spec"]["picture"] in form
    assert found["rows"][0]["url"].replace("&", "&amp;") in client.get(found["url"]).text


def test_a_search_that_was_stopped_can_be_started_again(client: TestClient) -> None:
    values = {**SEARCH, "classes": "imagenet", "others": "15", "count": "300", "longest": "40"}
    answer = client.post("/findings", data=values, files=PICTURE)
    assert client.post(f"{answer.headers['location']}/cancel").status_code == 303
    stopped = finish(client, answer.headers["location"])
    assert stopped["status"] == "cancelled"
    page = client.get(stopped["url"]).text
    assert "The search was stopped" in page and "Start it again" in page


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"text": "漢字"}, "no font"),
        ({"text": " "}, "text may not be empty"),
        ({"text": "a" * 41}, "at most 40"),
        ({"classes": "column:nothing"}, "there are concept, family, kind, caption"),
        ({"classes": "list:0123"}, "paste it again"),
        ({"prompt": "a photo"}, "prompt must have {}"),
        ({"width": "7"}, "width must be at most 1"),
        ({"style": "tattoo"}, "style must be one of"),
        ({"k": "256"}, "k must be at most 200"),
        ({"layer": "layer9"}, "no layer layer9"),
        ({"by": "logit", "layer": "layer3.1"}, "last layer only"),
    ],
)
def test_what_cannot_be_written_is_refused_and_the_form_keeps_the_picture(
    client: TestClient, change: dict[str, str], said: str
) -> None:
    answer = client.post("/findings", data={**ATTACK, **change}, files=PICTURE)
    assert answer.status_code == 422
    assert said in answer.text and 'name="picture" value="' in answer.text


def test_a_list_of_one_class_is_refused(client: TestClient) -> None:
    answer = client.post("/findings", data={**ATTACK, "classes": "list", "names": "only one"}, files=PICTURE)
    assert answer.status_code == 422
    assert "2 to 2,000" in answer.text and "only one" in answer.text
    assert 'name="picture" value="' in answer.text, "the picture need not be chosen again"


def test_an_attack_needs_a_picture(client: TestClient) -> None:
    for values in (
        ATTACK,
        {**ATTACK, "picture": "0123456789abcdef"},
        {**ATTACK, "corpus": "small-corpus", "index": "999"},
    ):
        assert client.post("/findings", data=values).status_code == 422
    files = {"picture_file": ("notes.txt", b"hello", "text/plain")}
    assert client.post("/findings", data=ATTACK, files=files, headers=JSON).status_code == 415


def test_an_attack_is_there_after_a_restart(settings: Settings, attack: dict[str, Any]) -> None:
    with TestClient(create_app(settings), follow_redirects=False) as other:
        wait_for(lambda: other.get("/readyz").status_code == 200)
        again = other.get(f"{attack['url']}.json").json()
        assert again["predictions"] == attack["predictions"]
        assert other.get(again["attacked"]).status_code == 200
