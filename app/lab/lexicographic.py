"""Units that answer to letters rather than to what words mean: "lexicographic" in Goh et al. 2021, who masked them for
word arithmetic, and set 70 aside by hand for their emotion equations.

Here a unit is one whose strongest words are spelled alike, far above chance. How alike two words are is Dice's coefficient of
their pairs of letters, with marks for the beginning and the end. Words that begin alike up to `STEM` letters are taken for
forms of one word, which say nothing: neither `cat` beside `cats` nor `develop` beside `developer`.
"""

import numpy as np
from numpy.typing import NDArray

from app.lab.word_file import WordFile

STEM = 5
TIMES = 3.0
"""How many times as alike as words by chance a unit's are. Of RN50x4's units with twenty published words, which are about regions,
none reaches it; of those that the authors set aside two thirds do, by three published words each."""
DRAWS = 256  # sets of words drawn by chance
AT_ONCE = 256  # sets that are compared together


def lexicographic(file: WordFile) -> NDArray[np.bool_]:
    """The units whose strongest words are spelled alike, [C]."""
    alike = spelled_alike(file.words, file.strongest)
    return alike > TIMES * chance(file.words, file.strongest.shape[1])


def chance(words: tuple[str, ...], count: int) -> float:
    """How alike so many of the words are if they are drawn by chance."""
    rng = np.random.default_rng(0)
    drawn = np.stack([rng.choice(len(words), count, replace=False) for _ in range(DRAWS)])
    return float(spelled_alike(words, drawn).mean())


def spelled_alike(words: tuple[str, ...], sets: NDArray[np.int64]) -> NDArray[np.float64]:
    """The mean similarity, 0 to 1, of two words of each set of places [N, K], of pairs that are no forms of one word; 0 where
    there are none: [N]."""
    pairs, stems = _pairs(words), _stems(words)
    parts = [_alike(pairs[some], stems[some]) for some in np.array_split(sets, len(sets) // AT_ONCE + 1)]
    return np.concatenate(parts)


def _alike(pairs: NDArray[np.bool_], stems: NDArray[np.int64]) -> NDArray[np.float64]:
    """The same of sets whose words have these pairs of letters [N, K, P] and these stems [N, K, STEM]."""
    letters = pairs.astype(np.float32)
    counts = letters.sum(2)
    dice = 2 * (letters @ letters.transpose(0, 2, 1)) / (counts[:, :, None] + counts[:, None])
    one, other = stems[:, :, None], stems[:, None]
    counted = np.triu(~((one == other) | (one == 0) | (other == 0)).all(3), 1)
    return np.where(counted, dice, 0).sum((1, 2)) / np.maximum(counted.sum((1, 2)), 1)


def _pairs(words: tuple[str, ...]) -> NDArray[np.bool_]:
    """Which pairs of letters each word has, [W, P]."""
    marked = [f"\0{word.casefold()}\0" for word in words]
    found = [{word[place : place + 2] for place in range(len(word) - 1)} for word in marked]
    number = {pair: place for place, pair in enumerate(sorted(set[str]().union(*found)))}
    table = np.zeros((len(words), len(number)), bool)
    for row, own in enumerate(found):
        table[row, [number[pair] for pair in own]] = True
    return table


def _stems(words: tuple[str, ...]) -> NDArray[np.int64]:
    """The first letters of each word as numbers, 0 where it has no more: [W, STEM]."""
    return np.array([[*map(ord, word.casefold()[:STEM].ljust(STEM, "\0"))] for word in words])
