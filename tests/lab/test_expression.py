"""Expressions: read as typed, written back, and refused in words."""

import pytest

from app.errors import BadInput
from app.lab.expression import MOST, Term, parse, written


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("king - man + woman", [(1, "king"), (-1, "man"), (1, "woman")]),
        ("king-man", [(1, "king-man")]),
        ("king -man+woman", [(1, "king"), (-1, "man"), (1, "woman")]),
        ("king \N{MINUS SIGN} man", [(1, "king"), (-1, "man")]),
        ("- man + new  york", [(-1, "man"), (1, "new york")]),
        ("+ spider-man", [(1, "spider-man")]),
        ("picture:0a1b - glasses", [(1, "picture:0a1b"), (-1, "glasses")]),
        ("  ", []),
    ],
)
def test_expressions_are_read_and_written_back(text: str, expected: list[tuple[int, str]]) -> None:
    terms = parse(text)
    assert [(term.sign, term.text) for term in terms] == expected
    assert parse(written(terms)) == terms


def test_pictures_are_told_from_words() -> None:
    assert Term(1, "picture:0a1b").picture == "0a1b"
    assert Term(1, "picture").picture is None
    assert written(parse("+ a -b")) == "a - b"


@pytest.mark.parametrize("text", ["king -", "king - + woman", "+", "- ", "+ + a", "a + - b", "- - a"])
def test_a_sign_without_a_word_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(BadInput, match="has no word behind it.*king - man") as refused:
        parse(text)
    assert refused.value.field == "q"


def test_too_many_terms_and_too_long_ones_are_refused_with_the_limit() -> None:
    assert len(parse(" + ".join("abcdefgh"))) == MOST
    with pytest.raises(BadInput, match="at most 8 .* not 9"):
        parse(" + ".join("abcdefghi"))
    with pytest.raises(BadInput, match="at most 40 characters.* has 41"):
        parse("x" * 41)
