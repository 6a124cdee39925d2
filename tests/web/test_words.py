"""Scores in plain words, and the geometry of the charts."""

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from app.answers.examples import Histogram, Stats
from app.answers.renders import RenderPage
from app.spec import parse_direction
from app.web import charts, words


@pytest.mark.parametrize(
    ("value", "text"), [(1.26, "+1.3"), (-1.26, "−1.3"), (0.0, "0.0"), (-0.04, "0.0"), (0.04, "0.0")]
)
def test_a_signed_number_has_a_true_minus_and_no_negative_zero(value: float, text: str) -> None:
    assert words.signed(value) == text


@pytest.mark.parametrize(
    ("fraction", "text"), [(0, "0%"), (1, "100%"), (0.9996, "99.9%"), (0.0004, "0.1%"), (0.5, "50%"), (0.995, "99.5%")]
)
def test_a_probability_is_never_rounded_up_to_certainty(fraction: float, text: str) -> None:
    assert words.percent(fraction) == text


@pytest.mark.parametrize(
    ("value", "text"), [(99.79, "99.7th"), (1, "1st"), (2, "2nd"), (11, "11th"), (93, "93rd"), (99.99, "99.9th")]
)
def test_a_percentile_is_rounded_down(value: float, text: str) -> None:
    assert words.percentile(value) == text


@pytest.mark.parametrize(
    ("percentile", "sentence"),
    [(100.0, "harder than every"), (99.7, "into the 99.7th percentile"), (60, "only mildly"), (3, "did not excite")],
)
def test_a_picture_that_did_not_excite_the_unit_is_said_so(
    client: TestClient, render_url: str, percentile: float, sentence: str
) -> None:
    page = RenderPage.model_validate(client.get(f"{render_url}.json").json())
    assert sentence in words.activation_sentence(page.model_copy(update={"activation_percentile": percentile}))


@pytest.mark.parametrize(
    ("percentile", "sentence"), [(0.0, "more than every"), (2.5, "only the 2.5th percentile"), (40, "did not silence")]
)
def test_a_picture_made_against_a_unit_is_judged_by_its_silence(
    client: TestClient, render_url: str, percentile: float, sentence: str
) -> None:
    page = RenderPage.model_validate(client.get(f"{render_url}.json").json())
    against = page.spec.model_copy(update={"aim": "least"})
    page = page.model_copy(update={"spec": against, "activation_percentile": percentile})
    assert sentence in words.activation_sentence(page)


def test_a_facet_that_did_not_take_hold_is_said_so(client: TestClient, render_url: str) -> None:
    (pull,) = RenderPage.model_validate(client.get(f"{render_url}.json").json()).pulls
    taken = pull.model_copy(update={"score": 0.91, "plain_score": 0.03})
    assert "with 91% probability, 3% without the facet" in words.facet_sentence(taken)
    assert "did not take hold" in words.facet_sentence(pull.model_copy(update={"score": 0.2}))
    assert words.facet_sentence(pull.model_copy(update={"score": None})) == ""
    away = pull.model_copy(update={"score": 0.7, "strength": -1.0, "plain_score": None})
    assert "did not get away" in words.facet_sentence(away)
    assert "did not get away" not in words.facet_sentence(away.model_copy(update={"score": 0.1}))


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.2, "about a second"),
        (7.4, "about 7 seconds"),
        (48, "about 50 seconds"),
        (1260, "about 21 minutes"),
        (9e3, "about 2 hours"),
    ],
)
def test_a_cost_is_said_no_more_precisely_than_it_is_known(seconds: float, text: str) -> None:
    assert words.roughly(seconds) == text


@given(st.dictionaries(st.integers(0, 3000), st.floats(-1000, 1000).filter(bool), min_size=1, max_size=20))
def test_a_direction_is_written_as_it_is_read(weights: dict[int, float]) -> None:
    direction = parse_direction(weights)
    assert parse_direction(words.direction(direction)) == direction


@given(
    counts=st.lists(st.integers(0, 10**7), min_size=1, max_size=200),
    low=st.floats(-50, 49),
    width=st.floats(0.001, 5),
    std=st.floats(0.01, 10),
)
def test_a_histogram_stays_inside_its_frame(counts: list[int], low: float, width: float, std: float) -> None:
    edges = [low + width * i for i in range(len(counts) + 1)]
    stats = Stats(mean=low, std=std, min=low, max=edges[-1], images=sum(counts))
    chart = charts.histogram(Histogram(edges=edges, counts=counts), stats, [])
    if chart is None:
        assert not any(counts)
        return
    assert len(chart.bars) == sum(count > 0 for count in counts)
    for bar in chart.bars:
        assert -0.01 <= bar.x <= bar.x + bar.width <= 100.01 and 0 <= bar.y <= 100
        assert bar.height > 0 and bar.y + bar.height == pytest.approx(100, abs=0.01)
    assert chart.x_ticks and 0 <= chart.mean <= 100
    assert chart.zero is None or 0 <= chart.zero <= 100
    assert all(-0.01 <= tick.at <= 100.01 for tick in [*chart.x_ticks, *chart.y_ticks])


def test_the_axis_of_an_auc_starts_below_chance() -> None:
    assert 0 < charts.auc_position(0.5) < charts.auc_position(0.9) < charts.auc_position(1.0) == 100
    assert charts.auc_position(0.1) == 0
