"""A weighted sum of units, as it is typed: `381 + 0.5*17 - 42`."""

import math
import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator

MOST_UNITS = 64
LARGEST_WEIGHT = 1000.0
LONGEST = 10_000  # characters
_NUMBER = r"(?:\d++(?:\.\d++)?|\.\d++)(?:[eE][+-]?\d++)?"
# Possessive throughout: a regex that tries again what it has read takes minutes for a few thousand spaces.
_TERM = re.compile(rf"\s*+([+\-\u2212]?)\s*+(?:({_NUMBER})\s*+[*\u00d7\u00b7]\s*+)?(\d{{1,9}})\s*+")
DIRECTION_HINT = "write units with their weights, such as 381 + 0.5*17 - 42"


def parse_direction(value: Any) -> Any:
    """Units and weights from text (`381 + 0.5*17 - 42`), a mapping or pairs: sorted by unit, doubles added up."""
    pairs = _terms(value) if isinstance(value, str) else value.items() if isinstance(value, Mapping) else value
    if not isinstance(pairs, Iterable):
        raise ValueError(f"direction must be text: {DIRECTION_HINT}")
    weights: dict[int, float] = {}
    try:
        for unit, weight in pairs:
            weights[int(unit)] = weights.get(int(unit), 0.0) + float(weight)
    except (OverflowError, TypeError, ValueError) as error:
        raise ValueError(f"direction cannot be read: {DIRECTION_HINT}") from error
    if any(unit < 0 or not math.isfinite(weight) or abs(weight) > LARGEST_WEIGHT for unit, weight in weights.items()):
        raise ValueError(f"direction may have weights from -{LARGEST_WEIGHT:g} to {LARGEST_WEIGHT:g}: {DIRECTION_HINT}")
    kept = tuple((unit, weights[unit]) for unit in sorted(weights) if weights[unit])
    if not 1 <= len(kept) <= MOST_UNITS:
        raise ValueError(f"direction must have from 1 to {MOST_UNITS} units, but has {len(kept)}: {DIRECTION_HINT}")
    return kept


def _terms(text: str) -> Iterable[tuple[str, float]]:
    if len(text) > LONGEST:
        raise ValueError(f"direction may have at most {LONGEST:,} characters: {DIRECTION_HINT}")
    place = 0
    while place < len(text):
        term = _TERM.match(text, place)
        if term is None or (place and not term[1]):  # every term but the first needs its sign
            raise ValueError(
                f"direction cannot be read from \u201c{text[place : place + 20]}\u201d on: {DIRECTION_HINT}"
            )
        yield term[3], (1.0 if term[1] in ("", "+") else -1.0) * float(term[2] or 1)
        place = term.end()


Direction = Annotated[tuple[tuple[int, float], ...], BeforeValidator(parse_direction)]
