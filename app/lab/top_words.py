"""Top words: which of many words drive each unit of a layer most when they are drawn as pictures.

Goh et al. 2021, "region neurons": "each of the 10,000 most common English words rasterized to an image"; font, size and
place are not published. Here every word is drawn in each of `FONTS` and each of `LAYOUTS`, and what it does to a unit is
the mean over those pictures of the unit's activation.

"Image-based word embedding" of the same article takes the average over words away, V(word) - mean of V over all words,
before words are compared: what any written word does to a unit is so much that without this all words are alike. That
moves all words of a unit together, so that their order stays; what it tells is whether a word does more than any word.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

import torch
from pydantic import BaseModel, ConfigDict
from torch import Tensor
from wordfreq import top_n_list

from app.clip.clip import Clip
from app.corpus.look import measure
from app.errors import BadInput
from app.lab.drawn import LAYOUTS, Layout, drawings
from app.lab.fonts import FONTS, Font, lacks
from app.lab.words import different

COMMON = 10_000  # words, as in the paper
MOST_PASTED, LONGEST_PASTED = 20_000, 40  # words, characters
WORDS_AT_ONCE = 2  # two dozen pictures a pass: a step of a large model on a CPU stays short


class Renderings(BaseModel):
    """How words are drawn: once in every font and every layout."""

    model_config = ConfigDict(frozen=True)

    fonts: tuple[Font, ...] = FONTS
    layouts: tuple[Layout, ...] = LAYOUTS

    @property
    def count(self) -> int:
        """Pictures of each word."""
        return len(self.fonts) * len(self.layouts)


RENDERINGS = Renderings()

LANGUAGES = {
    "en": "English", "bg": "Bulgarian", "ca": "Catalan", "cs": "Czech", "da": "Danish", "de": "German", "el": "Greek",
    "es": "Spanish", "fi": "Finnish", "fil": "Filipino", "fr": "French", "hu": "Hungarian", "id": "Indonesian",
    "is": "Icelandic", "it": "Italian", "lt": "Lithuanian", "lv": "Latvian", "mk": "Macedonian", "ms": "Malay",
    "nb": "Norwegian", "nl": "Dutch", "pl": "Polish", "pt": "Portuguese", "ro": "Romanian", "ru": "Russian",
    "sh": "Serbo-Croatian", "sk": "Slovak", "sl": "Slovenian", "sv": "Swedish", "tr": "Turkish", "uk": "Ukrainian",
    "vi": "Vietnamese",
}  # fmt: skip
"""The languages of wordfreq whose letters all `FONTS` have, by their code."""


@dataclass(frozen=True)
class WordDrive:
    """What drawn words do to the units of a layer: `values` float32 [W, C] on the CPU, the mean over the renderings of the
    activation, which is the spatial mean before the last ReLU."""

    words: tuple[str, ...]
    values: Tensor

    @cached_property
    def mean(self) -> Tensor:
        """What any word does to each unit: the mean over the words, float32 [C]."""
        return self.values.mean(0)

    @cached_property
    def std(self) -> Tensor:
        """Standard deviation over the words, float32 [C]; 0 for a single word."""
        return self.values.std(0, correction=0)

    @cached_property
    def centred(self) -> Tensor:
        """The words as vectors that can be compared: the average over words taken away, float32 [W, C]."""
        return self.values - self.mean

    def top(self, unit: int, count: int, *, centred: bool = False, weakest: bool = False) -> list[tuple[str, float]]:
        """The words that drive a unit most, or least with `weakest`, each with its activation; `centred`, how much more it
        is than that of the average word. The order is the same either way; of equal words the earlier comes first."""
        column = (self.centred if centred else self.values)[:, unit]
        order = torch.argsort(column, descending=not weakest, stable=True)[:count]
        return [(self.words[place], float(column[place])) for place in order.tolist()]


def common(language: str, count: int = COMMON) -> tuple[str, ...]:
    """The most common words of a language, the commonest first, of the package wordfreq; numbers are among them.

    Raises:
        BadInput: a language that is not in `LANGUAGES`.
    """
    if language not in LANGUAGES:
        raise BadInput(
            f"language: {language} is none of those whose words can be drawn: {', '.join(LANGUAGES)}.", field="language"
        )
    return tuple(top_n_list(language, count, wordlist="best"))


def pasted(text: str) -> tuple[str, ...]:
    """The words of a text, one a line or with commas between them, each once.

    Raises:
        BadInput: there is none, there are too many, or one is too long.
    """
    words = different(re.split(r"[\n,;]", text))
    if not 1 <= len(words) <= MOST_PASTED:
        raise BadInput(f"list: it has {len(words):,} words; from 1 to {MOST_PASTED:,} can be drawn.", field="list")
    longest = max(words, key=len)
    if len(longest) > LONGEST_PASTED:
        raise BadInput(
            f"list: a word may have at most {LONGEST_PASTED} characters, and {longest[:20]!r}… has {len(longest)}. "
            "Write one a line.",
            field="list",
        )
    return words


def undrawable(words: Sequence[str], fonts: Sequence[Font] = FONTS) -> tuple[str, ...]:
    """Those of the words that some font has not all letters for."""
    return tuple(word for word in words if any(lacks(font, word) for font in fonts))


def driving(
    clip: Clip, words: Sequence[str], layer: str, renderings: Renderings = RENDERINGS
) -> Iterator[tuple[int, int] | WordDrive]:
    """Draw the words and measure the units of a layer, some words a step.

    Yields:
        How many words are done and how many there are, after every step; at the end the result.

    Raises:
        NotFound: the model has no such layer.
        BadInput: a word cannot be drawn, see `undrawable`, or there is none.
    """
    clip.layer(layer)
    if not words:
        raise BadInput("words: there is none that can be drawn.", field="words")
    if missing := undrawable(words, renderings.fonts):
        raise BadInput(f"words: {missing[0]!r} cannot be drawn: the fonts lack its letters.", field="words")
    parts: list[Tensor] = []
    done, left = 0, iter(words)
    while some := list(islice(left, WORDS_AT_ONCE)):
        pictures = [
            picture
            for word in some
            for font in renderings.fonts
            for picture in drawings(word, renderings.layouts, font)
        ]
        values, _ = measure(clip, clip.prepare(pictures), [layer])[layer]
        parts.append(values.view(len(some), renderings.count, -1).mean(1))
        done += len(some)
        yield done, len(words)
    yield WordDrive(tuple(words), torch.cat(parts))
