"""Which picture? Two pictures and a set of references: which of the two excites the unit more?

After Borowski, Zimmermann et al., "Exemplary natural images explain CNN activations better than state-of-the-art
feature visualization" (ICLR 2021): people saw the pictures that excite a unit most, and those that excite it least, and
told which of two new ones excites it more. With natural references they were right in 92% of the trials, with rendered
ones in 82%; guessing gives half.
"""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.answers.quizzes import Reference

PUBLISHED: dict[Reference, float] = {"natural": 0.92, "rendered": 0.82}
REFERENCES = 9
QUERIES = 20  # images at either end that a trial's two are drawn from, once the references are taken out
LEAST_IMAGES = 2 * REFERENCES + QUERIES + 1
"""Of a corpus: the pool of the strongest, and as many others as the weakest references and a query take."""


@dataclass(frozen=True)
class Trial:
    """One question: `strongest` and `weakest` are the references, `pair` the two images in the order shown, of which
    the one at `answer` excites the unit more."""

    strongest: list[int]
    weakest: list[int]
    pair: tuple[int, int]
    answer: int


def trial(
    top: NDArray[np.integer], bottom: NDArray[np.integer], seed: int, shown: Collection[int] = ()
) -> Trial | None:
    """Draw a trial from a unit's strongest and weakest images, best first; the query images are never among the
    references, and never the same at both ends. None where there are too few images.

    Args:
        shown: Images that the person has seen already: they are asked about only where no others are left.
    """
    ends = [[int(image) for image in end if image >= 0] for end in (top, bottom)]
    ends[1] = [image for image in ends[1] if image not in ends[0][: REFERENCES + QUERIES]]
    rng = np.random.default_rng(seed)
    references: list[list[int]] = []
    queries: list[int] = []
    for end in ends:
        pool = end[: REFERENCES + QUERIES]
        if len(pool) < REFERENCES + 1:
            return None
        chosen = rng.permutation(len(pool)).tolist()
        asked = next((place for place in chosen if pool[place] not in shown), chosen[0])
        chosen.remove(asked)
        queries.append(pool[asked])
        references.append([pool[place] for place in sorted(chosen[:REFERENCES])])
    answer = int(rng.integers(2))
    pair = (queries[0], queries[1]) if answer == 0 else (queries[1], queries[0])
    return Trial(references[0], references[1], pair, answer)
