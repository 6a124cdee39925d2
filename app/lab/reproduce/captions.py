"""Do the texts that ask for a multimodal unit most name its concept? Text feature visualization in Goh et al. 2021."""

from collections.abc import Mapping, Sequence

from app.lab.captions import Climb, single_words
from app.lab.multimodal import Concept
from app.lab.reproduce.compare import mentioned, share
from app.lab.reproduce.experiment import Experiment, Running
from app.lab.reproduce.material import Material, Step
from app.lab.reproduce.row import Claim, Row

BEST = 5
CONCEPT = Claim("captions: the concept in the five best", 0.8, 0.05, "our bar")
FAMILY = Claim("captions: the concept or one of its family in the five best", 0.8, 0.05, "our bar")


def run(material: Material) -> Running:
    """Climb for every multimodal unit, as its page does."""
    units = material.some((yield from material.known()))
    clip, vocabulary = material.need_clip(), (yield from material.vocabulary())
    texts, words = {}, {}
    for done, unit in enumerate(units, 1):
        *_, found = Climb(clip, vocabulary, unit)
        texts[unit] = [each.text for each in found[:BEST]]
        words[unit] = [each.text for each in single_words(clip, vocabulary, unit, BEST)]
        yield Step("units whose captions are sought", done, len(units))
    return rows(units, texts, words)


def rows(
    units: Mapping[int, Concept], texts: Mapping[int, Sequence[str]], words: Mapping[int, Sequence[str]]
) -> list[Row]:
    """What captions and, beside them, the best single tokens of units say of their concepts."""
    answered = []
    for claim, names in ((CONCEPT, [c.names for c in units.values()]), (FAMILY, [c.family for c in units.values()])):
        captions = share(names, [texts[unit] for unit in units], mentioned)
        single = share(names, [words[unit] for unit in units], mentioned).value
        answered.append(claim.row(captions, f"the five best single words {single:.1%}", {"single_words": single}))
    return answered


EXPERIMENT = Experiment((CONCEPT, FAMILY), run)
