"""Does a word ask for the units that it asked for before? Of RN50x4 the five units that `kitten` asks for most are known, not
from the article but from a third party's run of the same weights with the bilinear form."""

from collections.abc import Sequence

from app.clip.text import unit_scores
from app.lab.reproduce.experiment import Experiment, Running
from app.lab.reproduce.material import Material, Step
from app.lab.reproduce.row import Figure, Row
from app.lab.terms import of_words

WORD, MODEL = "kitten", "RN50x4"
UNITS = (289, 1179, 607, 1543, 1124)  # the one that is asked for most first
FOUND = Figure(f"published search: the units that {WORD!r} asks for most", 5, 1, "of 289, 1179, 607, 1543, 1124", "g")


def run(material: Material) -> Running:
    """Ask the units by the word."""
    clip = material.need_published(MODEL)
    plain = unit_scores(clip, [WORD])[0].topk(len(UNITS)).indices.tolist()
    yield Step("words asked with", 1, 1)
    return rows(plain, of_words(clip, [WORD])[0].positive(len(UNITS)))


def rows(plain: Sequence[int], beyond: Sequence[int]) -> list[Row]:
    """The units that the plain form finds, and beside them those beyond what any word asks for."""
    alike = len(set(plain) & set(UNITS))
    listed = [", ".join(map(str, units)) for units in (plain, beyond)]
    beside = f"{listed[0]}; beyond what any word asks for: {listed[1]}"
    return [FOUND.row(alike, beside, {"beyond": len(set(beyond) & set(UNITS)), "first": float(plain[0] == UNITS[0])})]


EXPERIMENT = Experiment((FOUND,), run, compares=True)
