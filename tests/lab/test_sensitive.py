"""Sensitive units: those that speak of people, religion, ethnicity or health, and no others."""

import pytest

from app.lab.published import published
from app.lab.sensitive import sensitive


@pytest.mark.parametrize(
    ("words", "themes"),
    [
        (["Donald Trump"], ["people"]),
        (["mosque"], ["religion"]),
        (["Mosques"], ["religion"]),
        (["mental illness"], ["health"]),
        (["jewish", "star"], ["religion"]),
        (["muslim woman"], ["people", "religion"]),
        (["pizza", "templet", "menu", "manual", "graceful", "churchill"], []),
        ([], []),
    ],
)
def test_whole_words_decide(words: list[str], themes: list[str]) -> None:
    assert sensitive(words) == themes


def test_the_papers_families_decide_too() -> None:
    assert sensitive(["spider"], ["person"]) == ["people"]
    assert sensitive(["pizza"], ["brand", "color"]) == []
    units = published("RN50x4.openai", "layer4.5")
    flagged = {number for number, unit in units.items() if sensitive([unit.label], unit.families)}
    assert {number for number, unit in units.items() if {"person", "person trait", "religion"} & {*unit.families}} <= (
        flagged
    )
    assert len(flagged) < 0.05 * len(units)
