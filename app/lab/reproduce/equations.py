"""Is the word for a concept made of the concept's units? The emotion equations of Goh et al. 2021, figures 9 to 12, with the
words for a corpus' concepts in the place of those for feelings."""

from collections.abc import Collection, Generator, Mapping, Sequence

import numpy as np

from app.lab.composition import THINGS, Term, equation, even, fitting, kept, of_code, penalty, reading, texts
from app.lab.reproduce.compare import share
from app.lab.reproduce.experiment import Experiment, Running
from app.lab.reproduce.material import Material, Step
from app.lab.reproduce.row import Claim, Row

LEVEL = 40  # of the article's equations

Equations = list[list[Term]]

OWN = Claim(
    "equations: the largest unit of a concept's word is the concept's", 0.8, 0.05, "our bar", "of {units} words"
)


def run(material: Material) -> Running:
    """Write the words for the concepts of multimodal units as equations."""
    units = yield from material.known()
    concepts = {concept.number: concept.name for concept in units.values()}
    found = yield from equations(material, list(concepts.values()), THINGS)
    return rows({unit: concept.number for unit, concept in units.items()}, list(concepts), found)


def equations(
    material: Material, words: Sequence[str], prompts: Sequence[str], aside: Collection[int] = ()
) -> Generator[Step, None, Equations]:
    """Words as the article writes them, at the level of its equations."""
    written, samples, found = texts(words, prompts), None, []
    for read in reading(material.need_clip(), written):
        if isinstance(read, int):
            yield Step("texts read", read, len(written))
        else:
            samples = even(read, len(prompts))
    assert samples is not None, "reading ends with the samples"
    for code in fitting(samples, len(prompts), penalty(samples, len(prompts), LEVEL)):
        found.append(equation(kept(of_code(code), aside)))
        yield Step("words fitted", len(found), len(words))
    return found


def rows(units: Mapping[int, int], concepts: Sequence[int], found: Equations) -> list[Row]:
    """The equations beside what is known.

    Args:
        units: The concept of each multimodal unit, by its number.
        concepts: What the words stand for, a number for each equation of `found`.
    """
    largest = share(concepts, found, lambda concept, terms: bool(terms) and units.get(terms[0].unit) == concept)
    among = share(concepts, found, lambda concept, terms: concept in {units.get(term.unit) for term in terms})
    terms = float(np.mean([len(each) for each in found]))
    beside = f"among its {terms:.1f} units {among.value:.1%}"
    return [OWN.row(largest, beside, {"among": among.value, "terms": terms})]


EXPERIMENT = Experiment((OWN,), run)
