"""Which units are about people, religion, ethnicity or health, and so carry a warning.

The paper puts one before such units: the associations a model has learnt are shown as they are, and some of them hurt. A
word list beside this module and the families that the paper published decide; nothing is left out for it.
"""

import re
import tomllib
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from pydantic import BaseModel, TypeAdapter

_FILE = Path(__file__).with_suffix(".toml")


class Theme(BaseModel):
    """A sensitive theme: its name in a sentence, the published families it covers, and the words that speak of it."""

    title: str
    families: frozenset[str]
    words: list[str]

    @property
    def pattern(self) -> re.Pattern[str]:
        """Finds any of the words as a whole word, with or without a plural s."""
        return re.compile(rf"\b(?:{'|'.join(map(re.escape, self.words))})s?\b", re.IGNORECASE)


def sensitive(words: Iterable[str], families: Iterable[str] = ()) -> list[str]:
    """The titles of the themes that a unit's labels or families touch, in the order of the list; mostly none.

    Args:
        words: What the unit is called: labels, and the words that drive it.
        families: What the paper, or a corpus, files it under.
    """
    text, filed = "\n".join(words), set(families)
    return [theme.title for theme, pattern in _themes() if theme.families & filed or pattern.search(text)]


@lru_cache(maxsize=1)
def _themes() -> list[tuple[Theme, re.Pattern[str]]]:
    with _FILE.open("rb") as file:
        themes = TypeAdapter(dict[str, Theme]).validate_python(tomllib.load(file))
    return [(theme, theme.pattern) for theme in themes.values()]
