"""Do the drawn words that drive a multimodal unit most name its concept? "Region neurons" in Goh et al. 2021."""

from collections.abc import Mapping

from app.lab.multimodal import Concept
from app.lab.reproduce.experiment import Experiment, Running
from app.lab.reproduce.material import Material
from app.lab.reproduce.row import Claim, Row, Share
from app.lab.top_words import WordDrive, recognised

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
    for claim, names in ((CONCEPT, "names"), (FAMILY, "family")):
        found = recognised(drive, {unit: getattr(concept, names) for unit, concept in units.items()}, BEST)
        beside = f"{found.listed:.1%} have such a word among the {len(drive.words):,} drawn"
        answered.append(claim.row(Share(found.share, found.shuffled, found.units), beside, {"listed": found.listed}))
    return answered


EXPERIMENT = Experiment((CONCEPT, FAMILY), run)
