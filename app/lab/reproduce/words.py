"""Do the drawn words that drive a multimodal unit most name its concept? "Region neurons" in Goh et al. 2021."""

from collections.abc import Mapping

import numpy as np

from app.lab.multimodal import Concept
from app.lab.reproduce.compare import share
from app.lab.reproduce.experiment import Experiment, Running
from app.lab.reproduce.material import Material
from app.lab.reproduce.row import Claim, Row
from app.lab.top_words import WordDrive

BEST = 5
CONCEPT = Claim("words: the concept among the five that drive it most", 0.8, 0.05, "our bar")
FAMILY = Claim("words: the concept or one of its family among them", 0.8, 0.05, "our bar")


def run(material: Material) -> Running:
    """Draw the words and look at the best of every multimodal unit."""
    units = yield from material.known()
    return rows(units, (yield from material.drive()))


def rows(units: Mapping[int, Concept], drive: WordDrive) -> list[Row]:
    """What the words that drive each unit say of its concept."""
    answered = []
    best, drawn = [[word for word, _ in drive.top(unit, BEST)] for unit in units], frozenset(drive.words)
    for claim, names in ((CONCEPT, [c.names for c in units.values()]), (FAMILY, [c.family for c in units.values()])):
        found = share(names, best, lambda own, top: not own.isdisjoint(top))
        listed = float(np.mean([not each.isdisjoint(drawn) for each in names]))
        beside = f"{listed:.1%} have such a word among the {len(drive.words):,} drawn"
        answered.append(claim.row(found, beside, {"listed": listed}))
    return answered


EXPERIMENT = Experiment((CONCEPT, FAMILY), run)
