"""What a table of attacks is over: which texts aim at which classes, and which pictures are attacked."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.errors import BadInput, NotReady
from app.lab.attack_counts import Pair
from app.lab.fonts import DEJAVU, lacks
from app.lab.judges import UNKNOWN
from app.lab.overlay import LONGEST, check_text

FEWEST = 4  # pictures: two on which units are chosen, two on which they are tested
MOST_TRAINING = 20_000  # pictures that the probe is trained on: 205 MB of 2,560 units


def typed(lines: Sequence[str], names: Sequence[str]) -> tuple[Pair, ...]:
    """Pairs from lines such as `waste container: trash`; a line without a colon is class and text at once. Each once.

    Raises:
        BadInput: a class that is not among `names`, or a text that is missing or cannot be drawn; the sentence names the line.
    """
    known = firsts(names)
    return tuple(dict.fromkeys(_pair(number, line, known) for number, line in enumerate(lines, 1)))


def folded(name: str) -> str:
    """A name without regard to case, as classes are compared."""
    return " ".join(name.split()).casefold()


def firsts(names: Sequence[str]) -> dict[str, str]:
    """Different names as they are compared, each with what it is called: of several that are alike, the first."""
    found: dict[str, str] = {}
    for name in names:
        found.setdefault(folded(name), name)
    return found


def _pair(number: int, line: str, known: dict[str, str]) -> Pair:
    aimed, colon, text = line.partition(":")
    text = " ".join((text if colon else aimed).split())
    if folded(aimed) not in known:
        raise BadInput(
            f"rows: line {number} aims at {' '.join(aimed.split())[:60]!r}, which is none of the {len(known):,} classes: "
            "write `class: text`.",
            field="rows",
        )
    if not text:
        raise BadInput(f"rows: line {number} has no text after the colon: write `class: text`.", field="rows")
    try:
        check_text(text)
    except BadInput as error:
        raise BadInput(f"rows: in line {number}, {error.detail}", field="rows") from error
    return Pair(known[folded(aimed)], text)


def drawn(names: Sequence[str], count: int, seed: int) -> tuple[Pair, ...]:
    """Classes drawn at random, each with its own name as the text; those whose name cannot be written are passed over."""
    able = [name for name in firsts(names).values() if 0 < len(name) <= LONGEST and not lacks(DEJAVU, name)]
    chosen = np.random.default_rng(seed).permutation(len(able))[:count]
    return tuple(Pair(able[place], able[place]) for place in chosen)


class Sample(NamedTuple):
    """The numbers of pictures of a corpus: those `attacked`, and those that a probe is trained on."""

    attacked: NDArray[np.int64]
    training: NDArray[np.int64]


def sample(labels: NDArray[np.integer], written: NDArray[np.integer] | None, count: int, seed: int) -> Sample:
    """Draw the pictures evenly from those that have a label and show no writing; at most half of them is attacked, the rest
    trains the probe, so that it is not tried on what it was trained on.

    Args:
        labels, written: [images], the number of each picture's label, and of what is recorded to be written on it; -1 for
            nothing. `written` is None where a corpus does not record it.

    Raises:
        NotReady: there are too few such pictures.
    """
    able = np.flatnonzero((labels >= 0) & (written < 0 if written is not None else True))
    if len(able) < 2 * FEWEST:
        raise NotReady(
            f"Only {len(able)} pictures of the corpus have a label and show no writing: {2 * FEWEST} are needed for a table."
        )
    order = np.random.default_rng(seed).permutation(able)
    attacked = min(count, len(able) // 2)
    return Sample(order[:attacked], order[attacked:][:MOST_TRAINING])


def numbered(values: Sequence[str], names: Sequence[str]) -> NDArray[np.int64]:
    """The place of each value among the classes, without regard to case, the first of several that are alike; `UNKNOWN` for one
    that is none of them."""
    places = {folded(name): place for place, name in reversed(list(enumerate(names)))}
    return np.array([places.get(folded(value), UNKNOWN) for value in values], np.int64)
