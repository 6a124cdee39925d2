"""Blind labelling: nothing tells the activation before the end; then the shares are those counted by hand."""

import csv
import io
import re
from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from app.settings import Settings
from app.web.browser_id import NAME
from tests.web.conftest import LAYER, indexed_anew
from tests.web.markup import Markup

UNIT = f"/models/small/{LAYER}/17"
JSON = {"Accept": "application/json"}
MARKS = "<img src=x onerror=alert(1)>"


@pytest.fixture
def person(client: TestClient) -> Iterator[TestClient]:
    """A browser that has not been here yet."""
    client.cookies.clear()
    yield client
    client.cookies.clear()


def begin(person: TestClient, unit: str = UNIT, name: str = "") -> str:
    answer = person.post(f"{unit}/labellings", data={"name": name})
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def tag(person: TestClient, url: str, category: str) -> None:
    """Label the picture that is shown."""
    place = person.get(f"{url}.json").json()["place"]
    assert person.post(f"{url}/tags", data={"place": place, "category": category}).status_code == 303


def columns(client: TestClient) -> list[float]:
    """The unit's activation on every image, from the file that everybody may take along."""
    table = csv.DictReader(io.StringIO(client.get(f"{UNIT}/activations.csv").text))
    return [float(row["activation"]) for row in table]


def test_nothing_tells_the_activation_before_the_end(person: TestClient) -> None:
    url = begin(person)
    open_ = person.get(f"{url}.json").json()
    assert (open_["yours"], open_["finished"], open_["done"], open_["place"]) == (True, False, 0, 0)
    assert open_["bands"] == open_["shares"] == open_["others"] == []
    source = person.get(url).text
    assert open_["image"] in source
    assert "sd" not in Markup(source).text.split()
    assert not re.search(r"activation\D{0,3}[-+\u2212]?\d", source)
    assert f"{open_['image'].rpartition('/')[2]}" in source


def test_the_shares_are_those_counted_by_hand(person: TestClient) -> None:
    url, values = begin(person, name="Ada"), columns(person)
    shown: list[tuple[int, str]] = []
    total = person.get(f"{url}.json").json()["images"]
    for number in range(total):
        now = person.get(f"{url}.json").json()
        image = int(re.findall(r"(\d+)\.webp", now["image"])[0])
        category = "even" if image % 2 == 0 else "odd"
        tag(person, url, category)
        shown.append((image, category))
        assert person.get(f"{url}.json").json()["done"] == number + 1
    assert len({image for image, _ in shown}) == total
    assert person.get(f"{url}.json").json()["image"] is None
    assert person.post(f"{url}/finish").status_code == 303

    found = person.get(f"{url}.json").json()
    low, high = min(values), max(values)
    width = (high - low) / 10
    for band, about in enumerate(found["bands"]):
        within = [
            (image, category)
            for image, category in shown
            if low + band * width <= values[image] and (values[image] < low + (band + 1) * width or band == 9)
        ]
        assert about["count"] == len(within)
        for share in found["shares"]:
            of = sum(category == share["name"] for _, category in within)
            assert share["shares"][band]["count"] == of
            if within:
                assert share["shares"][band]["share"] == pytest.approx(of / len(within))
                assert share["shares"][band]["low"] <= of / len(within) <= share["shares"][band]["high"]
            else:
                assert share["shares"][band]["share"] is None
    assert {share["name"] for share in found["shares"]} == {"even", "odd"}
    assert "Ada" in person.get(url).text
    assert 'class="share share-rest"' in person.get(f"{url}?only=odd").text
    assert person.get(f"{url}?only=nobody").status_code == 404
    assert person.post(f"{url}/tags", data={"place": 0, "category": "late"}).status_code == 422


def test_two_people_label_the_same_pictures_apart_and_see_how_far_they_agree(person: TestClient) -> None:
    unit = f"/models/small/{LAYER}/18"
    first = begin(person, unit, "Ada")
    for category in ("cat", "cat", "dog", "dog"):
        tag(person, first, category)
    ada = dict(person.cookies)
    person.cookies.clear()

    assert person.get(f"{first}.json").json()["yours"] is False
    assert person.get(f"{first}.json").json()["image"] is None
    assert person.post(f"{first}/tags", data={"place": 5, "category": "cat"}).status_code == 404
    assert person.post(f"{first}/finish").status_code == 404
    second = begin(person, unit, "Bob")
    assert second != first
    for category in ("cat", "dog", "dog", "dog"):
        tag(person, second, category)
    person.post(f"{second}/finish")
    assert person.get(f"{second}.json").json()["others"] == [], "Ada has not finished"

    person.cookies.clear()
    person.cookies.update(ada)
    assert begin(person, unit) == first, "a browser has one labelling of a unit"
    person.post(f"{first}/finish")
    [other] = person.get(f"{first}.json").json()["others"]
    assert (other["name"], other["images"], other["equal"]) == ("Bob", 4, 0.75)
    assert other["kappa"] == pytest.approx(0.5)
    links = person.get(f"{unit}.json").json()["labellings"]
    assert [(each["name"], each["yours"], each["done"]) for each in links] == [("Ada", True, 4), ("Bob", False, 4)]


def test_a_tag_can_be_corrected_and_taken_back(person: TestClient) -> None:
    url = begin(person, f"/models/small/{LAYER}/19")
    tag(person, url, "cat")
    tag(person, url, "dog")
    person.post(f"{url}/tags", data={"place": 0, "category": "dog"})
    person.post(f"{url}/undo")
    state = person.get(f"{url}.json").json()
    assert (state["done"], state["place"], state["categories"]) == (1, 0, ["dog"])


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"place": "0", "category": ""}, "category"),
        ({"place": "0", "category": "x" * 41}, "40 characters"),
        ({"place": "0", "category": "a\nb"}, "one line"),
        ({"place": "9999", "category": "cat"}, "place"),
        ({"place": "-1", "category": "cat"}, "place"),
        ({"category": "cat"}, "place"),
    ],
)
def test_what_cannot_be_kept_is_refused_in_words(person: TestClient, values: dict[str, str], said: str) -> None:
    url = begin(person, f"/models/small/{LAYER}/20")
    for headers in ({}, JSON):
        answer = person.post(f"{url}/tags", data=values, headers=headers)
        assert answer.status_code == 422
        assert said in answer.text
    assert person.get(f"{url}.json").json()["done"] == 0


def test_there_are_at_most_nine_categories_and_their_names_are_text(person: TestClient) -> None:
    url = begin(person, f"/models/small/{LAYER}/22", MARKS)
    for number in range(8):
        tag(person, url, f"kind {number}")
    tag(person, url, MARKS)
    answer = person.post(f"{url}/tags", data={"place": 9, "category": "kind 9"})
    assert answer.status_code == 422
    assert "at most 9" in answer.text
    assert person.post(f"{url}/finish").status_code == 303
    for page in (url, f"/models/small/{LAYER}/22"):
        assert MARKS not in person.get(page).text
    assert MARKS in Markup(person.get(url).text).text


def test_a_labelling_cannot_be_finished_before_it_is_begun(person: TestClient) -> None:
    url = begin(person, f"/models/small/{LAYER}/23")
    answer = person.post(f"{url}/finish")
    assert answer.status_code == 422
    assert "Label at least one" in answer.text
    assert person.get("/labellings/0123456789abcdef").status_code == 404
    assert NAME in person.cookies


def test_a_labelling_whose_pictures_are_other_ones_by_now_says_so(person: TestClient, settings: Settings) -> None:
    url = begin(person, f"/models/small/{LAYER}/29")
    tag(person, url, "red")
    indexed_anew(settings, "labellings", url.rpartition("/")[2])
    assert person.get(url).status_code == 404
    refused = person.post(f"{url}/tags", data={"place": 1, "category": "red"}, headers=JSON)
    assert refused.status_code == 404 and "indexed anew since" in refused.json()["detail"]
    assert person.post(f"{url}/finish").status_code == 303, "what was labelled can still be counted"
    assert person.get(f"{url}.json").json()["done"] == 1
