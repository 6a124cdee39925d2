"""Which units' words a text speaks of: whole words, their beginnings, and plurals; labels of several words too."""

import re
from collections.abc import Sequence
from functools import lru_cache

LEAST = 3  # letters of a word's beginning that stand for the word
ENDING = 2  # letters that a word may have more than the label's, as in a plural

_WORD = re.compile(r"\w+")


def named(text: str, labels: Sequence[str]) -> list[int]:
    """The places of the labels that a text speaks of.

    A label is spoken of where the text has all of its words ("a red apple on a table" has `apple`), or it has all of the
    text's ("bear" is in `polar bear`). Case does not matter. Two words are the same where one begins with the other: in
    the text, the beginning of the label's word ("app" for `apple`), or the word with an ending ("apples").
    """
    said = _words(text)
    if not said:
        return []
    heads = {word[:LEAST] for word in said}  # without one of these in common, two words are not the same
    meant = {
        label
        for label in set(labels)
        if any(word[:LEAST] in heads for word in _words(label)) and _speaks(said, _words(label))
    }
    return [place for place, label in enumerate(labels) if label in meant]


@lru_cache(maxsize=8192)
def _words(text: str) -> tuple[str, ...]:
    return tuple(_WORD.findall(text.casefold()))


def _speaks(said: Sequence[str], label: Sequence[str]) -> bool:
    def found(word: str) -> bool:
        return any(_same(each, word) for each in said)

    def meant(each: str) -> bool:
        return any(_same(each, word) for word in label)

    return all(map(found, label)) or all(map(meant, said))


def _same(said: str, word: str) -> bool:
    """Whether a word of a text stands for a word of a label."""
    if min(len(said), len(word)) < LEAST:
        return said == word
    return word.startswith(said) or (said.startswith(word) and len(said) - len(word) <= ENDING)
