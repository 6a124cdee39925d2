"""What words are made of: each as a weighted sum of a few units that texts with it ask for.

Goh et al. 2021, "understanding language" (figures 9 to 12): some texts are written with each word; W x_text of every one,
what it asks of the last layer's units, is a sample labelled with its word; a sparse logistic regression tells the words
apart, and its weights are a word's code. The article gives neither the strength of the penalty nor the scale of the samples.
Here the samples are centred and divided by one number, so that the same level means the same for every model.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from app.clip.clip import Clip
from app.clip.text import unit_scores
from app.errors import BadInput
from app.lab.words import different
from app.spec.classes import HOLE

PROMPTS = (
    "i am feeling {}",
    "Me feeling {} on my face",
    "a photo of me with a {} expression on my face",
)
"""The article's, for words that say how one feels."""

THINGS = ("{}", "a photo of a {}", "a drawing of a {}")
"""For words that name things."""

BATCH = 16  # texts read at a time: a step of a large model on a CPU stays short
LEVELS = (10, 20, 30, 40, 80)
"""Levels of the penalty, the least units first. The article has the first four; its equations are of 40, its atlas of 30."""
FIRST_WITH = 0.25
"""At level 10 a quarter of the words have a unit, as in the article; the penalty falls in proportion to 1 / level."""
INTERCEPT = 100  # liblinear's penalty is on the intercept too; so large a scale leaves it free
SAME = 1e-5  # of the largest sample: what float32 rounds away is less
NEGLIGIBLE = 0.05  # of the largest weight
TERMS = 4

FEWEST, MOST = 4, 400
"""Words: with the most and three prompts each, a model of 2,560 units takes some minutes on a CPU."""
LONGEST = 40  # characters of a word
MOST_TEXTS = 3 * MOST

Samples = NDArray[np.float64]
"""Texts x units: [words * prompts, C], the texts of a word one after the other."""


class Term(NamedTuple):
    """A unit of an equation, and its weight beside the largest one's."""

    unit: int
    weight: float


@dataclass(frozen=True, eq=False)
class Code:
    """A word's code: `weights` of the units, [C], and the `intercept` of its regression, for samples as `even` makes them."""

    weights: NDArray[np.float64]
    intercept: float


def word_list(text: str) -> tuple[str, ...]:
    """The words of a text, one a line or with commas between them, each once in whatever case.

    Raises:
        BadInput: there are too few or too many, or one is too long.
    """
    words = different(re.split(r"[\n,;]", text))
    check_words(words)
    return words


def check_words(words: Sequence[str]) -> None:
    """Raise `BadInput` for too few or too many words, or one that is too long."""
    if not FEWEST <= len(words) <= MOST:
        raise BadInput(
            f"list: it has {len(words):,} different words; from {FEWEST} to {MOST} can be told apart. Write one a line.",
            field="list",
        )
    longest = max(words, key=len)
    if len(longest) > LONGEST:
        raise BadInput(
            f"list: a word may have at most {LONGEST} characters, and {longest[:20]!r}… has {len(longest)}. "
            "Write one a line.",
            field="list",
        )


def usable(words: Sequence[str]) -> bool:
    """Whether `check_words` accepts them."""
    with suppress(BadInput):
        check_words(words)
        return True
    return False


def texts(words: Sequence[str], prompts: Sequence[str]) -> list[str]:
    """Every prompt with every word in its slot, the texts of a word one after the other."""
    return [prompt.replace(HOLE, word) for word in words for prompt in prompts]


def reading(clip: Clip, written: Sequence[str]) -> Iterator[int | Samples]:
    """What texts ask of the last layer's units: yields how many are read, and at last W x_text of all, [T, C]."""
    read = []
    for start in range(0, len(written), BATCH):
        read.append(unit_scores(clip, written[start : start + BATCH]).float().cpu())
        yield min(start + BATCH, len(written))
    yield torch.cat(read).double().numpy()


def even(samples: Samples, prompts: int) -> Samples:
    """Samples with a mean of 0 in every unit, all divided by the root of the units' mean variance: units keep their size
    beside each other, as the article's do.

    Args:
        samples: With so many `prompts` a word.

    Raises:
        BadInput: the words are all the same to the model, whatever their texts are.
    """
    centred = samples - samples.mean(0)
    words = centred.reshape(-1, prompts, samples.shape[1]).mean(1)
    if not np.sqrt(words.var(0).mean()) > SAME * np.abs(samples).max():
        raise BadInput(
            "prompts: the model reads the same from the texts of all words. Put the word near the beginning: long texts are "
            "cut.",
            field="prompts",
        )
    return centred / np.sqrt(centred.var(0).mean())


def penalty(samples: Samples, prompts: int, level: int) -> float:
    """Scikit-learn's C, the inverse of the penalty, of a level.

    A word gets its first unit at C = 1 / max_j |sum_i x_ij (y_i - mean y)|, where the loss is as steep as the penalty;
    level 10 is where `FIRST_WITH` of the words have one.

    Args:
        samples: As `even` makes them, with so many `prompts` a word.
    """
    means = samples.reshape(-1, prompts, samples.shape[1]).sum(1)  # of centred samples: mean y falls out
    steepest = np.abs(means).max(1)
    return level / LEVELS[0] / float(np.quantile(steepest, 1 - FIRST_WITH))


def fitting(samples: Samples, prompts: int, c: float, seed: int = 0) -> Iterator[Code]:
    """One word's texts against all others', word after word: scikit-learn's sparse logistic regression at C = `c`.

    Args:
        samples: As `even` makes them, with so many `prompts` a word.
    """
    words = np.arange(len(samples)) // prompts
    for word in range(len(samples) // prompts):
        model = LogisticRegression(
            l1_ratio=1, C=c, solver="liblinear", intercept_scaling=INTERCEPT, random_state=seed, max_iter=2000
        ).fit(samples, words == word)
        yield Code(model.coef_[0], float(model.intercept_[0]))


def asked(samples: Samples, prompts: int) -> NDArray[np.float64]:
    """What a word's texts ask for beyond those of all words, on average: [W, C], 0 where that is less.

    Args:
        samples: As `even` makes them, with so many `prompts` a word.
    """
    return np.maximum(samples.reshape(-1, prompts, samples.shape[1]).mean(1), 0)


def told_apart(samples: Samples, prompts: int, codes: Sequence[Code]) -> float:
    """The share of the texts, of those that the codes were fitted to, for which their own word's code speaks most."""
    weights, intercepts = np.stack([code.weights for code in codes]), np.array([code.intercept for code in codes])
    most = (samples @ weights.T + intercepts).argmax(1)
    return float((most == np.arange(len(samples)) // prompts).mean())


def of_code(code: Code) -> list[tuple[int, float]]:
    """The units of a code with their weights, in the order of the units."""
    return [(unit, float(code.weights[unit])) for unit in np.flatnonzero(code.weights).tolist()]


def kept(code: Collection[tuple[int, float]], aside: Collection[int]) -> list[tuple[int, float]]:
    """The units of a code with their weights, without those set aside: positive ones first, the largest of both first.

    Units are set aside after the fit, as in the article, whose published codes still have them: what they tell apart stays
    out of the other units' weights.
    """
    left = [(unit, weight) for unit, weight in code if weight and unit not in aside]
    return sorted(left, key=lambda each: (each[1] < 0, -abs(each[1])))


def equation(code: Sequence[tuple[int, float]]) -> list[Term]:
    """What the article shows of a code as `kept` orders it: its largest positive weight divided out, or the largest of all
    where none is positive, those of at most `NEGLIGIBLE` left out, `TERMS` kept."""
    if not code:
        return []
    largest = max(weight for _, weight in code)
    scale = largest if largest > 0 else max(abs(weight) for _, weight in code)
    return [Term(unit, weight / scale) for unit, weight in code if abs(weight) > NEGLIGIBLE * scale][:TERMS]
