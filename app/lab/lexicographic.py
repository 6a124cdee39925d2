"""Units that answer to letters rather than to what words mean: "lexicographic" in Goh et al. 2021, who masked them for
word arithmetic, and set 70 aside by hand for their emotion equations.

Here a unit is one whose strongest words are spelled alike, far above chance. How alike two words are is Dice's coefficient of
their pairs of letters, with marks for the beginning and the end. Words that begin alike up to `STEM` letters are taken for
forms of one word, which say nothing: neither `cat` beside `cats` nor `develop` beside `developer`.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from sklearn.feature_extraction.text import CountVectorizer

from app.lab.word_file import WordFile

STEM = 5
TIMES = 3.0
"""How many times as alike as words by chance a unit's are. Of RN50x4's units with twenty published words, which are about regions,
none reaches it; of those that the authors set aside two thirds do, by three published words each."""
DRAWS = 256  # sets of words drawn by chance
AT_ONCE = 256  # sets that are compared together


def lexicographic(file: WordFile) -> NDArray[np.bool_]:
    """The units whose strongest words are spelled alike, [C]."""
    by_chance = drawn(len(file.words), file.strongest.shape[1])
    alike = spelled_alike(file.words, np.concatenate([file.strongest, by_chance]))
    return alike[:-DRAWS] > TIMES * alike[-DRAWS:].mean()


def drawn(words: int, count: int) -> NDArray[np.int64]:
    """`DRAWS` sets of so many of the words drawn by chance, as places: [DRAWS, count]."""
    rng = np.random.default_rng(0)
    return np.stack([rng.choice(words, count, replace=False) for _ in range(DRAWS)])


def spelled_alike(words: tuple[str, ...], sets: NDArray[np.int64]) -> NDArray[np.float64]:
    """The mean similarity, 0 to 1, of two words of each set of places [N, K], of pairs that are no forms of one word; 0 where
    there are none: [N]."""
    letters, stems = _letters(words), _stems(words)
    one, other = np.triu_indices(sets.shape[1], 1)
    parts = np.array_split(sets, len(sets) // AT_ONCE + 1)
    return np.concatenate([_alike(letters, stems, some[:, one], some[:, other]) for some in parts])


def _alike(
    letters: csr_array, stems: NDArray[np.int64], one: NDArray[np.int64], other: NDArray[np.int64]
) -> NDArray[np.float64]:
    """The same of sets whose pairs of words lie at these places, [N, pairs]."""
    counts = letters.sum(1)
    shared = letters[one.ravel()].multiply(letters[other.ravel()]).sum(1).reshape(one.shape)
    counted = ~((stems[one] == stems[other]) | (stems[one] == 0) | (stems[other] == 0)).all(2)
    dice = np.where(counted, 2 * shared / (counts[one] + counts[other]), 0)
    return dice.sum(1) / np.maximum(counted.sum(1), 1)


def _letters(words: tuple[str, ...]) -> csr_array:
    """Which pairs of letters each word has, [W, P]."""
    pairs = CountVectorizer(analyzer="char", ngram_range=(2, 2), binary=True, lowercase=False)
    return csr_array(pairs.fit_transform(f"\0{word.casefold()}\0" for word in words))


def _stems(words: tuple[str, ...]) -> NDArray[np.int64]:
    """The first letters of each word as numbers, 0 where it has no more: [W, STEM]."""
    return np.array([[*map(ord, word.casefold()[:STEM].ljust(STEM, "\0"))] for word in words])
