"""Which picture? Nothing tells the answer before it is given; then the score is the one counted by hand."""

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from scipy.stats import binomtest

from app.settings import Settings
from app.web.app import create_app
from tests.pictures import furnished_folder
from tests.web.conftest import LAYER, SPEC, Labelling, finish, indexed_anew, wait_for
from tests.web.markup import Markup

JSON = {"Accept": "application/json"}
TRIALS = 12


@pytest.fixture
def person(client: TestClient) -> Iterator[TestClient]:
    """A browser that has not been here yet."""
    client.cookies.clear()
    yield client
    client.cookies.clear()


def unit(number: int) -> str:
    return f"/models/small/{LAYER}/{number}"


def begin(person: TestClient, of: str, reference: str = "natural") -> str:
    answer = person.post(f"{of}/quiz", data={"reference": reference})
    assert answer.status_code == 303, Markup(answer.text).text
    return answer.headers["location"]


def choose(person: TestClient, trial: str, picture: int) -> dict:
    """Answer a trial; its twin afterwards."""
    assert person.post(trial, data={"picture": picture}).headers["location"] == trial
    return person.get(f"{trial}.json").json()


def activations(client: TestClient, of: str) -> list[float]:
    """The unit's activation on every image, from the file that everybody may take along."""
    return [float(row["activation"]) for row in csv.DictReader(io.StringIO(client.get(f"{of}/activations.csv").text))]


def without_numbers(page: str, quiz: str) -> str:
    """A page without what differs between any two questions: the quiz' id, the references' addresses, the question."""
    page = re.sub(r"/images/\d+\.webp", "/images/N.webp", page.replace(quiz, "/quizzes/ID"))
    page = re.sub(r"Your score on .*?%\)\. ", "", page)
    page = re.sub(r'<a href="[^"]*" rel="prev">.*?</a>\s*', "", page)
    return " ".join(re.sub(r"(question |Question |ID/)\d+", r"\1N", page).split())


def test_neither_the_page_nor_its_twin_tells_the_answer(person: TestClient) -> None:
    values, trial = activations(person, unit(40)), begin(person, unit(40))
    quiz, open_pages, asked = trial.rpartition("/")[0], set(), []
    for _ in range(TRIALS):
        page, twin = person.get(trial).text, person.get(f"{trial}.json").json()
        assert (twin["answer"], twin["chosen"], twin["next"]) == (None, None, None)
        assert [each["image"] for each in twin["pictures"]] == [f"{trial}/1.webp", f"{trial}/2.webp"]
        assert all(each["page"] is each["activation"] is each["sd"] is None for each in twin["pictures"])
        assert len(twin["strongest"]) == len(twin["weakest"]) == 9
        assert "seed" not in twin
        assert not re.search(r"[+\u2212]\d+\.\d sd", page)
        open_pages.add(without_numbers(page, quiz))
        told = choose(person, trial, 1)
        [last] = [each for each in person.get(f"{quiz}.json").json()["trials"] if each["url"] == trial]
        for text in (page, str(twin)):
            assert not any(f"/images/{image}.webp" in text for image in last["pair"]), "no other address of the two"
        shown = [person.get(f"{trial}/{place}.webp").content for place in (1, 2)]
        assert shown == [person.get(f"/corpora/small-corpus/images/{n}.webp").content for n in last["pair"]]
        first, second = (values[image] for image in last["pair"])
        assert told["answer"] == (1 if first > second else 2)
        assert [each["activation"] for each in told["pictures"]] == pytest.approx([first, second], abs=1e-3)
        asked.append((last["pair"], last["strongest"], last["weakest"]))
        trial = told["next"]
    assert len(open_pages) == 1, "the open questions differ in nothing but which pictures are shown"
    for pair, strongest, weakest in asked:
        assert not {*pair} & {*strongest, *weakest}
        assert min(values[image] for image in strongest) > max(values[image] for image in weakest)


def test_the_score_is_the_one_counted_by_hand(person: TestClient) -> None:
    trial = begin(person, unit(41))
    quiz, right = trial.rpartition("/")[0], 0
    stats = person.get(f"{unit(41)}.json").json()["stats"]
    for number in range(1, 9):
        assert trial == f"{quiz}/{number}"
        told = choose(person, trial, 2)
        right += told["answer"] == 2
        for each in told["pictures"]:
            assert each["sd"] == pytest.approx((each["activation"] - stats["mean"]) / stats["std"])
        assert ("Right." in person.get(trial).text) == (told["answer"] == 2)
        trial = told["next"]
    page = person.get(f"{quiz}.json").json()
    [score] = [each for each in page["scores"] if (each["who"], each["reference"]) == ("person", "natural")]
    assert (score["right"], score["trials"], score["of"]) == (right, 8, "unit")
    wilson = binomtest(right, 8).proportion_ci(method="wilson")
    assert (score["low"], score["high"]) == pytest.approx((wilson.low, wilson.high))
    assert (page["published"], page["next"]) == (0.92, f"{quiz}/9")
    assert sum(each["chosen"] == each["answer"] for each in page["trials"]) == right
    assert f"{right} of 8 right" in person.get(quiz).text
    lines = Markup(person.get(quiz).text).all("line", **{"class": "published"})
    assert {line["x1"] for line in lines} == {"92.0%", "82.0%", "11"}


def test_whoever_comes_back_goes_on_and_the_first_answer_stays(person: TestClient) -> None:
    trial = begin(person, unit(42))
    told = choose(person, trial, 1)
    assert choose(person, trial, 2)["chosen"] == 1
    assert told["next"] == begin(person, unit(42)), "the question that waits"
    assert person.get(trial).status_code == 200, "and the one before is still there"
    start = person.get(f"{unit(42)}/quiz.json").json()
    assert [each["answered"] for each in start["choices"]] == [1, 0]


def test_another_person_sees_what_was_answered_and_nothing_of_what_waits(person: TestClient) -> None:
    trial = begin(person, unit(43))
    quiz, told = trial.rpartition("/")[0], choose(person, trial, 1)
    person.cookies.clear()
    page = person.get(f"{quiz}.json").json()
    assert (page["yours"], page["next"], len(page["trials"])) == (False, None, 1)
    assert "browser" not in person.get(f"{quiz}.json").text
    assert "Their score" in person.get(trial).text
    waiting = person.get(f"{told['next']}.json").json()
    assert (waiting["pictures"], waiting["strongest"], waiting["weakest"]) == ([], [], [])
    assert "another person" in person.get(told["next"]).text
    assert person.get(f"{told['next']}/1.webp").status_code == 404
    assert person.post(told["next"], data={"picture": 1}).status_code == 404
    own = begin(person, unit(43))
    assert own.rpartition("/")[0] != quiz
    choose(person, own, 1)
    scores = person.get(f"{unit(43)}/quiz.json").json()["scores"]
    assert [(each["who"], each["trials"]) for each in scores[:2]] == [("person", 1), ("everybody", 2)]


def test_a_quiz_on_a_layer_asks_about_another_unit_each_time(person: TestClient) -> None:
    first, units = begin(person, f"/models/small/{LAYER}"), []
    trial, quiz = first, first.rpartition("/")[0]
    for _ in range(6):
        told = choose(person, trial, 1)
        units.append(told["unit"])
        trial = told["next"]
    assert len(set(units)) == 6
    own = [each for each in person.get(f"{quiz}.json").json()["scores"] if each["who"] == "person"]
    assert [(each["of"], each["trials"]) for each in own] == [("layer", 6), ("layer", 0)]


def test_without_renders_it_says_how_to_get_them_and_with_them_it_shows_both_ends(person: TestClient) -> None:
    start = person.get(f"{unit(44)}/quiz.json").json()
    assert start["choices"][0]["why"] == ""
    assert "gallery render" in start["choices"][1]["why"]
    refused = person.post(f"{unit(44)}/quiz", data={"reference": "rendered"})
    assert refused.status_code == 422
    assert "Press Visualize on its page" in Markup(refused.text).text

    own = {**SPEC, "unit": "44"}
    strongest = finish(person, person.post("/renders", data=own).headers["location"])["image"]
    trial = begin(person, unit(44), "rendered")
    twin = person.get(f"{trial}.json").json()
    assert twin["strongest"] == [strongest]
    assert twin["weakest"] == []
    assert "unit’s opposite" in person.get(trial).text
    assert finish(person, person.post("/renders", data={**own, "aim": "least"}).headers["location"])["image"]
    later = person.get(f"{choose(person, trial, 1)['next']}.json").json()
    assert len(later["weakest"]) == 1
    drawn = person.get(f"{begin(person, f'/models/small/{LAYER}', 'rendered')}.json").json()["unit"]
    assert any(each["stands"] and each["image"] for each in person.get(f"{unit(drawn)}.json").json()["renders"])


@pytest.mark.parametrize("picture", ["0", "3", "", "both"])
def test_an_answer_is_one_of_the_two(person: TestClient, picture: str) -> None:
    trial = begin(person, unit(45))
    for headers in ({}, JSON):
        answer = person.post(trial, data={"picture": picture}, headers=headers)
        assert answer.status_code == 422
        assert "1 for the first picture" in answer.text
    assert person.get(f"{trial}.json").json()["chosen"] is None


def test_the_corpus_stays_the_one_that_was_chosen(person: TestClient) -> None:
    refused = person.post(f"{unit(49)}/quiz", data={"reference": "imagined", "corpus": "small-corpus"})
    page = Markup(refused.text)
    assert refused.status_code == 422 and page.all("input", name="corpus", value="small-corpus")
    assert page.all("a", href=f"/models/small/{LAYER}/quiz?corpus=small-corpus")
    trial = begin(person, unit(49))
    for address in (trial, trial.rpartition("/")[0]):
        assert person.get(f"{address}.json").json()["start_url"] == f"{unit(49)}/quiz?corpus=small-corpus"


def test_what_there_is_not_is_not_found(person: TestClient) -> None:
    trial = begin(person, unit(46))
    quiz = trial.rpartition("/")[0]
    for path in (f"{quiz}/99", f"{quiz}/0", f"{trial}/3.webp", "/quizzes/0123456789abcdef", f"{unit(9999)}/quiz"):
        assert person.get(path).status_code == 404, path
    assert person.post(f"{unit(46)}/quiz", data={"reference": "imagined"}).status_code == 422


def test_a_sensitive_unit_is_blurred_and_its_theme_is_not_said(person: TestClient, with_label: Labelling) -> None:
    with_label(unit(47), "Church")
    trial = begin(person, unit(47))
    page = person.get(trial).text
    assert Markup(page).one("main")["class"] == "sensitive"
    assert "touches a sensitive theme" in page
    assert "This unit is about" not in page and "Church" not in page
    assert person.post("/reveal", data={"show": "1", "back": trial}).headers["location"] == trial
    assert 'class="revealed"' in person.get(trial).text


def test_links_lead_there(person: TestClient) -> None:
    layer = f"/models/small/{LAYER}"
    for page, quiz in ((unit(48), f"{unit(48)}/quiz"), (layer, f"{layer}/quiz")):
        hrefs = {each.get("href") for each in Markup(person.get(page).text).all("a")}
        assert {quiz, f"{layer}/survey"} <= hrefs


def test_too_few_images_make_no_question(tmp_path: Path) -> None:
    folder = furnished_folder(tmp_path / "small", pictures=30)
    settings = Settings(models=(f"small@{folder}",), data=tmp_path / "data", device="cpu")
    with TestClient(create_app(settings), follow_redirects=False) as client:
        wait_for(lambda: client.get("/readyz").status_code == 200)
        for of in (unit(3), f"/models/small/{LAYER}"):
            [natural, _] = client.get(f"{of}/quiz.json").json()["choices"]
            assert natural["why"] == "A question takes 39 images, and small-corpus has 30: index more of them."
            assert client.post(f"{of}/quiz", data={"reference": "natural"}, headers=JSON).status_code == 422


def test_a_quiz_whose_pictures_are_other_ones_by_now_says_so(person: TestClient, settings: Settings) -> None:
    trial = begin(person, unit(49))
    indexed_anew(settings, "quizzes", trial.split("/")[-2])
    for path in (trial, f"{trial}/1.webp"):
        assert person.get(path).status_code == 404
    said = person.post(trial, data={"picture": "1"}, headers=JSON).json()["detail"]
    assert said == "The pictures that this was begun on are gone: small-corpus was indexed anew since. Begin anew."
    assert person.get(trial.rpartition("/")[0]).status_code == 200, "what was answered stays"
