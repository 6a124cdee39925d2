"""Surveys: units drawn by chance are judged without their names; shares and agreement are those counted by hand."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from app.settings import Settings
from app.web.app import create_app
from app.web.browser_id import NAME
from tests.web.conftest import LAYER, Labelling, indexed_anew, wait_for
from tests.web.markup import Markup

START = f"/models/small/{LAYER}/survey"
JSON = {"Accept": "application/json"}


@pytest.fixture
def person(client: TestClient) -> Iterator[TestClient]:
    """A browser that has not been here yet."""
    client.cookies.clear()
    yield client
    client.cookies.clear()


def begin(person: TestClient, **fields: str | int) -> str:
    """The address of the first unit of a survey that begins."""
    answer = person.post(START, data=fields)
    assert answer.status_code == 303, Markup(answer.text).text
    return answer.headers["location"]


def judge(person: TestClient, unit: str, verdict: str, words: str = "") -> str:
    """Judge a unit; the address that follows."""
    answer = person.post(unit, data={"verdict": verdict, "words": words})
    assert answer.status_code == 303, Markup(answer.text).text
    return answer.headers["location"]


def judge_all(person: TestClient, first: str, verdicts: list[str]) -> str:
    """Judge every unit in turn; the address of the survey."""
    survey, place = first.rpartition("/")[0], first
    for number, verdict in enumerate(verdicts, 1):
        assert place == f"{survey}/{number}"
        place = judge(person, place, verdict)
    assert place == survey
    return survey


def test_fifty_units_give_the_shares_counted_by_hand(person: TestClient) -> None:
    verdicts = ["interpretable", "polysemantic", "interpretable", "uninterpretable", "interpretable"] * 10
    survey = judge_all(person, begin(person, name="Ada", seed=11), verdicts)
    found = person.get(f"{survey}.json").json()
    assert (found["judged"], found["units"], found["next"], found["name"]) == (50, 50, None, "Ada")
    assert {each["verdict"]: each["count"] for each in found["shares"]} == Counter(verdicts)
    first = found["shares"][0]
    assert (first["share"], first["low"], first["high"]) == pytest.approx((0.6, 0.4618, 0.7239), abs=1e-4)
    assert (first["published"], first["published_low"], first["published_high"]) == (0.76, 0.64, 0.88)
    assert [each["verdict"] for each in found["judgements"]] == verdicts
    assert len({each["unit"] for each in found["judgements"]}) == 50
    page = person.get(survey).text
    assert "60% interpretable" in page
    assert all(f'href="{each["unit_url"]}"' in page for each in found["judgements"])
    assert person.cookies[NAME] not in person.get(f"{survey}.json").text and "browser" not in found


def test_a_unit_is_shown_without_its_name(person: TestClient, with_label: Labelling) -> None:
    first = begin(person, seed=12)
    number = person.get(f"{first}.json").json()["unit"]
    unit = f"/models/small/{LAYER}/{number}"
    with_label(unit, "zebrafinch")
    assert person.get(f"{unit}.json").json()["label"] == "zebrafinch"
    page, twin = person.get(first).text, person.get(f"{first}.json")
    assert "zebrafinch" not in page and "zebrafinch" not in twin.text
    assert f'href="{unit}"' not in page
    of_unit = person.get(f"{unit}.json").json()
    assert [each["image"] for each in twin.json()["examples"]] == [
        each["image"] for each in of_unit["examples"][: len(twin.json()["examples"])]
    ]
    assert [each["count"] for each in twin.json()["bands"]] == [each["count"] for each in of_unit["strata"]]
    judge(person, first, "interpretable")
    assert "zebrafinch" in person.get(first.rpartition("/")[0]).text


def test_a_judgement_is_kept_changed_and_gone_back_to(person: TestClient) -> None:
    first = begin(person, seed=13)
    survey = first.rpartition("/")[0]
    second = judge(person, first, "interpretable", "red discs")
    assert (second, begin(person, seed=13)) == (f"{survey}/2", f"{survey}/2"), "goes on where it was"
    again = person.get(f"{second}.json").json()["previous"]
    kept = person.get(f"{again}.json").json()
    assert (kept["verdict"], kept["words"]) == ("interpretable", "red discs")
    assert judge(person, again, "polysemantic", "discs") == second
    found = person.get(f"{survey}.json").json()
    assert [(each["verdict"], each["words"]) for each in found["judgements"]] == [("polysemantic", "discs")]
    assert found["next"] == second


def test_two_people_judge_the_same_units_and_see_how_far_they_agree(person: TestClient) -> None:
    first = begin(person, name="Ada", seed=14)
    survey = first.rpartition("/")[0]
    judge(person, first, "interpretable")
    ada = dict(person.cookies)

    person.cookies.clear()
    assert person.get(first).status_code == 404
    assert person.post(first, data={"verdict": "interpretable"}).status_code == 404
    seen = person.get(f"{survey}.json").json()
    assert (seen["yours"], seen["judged"], seen["judgements"], seen["next"]) == (False, 1, [], None)
    assert "so that others may judge them by themselves" in person.get(survey).text
    own = begin(person, name="Bob", like=survey.rpartition("/")[2])
    # of 50: both say interpretable 25 times, both polysemantic 15 times, and 10 times they differ
    bobs = judge_all(person, own, ["interpretable"] * 25 + ["polysemantic"] * 25)
    assert bobs != survey
    assert person.get(f"{bobs}.json").json()["seed"] == 14
    [link] = [
        each for each in person.get(f"{START}.json").json()["surveys"] if each["name"] == "Ada" and each["seed"] == 14
    ]
    assert (link["yours"], link["judged"], link["url"]) == (False, 1, survey)
    of_ada = [each for each in person.get(f"{bobs}.json").json()["others"] if each["survey"]["url"] == survey]
    assert [(each["same_units"], each["both"], each["kappa"]) for each in of_ada] == [(True, 0, None)], "not finished"

    person.cookies.clear()
    person.cookies.update(ada)
    for place in range(2, 51):
        judge(person, f"{survey}/{place}", "polysemantic" if place > 35 else "interpretable")
    [bob] = [each for each in person.get(f"{survey}.json").json()["others"] if each["survey"]["url"] == bobs]
    assert (bob["both"], bob["equal"]) == (50, 0.8)
    # by chance: 35/50 x 25/50 + 15/50 x 25/50 = 1/2
    assert bob["kappa"] == pytest.approx((0.8 - 0.5) / 0.5)
    person.cookies.clear()
    seen = person.get(f"{survey}.json").json()
    assert len(seen["judgements"]) == 50
    assert {each["change"] for each in seen["judgements"]} == {None}


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"verdict": ""}, "verdict"),
        ({"verdict": "perhaps"}, "interpretable, polysemantic, uninterpretable"),
        ({"verdict": "interpretable", "words": "x" * 81}, "80 characters"),
        ({"verdict": "interpretable", "words": "a\nb"}, "one line"),
    ],
)
def test_what_cannot_be_kept_is_refused_in_words(person: TestClient, fields: dict[str, str], said: str) -> None:
    first = begin(person, seed=15)
    for headers in ({}, JSON):
        answer = person.post(first, data=fields, headers=headers)
        assert answer.status_code == 422
        assert said in answer.text
    assert person.get(f"{first.rpartition('/')[0]}.json").json()["judged"] == 0


def test_what_was_typed_stays_when_it_is_refused(person: TestClient) -> None:
    start = person.post(START, data={"name": "Ada", "seed": "eleven"})
    fields = {each["name"]: each for each in Markup(start.text).all("input")}
    assert (fields["name"]["value"], fields["seed"]["value"]) == ("Ada", "eleven")
    assert "aria-invalid" not in fields["name"] and fields["seed"]["aria-invalid"] == "true"
    first = begin(person, seed=19)
    words = person.post(first, data={"verdict": "polysemantic", "words": "x" * 81})
    field = Markup(words.text).one("input", id="words")
    assert (field["value"], field["aria-invalid"]) == ("x" * 81, "true")
    assert Markup(words.text).one("button", **{"aria-pressed": "true"})["value"] == "polysemantic"


def test_enter_in_the_words_field_judges_nothing_that_was_not_chosen(person: TestClient) -> None:
    first = begin(person, seed=20)

    def by_enter() -> str:
        """What the form's default button sends: the first one in it."""
        return Markup(person.get(first).text).all("button", name="verdict")[0]["value"]

    assert by_enter() == ""
    refused = person.post(first, data={"verdict": by_enter(), "words": "red discs"})
    assert refused.status_code == 422 and "choose one of" in refused.text
    assert Markup(refused.text).one("input", id="words")["value"] == "red discs"
    judge(person, first, "polysemantic")
    assert by_enter() == "polysemantic"


def test_a_survey_that_cannot_begin_says_why(person: TestClient) -> None:
    assert person.post(START, data={"seed": "eleven"}).status_code == 422
    for seed in (str(2**31), "0" * 11 + "99999999999"):
        assert person.post(START, data={"seed": seed}).status_code == 422
    assert person.post(START, data={"name": "x" * 41}).status_code == 422
    assert person.post(START, data={"like": "0123456789abcdef"}).status_code == 404
    survey = begin(person, seed=16).rpartition("/")[0]
    elsewhere = person.post("/models/small/layer3.1/survey", data={"like": survey.rpartition("/")[2]}, headers=JSON)
    assert elsewhere.status_code == 422 and LAYER in elsewhere.text
    assert person.get(f"{survey}/51").status_code == person.get(f"{survey}/0").status_code == 404
    assert person.get("/surveys/0123456789abcdef").status_code == 404
    assert person.get("/models/small/layer9/survey").status_code == 404


def test_a_layer_without_images_says_what_to_do(tmp_path: Path, tiny_folder: Path) -> None:
    settings = Settings(models=(f"tiny@{tiny_folder}",), data=tmp_path, device="cpu")
    start = START.replace("small", "tiny")
    with TestClient(create_app(settings), follow_redirects=False) as client:
        wait_for(lambda: client.get("/models/tiny.json").json()["ready"])
        assert "index build" in client.get(f"{start}.json").json()["why"]
        assert "index build" in client.post(start).text
        for choice in client.get(f"/models/tiny/{LAYER}/3/quiz.json").json()["choices"]:
            assert "index build" in choice["why"]
        assert client.post(f"/models/tiny/{LAYER}/quiz", data={"reference": "natural"}).status_code == 422


def test_a_sensitive_unit_is_blurred_and_its_theme_is_not_said(person: TestClient, with_label: Labelling) -> None:
    first = begin(person, seed=18)
    unit = f"/models/small/{LAYER}/{person.get(f'{first}.json').json()['unit']}"
    with_label(unit, "Church")
    page = person.get(first).text
    assert Markup(page).one("main")["class"] == "sensitive"
    assert "touches a sensitive theme" in page and "This unit is about" not in page
    assert Markup(page).one("input", name="back")["value"] == first


def test_a_survey_whose_pictures_are_other_ones_by_now_says_so(person: TestClient, settings: Settings) -> None:
    first = begin(person, seed=77)
    indexed_anew(settings, "surveys", first.split("/")[-2])
    for answer in (person.get(f"{first}.json"), person.post(first, data={"verdict": "polysemantic"}, headers=JSON)):
        assert answer.status_code == 404
        assert "indexed anew since" in answer.json()["detail"]
    assert person.get(first.rpartition("/")[0]).status_code == 200


def test_a_verdict_that_is_no_word_is_refused(person: TestClient) -> None:
    first = begin(person, seed=78)
    refused = person.post(first, json={"verdict": ["interpretable"]})
    assert refused.status_code == 422 and "verdict" in refused.text
