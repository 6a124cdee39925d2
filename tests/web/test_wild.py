"""Labelled photos from the upload to the table: what names say, both choosers, corrections, and what is refused."""

import io
import zipfile
from typing import Any

import pytest
from fastapi.testclient import TestClient
from PIL import Image

from app.microscope import Microscope
from app.settings import Settings
from tests.pictures import blobs, png
from tests.web.conftest import LAYER, finish, occupied
from tests.web.markup import Markup

JSON = {"Accept": "application/json"}
Sent = list[tuple[str, tuple[str, bytes, str]]]
FIELDS = {
    "kind": "wild",
    "model": "small",
    "layer": LAYER,
    "classes": "column:concept",
    "prompt": "{}",
    "column": "concept",
}
NAMES = ("2_mug-blank.jpg", "mug-red.jpg", "mug-blue.jpg", "IMG_7.jpg", "green-<i>.jpg")


def photos(*names: str) -> Sent:
    return [("photos", (name, png(blobs(place)[0]), "image/png")) for place, name in enumerate(names)]


@pytest.fixture(scope="module")
def finding_url(client: TestClient) -> str:
    answer = client.post("/findings", data={**FIELDS, "lines": "IMG_7.jpg: Mug, cat"}, files=photos(*NAMES))
    assert answer.status_code == 303, answer.text
    assert finish(client, answer.headers["location"])["status"] == "done"
    return answer.headers["location"]


@pytest.fixture(scope="module")
def found(client: TestClient, finding_url: str) -> dict[str, Any]:
    return client.get(f"{finding_url}.json").json()


def test_photos_stand_in_a_table_of_what_their_names_say(found: dict[str, Any]) -> None:
    assert found["labels"] == ["", "<i>", "blue", "cat", "red"]
    rows = {row["thing"]: [photo and photo["label"] for photo in row["photos"]] for row in found["rows"]}
    assert rows == {"green": [None, "<i>", None, None, None], "mug": ["", None, "blue", "cat", "red"]}


def test_both_choosers_are_counted_over_the_classes_they_have(found: dict[str, Any]) -> None:
    assert found["added"] == ["<i>", "mug", "cat"]
    assert found["zero_shot"]["classes"] == "the 5 values of \u201cconcept\u201d in the corpus and 3 of these names"
    assert found["zero_shot"]["flipped"]["of"] == 3 and found["linear"]["flipped"]["of"] == 2
    assert {"why": "what is written is no class", "photos": 2} in found["linear"]["left_out"]
    assert (found["probe"]["held_out"], found["probe"]["images"]) == (24, 96)
    for row in found["rows"]:
        for photo in filter(None, row["photos"]):
            for chooser in ("zero_shot", "linear"):
                shares = [guess["share"] for guess in photo[chooser]["guesses"] if not guess["named"]]
                assert shares == sorted(shares, reverse=True) and len(photo[chooser]["guesses"]) == 5


def test_the_page_shows_one_chooser_and_leads_to_the_other(client: TestClient, finding_url: str) -> None:
    page = Markup(client.get(finding_url).text)
    assert page.one("a", href=f"{finding_url}#grid")["aria-current"] == "true"
    other = Markup(client.get(page.one("a", href=f"{finding_url}?view=linear#grid")["href"].partition("#")[0]).text)
    assert other.one("a", href=f"{finding_url}?view=linear#grid")["aria-current"] == "true"
    assert not page.all("i") and "<i>" in page.text
    picture = client.get(page.one("img", alt="mug with the label red")["src"])
    assert Image.open(io.BytesIO(picture.content)).size == (64, 64)


def test_names_are_corrected_on_the_page_and_photos_left_out(client: TestClient, finding_url: str) -> None:
    page = Markup(client.get(finding_url).text)
    sent = {field["name"]: field["value"] for field in page.all("input", type="hidden") if "name" in field}
    named = [field["value"] for field in page.all("input", name="named")]
    assert named == ["green, <i>", "mug", "mug, blue", "Mug, cat", "mug, red"]
    changed = {"classes": "imagenet", "prompt": "", "column": "", "named": ["", "mug", "mug, green", "", "mug, red"]}
    again = client.post("/findings", data={**FIELDS, **sent, **changed})
    assert again.status_code == 303, again.text
    assert finish(client, again.headers["location"])["status"] == "done"
    second = client.get(f"{again.headers['location']}.json").json()
    assert second["labels"] == ["", "green", "red"] and second["linear"] is None


def test_without_a_probe_it_is_said_why(client: TestClient) -> None:
    fields = {**FIELDS, "classes": "list", "names": "cat\nred cap", "column": "", "called": "M = cat"}
    url = client.post("/findings", data=fields, files=photos("m.jpg", "m-red.jpg")).headers["location"]
    assert finish(client, url)["status"] == "done"
    twin = client.get(f"{url}.json").json()
    assert twin["linear"] is None and twin["meant"] == {"m": "cat", "red": "red cap"}
    page = client.get(f"{url}?view=linear").text
    assert "no label column was chosen" in page and "view=linear#grid" not in page


def test_a_zip_is_unpacked_and_the_same_photos_are_one_finding(client: TestClient, finding_url: str) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        for _, (name, data, _) in photos(*NAMES):
            file.writestr(f"holiday/{name}", data)
    sent = {"photos": ("photos.zip", archive.getvalue(), "application/zip")}
    answer = client.post("/findings", data={**FIELDS, "lines": "IMG_7.jpg: Mug, cat"}, files=sent)
    assert answer.headers["location"] == finding_url


@pytest.mark.parametrize(
    ("names", "change", "said"),
    [
        ((), {}, "photos: choose some"),
        (("-ipod.jpg",), {}, "-ipod.jpg does not say which object it shows"),
        (("a-b.jpg", "2_A-B.png"), {}, "two of the"),
        (tuple(f"{i}.jpg" for i in range(41)), {}, "at most 40 files"),
        (("a.jpg",), {"lines": "b.jpg: apple"}, "there is no photo b.jpg"),
        (("a.jpg",), {"lines": "apple"}, "cannot be read"),
        (("a.jpg",), {"column": "colour"}, "no label column 'colour'"),
        (("a.jpg",), {"classes": "column:colour"}, "no label column 'colour'"),
        (("a.jpg",), {"classes": "list", "names": "one"}, "from 2 to"),
        (("a.jpg",), {"called": "trash"}, "its class on every line"),
        (("a.jpg",), {"called": "b = cat"}, "which no photo shows or says"),
        (("a.jpg",), {"prompt": "a photo"}, "where the name of the class goes"),
        (("a.jpg",), {"kept": "0123456789abcdef", "named": "pear"}, "not kept here"),
    ],
)
def test_what_cannot_be_looked_at_is_refused_in_words(
    client: TestClient, names: tuple[str, ...], change: dict[str, str], said: str
) -> None:
    answer = client.post("/findings", data={**FIELDS, **change}, files=photos(*names) or None)
    assert 400 <= answer.status_code < 500, answer.text
    assert said in Markup(answer.text).text


def test_photos_that_were_kept_need_not_be_sent_again(client: TestClient) -> None:
    lines = "b.jpg: mug, cat\nc.jpg: pear"
    sent = [*photos("a-red.jpg", "-ipod.jpg", "b.jpg"), ("photos", ("d.jpg", b"no picture", "image/jpeg"))]
    page = Markup(client.post("/findings", data={**FIELDS, "lines": lines}, files=sent).text)
    assert "-ipod.jpg does not say" in page.text
    assert [field["value"] for field in page.all("input", name="named")] == ["a, red", "mug, cat"]
    assert "c.jpg: pear" in page.text and "b.jpg: mug" not in page.text, "only what is about no photo"
    blobs = page.one("input", name="kept")["value"]
    again = {"kept": blobs, "named": ["a, red", "mug, cat"], "called": "pear = cat"}
    page = Markup(client.post("/findings", data={**FIELDS, **again}, files=photos("a-red.jpg")).text)
    assert "which no photo shows" in page.text and page.one("input", name="kept")["value"] == blobs
    assert client.post("/findings", data={**FIELDS, **again, "called": ""}).status_code == 303


def test_more_photos_than_one_table_takes_and_what_is_no_photo_are_refused(client: TestClient) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        for number in range(61):
            file.writestr(f"{number}.jpg", b"")
    for name, data, said in (("many.zip", archive.getvalue(), "at most 60"), ("a.jpg", b"no picture", "not a picture")):
        answer = client.post("/findings", data=FIELDS, files={"photos": (name, data)})
        assert 400 <= answer.status_code < 500 and said in Markup(answer.text).text


def test_one_that_was_stopped_can_be_started_again_from_its_page(client: TestClient, found: dict[str, Any]) -> None:
    spec = {**found["spec"], "prompt": "stopped at {}"}
    with occupied(client):
        url = client.post("/findings", json=spec, headers=JSON).json()["url"]
        client.post(f"{url}/cancel")
        assert finish(client, url)["status"] == "cancelled"
    assert len(Markup(client.get(url).text).all("input", name="named")) == 5
    assert client.post("/findings", json=spec, headers=JSON).json()["url"] == url
    assert finish(client, url)["status"] == "done"


def test_it_opens_after_a_restart(found: dict[str, Any], settings: Settings) -> None:
    microscope = Microscope(settings)
    try:
        again = microscope.finding(found["id"]).model_dump(mode="json")
    finally:
        microscope.close()
    for part in ("spec", "rows", "zero_shot", "linear", "probe"):
        assert again[part] == found[part]
