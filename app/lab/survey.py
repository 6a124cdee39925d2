"""How many units can be interpreted? Units drawn by chance, each judged by a person.

Goh et al. 2021: of 50 units of the layer, 76% were judged interpretable (95% interval 64 to 88%), 18% polysemantic with
interpretable facets, and 6% not interpretable. The article does not say how they were shown. Its interval is the normal one,
0.76 +- 1.96 sqrt(0.76 x 0.24 / 50); ours is Wilson's, which stays inside 0 and 1: 62.6 to 85.7% for the same count.
"""

from dataclasses import dataclass
from typing import get_args

import numpy as np

from app.answers.surveys import Verdict

VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
UNITS = 50


@dataclass(frozen=True)
class Published:
    """A share that the article gives, and its interval where it gives one."""

    share: float
    low: float | None = None
    high: float | None = None


PUBLISHED: dict[Verdict, Published] = {
    "interpretable": Published(0.76, 0.64, 0.88),
    "polysemantic": Published(0.18),
    "uninterpretable": Published(0.06),
}


def draw(units: int, seed: int, count: int = UNITS) -> list[int]:
    """At most `count` of a layer's `units`, drawn without replacement, in the order they are shown."""
    return np.random.default_rng(seed).permutation(units)[:count].tolist()
