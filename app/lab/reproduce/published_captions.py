"""Do the published texts ask for their units, and does our search find texts like them? Two or three each of twelve units of
RN50x4 were published, picked by hand from 28 that a search found."""

from collections.abc import Mapping, Sequence

from app.clip.text import unit_scores
from app.lab.captions import Climb
from app.lab.reproduce.compare import common_words, judged
from app.lab.reproduce.experiment import Experiment, Running
from app.lab.reproduce.material import Material, Step
from app.lab.reproduce.reference import ReferenceUnit
from app.lab.reproduce.row import Claim, Row

BEST = 5
ASKING = Claim("published captions: they ask for their unit more than those of any other", 0.75, 0.1, "our bar")
ALIKE = Claim("published captions: a word in common with our five best", 0.5, 0.1, "our bar")

Scores = Mapping[int, Mapping[int, float]]
"""Unit -> published unit -> the mean score of the first for the texts of the second."""


def run(material: Material) -> Running:
    """Score the published texts and climb for the same units."""
    known = {unit: each for unit, each in material.published().items() if each.maximal_text}
    units = material.some(known)
    clip = material.need_clip()
    if len(units) < 2:
        return rows(units, {}, {})
    vocabulary = yield from material.vocabulary()
    means = {other: unit_scores(clip, each.maximal_text).mean(0) for other, each in units.items()}
    scores = {unit: {other: float(mean[unit]) for other, mean in means.items()} for unit in units}
    texts = {}
    for done, unit in enumerate(units, 1):
        *_, found = Climb(clip, vocabulary, unit)
        texts[unit] = [each.text for each in found[:BEST]]
        yield Step("units whose captions are sought", done, len(units))
    return rows(units, scores, texts)


def rows(published: Mapping[int, ReferenceUnit], scores: Scores, texts: Mapping[int, Sequence[str]]) -> list[Row]:
    """The published texts beside what the model and the search make of them."""
    units = list(published)
    favourites = [max(scores[unit], key=scores[unit].__getitem__) for unit in units if unit in scores]
    return [
        judged(ASKING, units, favourites, lambda unit, favourite: unit == favourite),
        judged(
            ALIKE, [published[unit].maximal_text for unit in units], [texts.get(u, ()) for u in units], common_words
        ),
    ]


EXPERIMENT = Experiment((ASKING, ALIKE), run, compares=True)
