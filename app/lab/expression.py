"""Sums of words and pictures as one types them: `king - man + woman`."""

import re
from dataclasses import dataclass

from app.errors import BadInput

MOST = 8  # terms
LONGEST = 40  # characters of a term
PICTURE = "picture:"
EXAMPLE = "king - man + woman"
_SIGN = re.compile(r"\+|(?:(?<=\s)|^)[-\N{MINUS SIGN}]|[-\N{MINUS SIGN}](?=\s|$)")


@dataclass(frozen=True)
class Term:
    """A word that is added (`sign` 1) or taken away (-1); or a picture, by its id."""

    sign: int
    text: str

    @property
    def picture(self) -> str | None:
        """The id of the picture that it names, None for a word."""
        return self.text.removeprefix(PICTURE) if self.text.startswith(PICTURE) else None


def parse(text: str) -> tuple[Term, ...]:
    """The terms of an expression, none of an empty one.

    Plus and minus stand between terms; a minus between two letters is a hyphen, as in `spider-man`. A first sign may be left
    out.

    Raises:
        BadInput: a sign has no term behind it, there are too many terms, or one is too long.
    """
    text = " ".join(text.split())
    if not text:
        return ()
    pieces, signs = [piece.strip() for piece in _SIGN.split(text)], _SIGN.findall(text)
    if not pieces[0] and signs:
        pieces = pieces[1:]
    else:
        signs = ["+", *signs]
    if not all(pieces):
        raise BadInput(f"q: a + or - has no word behind it. Write the words with signs between: {EXAMPLE}.", field="q")
    if len(pieces) > MOST:
        raise BadInput(f"q: at most {MOST} words and pictures can be added up, not {len(pieces)}.", field="q")
    longest = max(pieces, key=len)
    if len(longest) > LONGEST:
        raise BadInput(
            f"q: a word may have at most {LONGEST} characters, and {longest[:20]!r}… has {len(longest)}.", field="q"
        )
    return tuple(Term(1 if sign == "+" else -1, piece) for sign, piece in zip(signs, pieces, strict=True))


def written(terms: tuple[Term, ...]) -> str:
    """The expression as it is typed; `parse` reads it back."""
    joined = " ".join(f"{'+' if term.sign > 0 else '-'} {term.text}" for term in terms)
    return joined.removeprefix("+ ")
