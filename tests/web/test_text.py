"""Text to units: the page, its twin, the unit that is asked about, and what is refused with the form kept."""

import pytest
from fastapi.testclient import TestClient

from tests.web.conftest import LAYER
from tests.web.markup import Markup

URL = "/models/small/lab/text"
JSON = {"Accept": "application/json"}
TWO = "a red square\nstriped <b>things</b>"


def test_every_text_is_an_equation_of_units_with_pictures(client: TestClient) -> None:
    twin = client.get(f"{URL}.json", params={"q": TWO}).json()
    page = Markup(client.get(URL, params={"q": TWO}).text)
    assert [each["text"] for each in twin["texts"]] == TWO.splitlines()
    for each in twin["texts"]:
        weights = [term["weight"] for term in each["positive"]]
        assert weights[0] == 1 and weights == sorted(weights, reverse=True) and weights[-1] > 0
        assert max(term["weight"] for term in each["negative"]) < 0
        assert each["positive"][0]["rank"] == 1 and each["negative"][0]["rank"] == twin["units"] == 256
        for term in each["positive"][:4]:
            assert page.all("a", href=term["unit"]["url"])
            assert page.all("img", src=term["unit"]["thumbnail"])
    assert "“striped <b>things</b>” =" in page.text


def test_the_unit_that_is_asked_for_most_was_raised_on_a_blank_picture(client: TestClient) -> None:
    twin = client.get(f"{URL}.json", params={"q": "a red square"}).json()
    (each,) = twin["texts"]
    check = each["causal"]
    assert check["unit"]["unit"] == each["positive"][0]["unit"]["unit"]
    assert check["rise"] == pytest.approx(check["after"] - check["before"])
    assert check["as_much"] == sum(other >= check["after"] for other in check["others"]) / len(check["others"])
    assert twin["corpus"] == "small-corpus" and check["by"] > 0
    html = client.get(URL, params={"q": "a red square"}).text
    assert html.count("<circle") == len(check["others"])
    assert "10 standard deviations of the unit over small-corpus" in Markup(html).text


def test_a_unit_s_page_asks_how_much_a_text_asks_for_it(client: TestClient) -> None:
    form = Markup(client.get(f"/models/small/{LAYER}/7").text)
    assert form.one("form", action=URL)
    asked = {form.one("input", id="asked-text")["name"]: "a red square", "unit": "7"}
    twin = client.get(f"{URL}.json", params=asked).json()
    own = twin["texts"][0]["asked"]
    assert own["unit"]["unit"] == twin["unit"]["unit"] == 7
    first = twin["texts"][0]["positive"][0]
    of_first = client.get(f"{URL}.json", params={**asked, "unit": first["unit"]["unit"]}).json()
    assert of_first["texts"][0]["asked"] == first and own["weight"] < first["weight"] == 1
    page = Markup(client.get(URL, params=asked).text)
    assert f"place {own['rank']} of 256" in page.text
    assert page.one("input", type="hidden", name="unit")["value"] == "7"
    assert not Markup(client.get("/models/small/layer3.1/3").text).all("form", action=URL)


def test_the_same_text_is_the_same_answer_and_without_one_there_is_a_form(client: TestClient) -> None:
    asked = {"q": "  a  red\tsquare \n\n a red square "}
    assert (
        client.get(f"{URL}.json", params=asked).json()["texts"]
        == client.get(f"{URL}.json", params={"q": "a red square"}).json()["texts"]
    )
    assert Markup(client.get(URL).text).one("textarea", id="text-q")
    assert client.get(f"{URL}.json").json()["texts"] == []
    assert client.head(URL).status_code == 200


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"q": "\n".join("abcdefg")}, "at most 6 texts"),
        ({"q": "x" * 301}, "at most 300 characters"),
        ({"q": "x" * 5000}, "at most 300 characters"),
        ({"q": "red", "unit": "256"}, "units 0 to 255"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_the_form_kept(
    client: TestClient, asked: dict[str, str], said: str
) -> None:
    answer = client.get(URL, params=asked)
    assert answer.status_code == 422 and said in answer.text and 'role="alert"' in answer.text
    assert asked["q"] in answer.text and Markup(answer.text).one("textarea", id="text-q")
    for twin in (client.get(f"{URL}.json", params=asked), client.get(URL, params=asked, headers=JSON)):
        assert twin.status_code == 422 and said in twin.json()["detail"]


def test_a_model_that_there_is_not_is_not_found(client: TestClient) -> None:
    for suffix in ("", ".json"):
        assert client.get(f"/models/nobody/lab/text{suffix}?q=a").status_code == 404
