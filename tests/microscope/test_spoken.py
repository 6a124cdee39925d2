"""The words that units are called by are found in a text, and by a part of them."""

import pytest

from app.microscope.spoken import named

LABELS = ("apple", "Polar bear", "car", "", "green apple", "été", "sea")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("apple", ["apple", "green apple"]),
        ("Apples", ["apple", "green apple"]),
        ("app", ["apple", "green apple"]),
        ("a red apple on a table", ["apple"]),
        ("green apples!", ["apple", "green apple"]),
        ("bear", ["Polar bear"]),
        ("polar bears in the snow", ["Polar bear"]),
        ("polar ice", []),
        ("carpet", []),
        ("cars", ["car"]),
        ("ca", []),
        ("a", []),
        ("ÉTÉ", ["été"]),
        ("season", []),
        ("?!", []),
        ("", []),
    ],
)
def test_a_text_speaks_of_labels(text: str, found: list[str]) -> None:
    assert [LABELS[place] for place in named(text, LABELS)] == found
