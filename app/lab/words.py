"""Which words a unit may be called: what a corpus records of its images, common English ones, or a file's lines."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from wonderwords import RandomWord, filter_profanity

from app.errors import BadInput
from app.spec import ID_LENGTH

LONGEST = 80  # characters
MOST = 100_000  # words; four times CLIP-Dissect's longest list
FIRST = "concept"  # the label column that says what an image shows
MOST_OF_CORPUS = 5000
FEWEST_IMAGES = 2  # an image's own name is no word for others


@dataclass(frozen=True)
class Words:
    """An ordered list of different words, whatever their case; the first `own` are the corpus' own, `source` says in
    words where all of them are from."""

    words: tuple[str, ...]
    own: int
    source: str

    def __len__(self) -> int:
        return len(self.words)

    @property
    def hash(self) -> str:
        """Names the list by its content."""
        return hashlib.sha256("\n".join(self.words).encode()).hexdigest()[:ID_LENGTH]

    @classmethod
    def read(cls, path: Path) -> Self:
        """The lines of a text file, empty ones left out.

        Raises:
            BadInput: it cannot be read, has fewer than two words or too many, or a word is too long.
        """
        try:
            lines = path.read_text("utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise BadInput(f"words: {path} is no text file that can be read: give one word a line.") from error
        words = different(lines)
        if not 2 <= len(words) <= MOST:
            raise BadInput(f"words: {path} has {len(words):,} different words; from 2 to {MOST:,} can be compared.")
        longest = max(words, key=len)
        if len(longest) > LONGEST:
            raise BadInput(f"words: a word has at most {LONGEST} characters, and {longest[:20]!r}… has {len(longest)}.")
        return cls(words, 0, f"the {len(words):,} words of {path.name}")

    @classmethod
    def of_corpus(cls, records: Iterable[Mapping[str, str]]) -> Self:
        """What the records of a corpus' images say in their column `concept`, else in every column whose values several
        images share; and after them common English nouns and adjectives (the package wonderwords)."""
        own, column = _own(records)
        both = different([*own, *english()])
        said = f"{len(both) - len(own):,} common English nouns and adjectives"
        what = f"the {len(own)} values of {column} that the corpus records and " if own else ""
        return cls(both, len(own), what + said)


def english() -> Sequence[str]:
    """Common English nouns and adjectives that one may show to anybody, in alphabetical order."""
    return list(filter_profanity(RandomWord(enhanced_prefixes=False).filter(include_categories=["noun", "adjective"])))


def _own(records: Iterable[Mapping[str, str]]) -> tuple[tuple[str, ...], str]:
    """The values that name several images, and which columns they are from."""
    counts: dict[str, dict[str, int]] = {}
    for record in records:
        for name, value in record.items():
            if name not in ("key", "caption") and _speaks(value):
                column = counts.setdefault(name, {})
                column[value] = column.get(value, 0) + 1
    shared = {
        name: [value for value, count in values.items() if count >= FEWEST_IMAGES] for name, values in counts.items()
    }
    if shared.get(FIRST):
        return different(sorted(shared[FIRST]))[:MOST_OF_CORPUS], FIRST
    named = sorted(name for name, values in shared.items() if values)
    return different(sorted(value for name in named for value in shared[name]))[:MOST_OF_CORPUS], ", ".join(named)


def _speaks(value: str) -> bool:
    return len(value) <= LONGEST and any(character.isalpha() for character in value)


def different(words: Iterable[str]) -> tuple[str, ...]:
    """The words without what surrounds them, each once: the first way it is written."""
    known: dict[str, str] = {}
    for word in (" ".join(each.split()) for each in words):
        if word:
            known.setdefault(word.casefold(), word)
    return tuple(known.values())
