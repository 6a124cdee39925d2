"""Words as pictures: sums of words and pictures, the words that are drawn for them, and what is refused with the form kept."""

from collections.abc import Sequence
from string import ascii_lowercase

import numpy as np
import pytest
from fastapi.testclient import TestClient

from tests.pictures import blobs, png
from tests.web.conftest import LAYER, finish
from tests.web.markup import Markup

URL = "/models/small/lab/pictured"
LISTED = ["king", "queen", "man", "woman", "dog", "cat", "King", "stripes"]
PICTURE = ("discs.png", png(blobs(7)[0]), "image/png")
JSON = {"Accept": "application/json"}


def drawn(client: TestClient, words: Sequence[str]) -> str:
    """A finished run of words over the last layer."""
    sent = {"kind": "words", "model": "small", "layer": LAYER, "language": "", "list": "\n".join(words)}
    url = client.post("/findings", data=sent).headers["location"]
    assert finish(client, url)["status"] == "done"
    return url.rpartition("/")[2]


@pytest.fixture(scope="module")
def run(client: TestClient) -> str:
    return drawn(client, LISTED)


def test_a_sum_s_neighbours_leave_its_own_words_out(client: TestClient, run: str) -> None:
    asked = {"q": "king - man + woman", "run": run}
    twin = client.get(f"{URL}.json", params=asked).json()
    assert [(term["sign"], term["text"]) for term in twin["terms"]] == [(1, "king"), (-1, "man"), (1, "woman")]
    assert not any(term["drawn"] for term in twin["terms"])
    words = [near["word"] for near in twin["near"]]
    assert sorted(words) == ["cat", "dog", "queen", "stripes"]
    cosines = [near["cosine"] for near in twin["near"]]
    assert cosines == sorted(cosines, reverse=True)
    page = Markup(client.get(URL, params=asked).text)
    for near in twin["near"]:
        assert page.all("a", href=near["url"])
    for driven in twin["driven"]:
        assert page.all("a", href=driven["unit"]["url"])


def test_the_address_names_the_run_so_that_it_stays_the_same_answer(client: TestClient, run: str) -> None:
    twin = client.get(f"{URL}.json", params={"q": "king", "run": run}).json()
    assert twin["run"]["id"] == run in twin["url"]
    assert client.get(twin["url"]).status_code == 200


def test_a_run_that_is_named_is_found_however_many_came_after_it(client: TestClient, run: str) -> None:
    later = [drawn(client, [word]) for word in ascii_lowercase[:12]]
    twin = client.get(f"{URL}.json", params={"q": "king", "run": run}).json()
    assert twin["run"]["id"] == run and [near["word"] for near in twin["near"]][0] in LISTED
    assert [each["id"] for each in twin["runs"]] == [*later[::-1], run]
    assert client.get(f"{URL}.json", params={"q": "king"}).json()["run"]["id"] == later[-1]
    named = {"q": "king", "run": run, "layer": "layer2.0"}
    assert client.get(f"{URL}.json", params=named).json()["run"] is None, "it is of another layer, which has none"


def test_a_word_that_was_not_in_the_run_is_drawn_and_equals_itself(client: TestClient, run: str) -> None:
    twin = client.get(f"{URL}.json", params={"q": "zebra + king + zebra", "run": run}).json()
    assert [term["drawn"] for term in twin["terms"]] == [True, False, True]
    cosines = np.array(twin["cosines"])
    np.testing.assert_allclose(np.diag(cosines), 1)
    assert cosines[0, 2] == pytest.approx(1) and abs(cosines[0, 1]) < 1
    assert np.array(twin["plain"])[0, 1] > 0.9 > cosines[0, 1]
    text = Markup(client.get(URL, params={"q": "zebra + king + zebra", "run": run}).text).text
    assert "not among them" in text


def test_a_drawn_word_is_drawn_as_the_run_s_words_were(client: TestClient, run: str) -> None:
    other = drawn(client, ["zebra", "king", "cat"])
    ours = client.get(f"{URL}.json", params={"q": "zebra + king", "run": run}).json()["plain"][0][1]
    theirs = client.get(f"{URL}.json", params={"q": "zebra + king", "run": other}).json()
    assert theirs["plain"][0][1] == pytest.approx(ours, abs=1e-5) and not theirs["terms"][0]["drawn"]


def test_a_picture_is_uploaded_into_the_sum(client: TestClient, run: str) -> None:
    sent = {"q": "king", "run": run, "sign": "-", "mask": "1"}
    answer = client.post(URL, data=sent, files={"picture": PICTURE})
    assert answer.status_code == 303, answer.text
    address = answer.headers["location"]
    twin = client.get(address.replace("?", ".json?")).json()
    king, picture = twin["terms"]
    assert (picture["sign"], king["image"]) == (-1, None) and twin["mask"]
    assert Markup(client.get(address).text).all("img", src=picture["image"])
    assert client.get(picture["image"]).headers["content-type"] == "image/webp"
    made = client.post(URL, data=sent, files={"picture": PICTURE}, headers=JSON)
    assert (made.status_code, made.json()["url"]) == (201, address)


def test_terms_that_cancel_out_have_no_neighbours(client: TestClient, run: str) -> None:
    asked = {"q": "king - king", "run": run}
    assert client.get(f"{URL}.json", params=asked).json()["near"] == []
    assert "cancel out" in client.get(URL, params=asked).text


def test_units_that_answer_to_spelling_are_left_out_on_request(client: TestClient) -> None:
    """Long words that are spelled alike are drawn small: a unit that answers to small letters has them all at its top."""
    asked = {
        "q": "king",
        "run": drawn(client, [*(f"{first}illimantration" for first in ascii_lowercase[:16]), *ascii_lowercase[2:]]),
    }
    kept = client.get(f"{URL}.json", params=asked).json()
    twin = client.get(f"{URL}.json", params={**asked, "mask": "1"}).json()
    assert kept["masked"] == 0 < twin["masked"] < twin["units"] == 256
    assert twin["near"] != kept["near"]
    assert "left out" in client.get(URL, params={**asked, "mask": "1"}).text


def test_without_words_the_page_offers_to_draw_some(client: TestClient, run: str) -> None:
    page = Markup(client.get(URL, params={"layer": "layer2.0", "q": "king", "run": run}).text)
    assert page.one("form", action="/findings")["method"] == "post"
    assert page.one("input", id="words-count")["value"] == "1000"
    assert page.one("input", type="hidden", name="layer", value="layer2.0")
    assert page.one("input", id="sum-q")["value"] == "king"


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"q": "king -"}, "no word behind it"),
        ({"q": " + ".join("abcdefghi")}, "at most 8"),
        ({"q": "picture:0123456789abcdef"}, "no picture '0123456789abcdef'"),
        ({"q": "picture:../x"}, "no picture '../x'"),
        ({"q": "カメラ"}, "cannot be drawn"),
        ({"q": "king", "layer": "layer9.9"}, "no layer layer9.9"),
        ({"q": "king", "run": "0123456789abcdef"}, "no finished words"),
    ],
)
def test_what_cannot_be_added_up_is_refused_with_the_form_kept(
    client: TestClient, run: str, asked: dict[str, str], said: str
) -> None:
    asked = {"run": run, **asked}
    answer = client.get(URL, params=asked)
    page = Markup(answer.text)
    assert answer.status_code == 422 and said in page.text and page.one("div", role="alert")
    assert page.one("input", id="sum-q")["value"] == asked["q"]
    twin = client.get(f"{URL}.json", params=asked)
    assert twin.status_code == 422 and said in twin.json()["detail"]


@pytest.mark.parametrize(
    ("sent", "file", "status", "said"),
    [
        ({"q": "king"}, ("notes.png", b"no picture", "image/png"), 415, "notes.png"),
        ({"q": "king"}, ("", b"", "image/png"), 422, "No file was chosen"),
        ({"q": "king - + man"}, PICTURE, 422, "no word behind it"),
        ({"q": " + ".join("abcdefgh")}, PICTURE, 422, "at most 8"),
    ],
)
def test_an_upload_that_cannot_be_used_comes_back_with_the_form(
    client: TestClient, run: str, sent: dict[str, str], file: tuple[str, bytes, str], status: int, said: str
) -> None:
    answer = client.post(URL, data={**sent, "run": run, "sign": "-"}, files={"picture": file})
    assert answer.status_code == status and said in answer.text
    page = Markup(answer.text)
    assert page.one("input", id="sum-q")["value"] == sent["q"]
    assert "open" in page.one("details") and page.one("option", value="-", selected="")
    twin = client.post(URL, data=sent, files={"picture": file}, headers=JSON)
    assert twin.status_code == status and said in twin.json()["detail"]


def test_a_model_that_there_is_not_is_not_found(client: TestClient) -> None:
    assert client.get("/models/nobody/lab/pictured?q=a").status_code == 404
    assert client.post("/models/nobody/lab/pictured", files={"picture": PICTURE}).status_code == 404
