"""Do drawn words drive a paper's model as the paper says? The three best of nearly all units of RN50x4 were published, and
the twenty best of the units that stand for regions."""

from collections.abc import Iterable, Mapping

from app.lab.reproduce.compare import all_within, judged, part_within, rank_agreement
from app.lab.reproduce.experiment import Experiment, Running
from app.lab.reproduce.material import Material
from app.lab.reproduce.reference import TOP, ReferenceUnit
from app.lab.reproduce.row import Claim, Row
from app.lab.top_words import WordDrive

OURS = 20  # words among which the published ones should be
MANY = 20  # words that are published of a unit that stands for a region

Words = tuple[str, ...]

BEST = Claim("published words: all of the three best among our twenty", 0.75, 0.05, "our bar for a large majority")
TWENTY = Claim(
    "published words: the region units' twenty among our twenty", 0.5, 0.05, "our bar", "of the words of {units} units"
)
ORDER = Claim(
    "published words: the order of the region units' twenty, rank correlation",
    0.5,
    0.2,
    "our bar",
    "on average over {units} units",
    ".2f",
)


def run(material: Material) -> Running:
    """Draw the published words, and common ones beside them."""
    published = {unit: known for unit, known in material.published().items() if known.top_words}
    return rows(published, (yield from material.drive()))


def rows(published: Mapping[int, ReferenceUnit], drive: WordDrive) -> list[Row]:
    """The published words beside what was measured, of the units whose published words were all drawn."""
    place = {word: number for number, word in enumerate(drive.words)}
    best = _drawn({unit: known.top_words[:TOP] for unit, known in published.items()}, place)
    listed = {unit: known.top_words for unit, known in published.items() if len(known.top_words) >= MANY}
    many = _drawn(listed, place)

    def ours(units: Iterable[int]) -> list[list[str]]:
        return [[word for word, _ in drive.top(unit, OURS)] for unit in units]

    def order(words: tuple[str, ...], unit: int) -> float:
        return rank_agreement(words, [float(drive.values[place[word], unit]) for word in words])

    left = "" if len(best) == len(published) else f"of {len(published)} units {len(best)} have all their words drawn"
    few = "" if len(many) == len(listed) else f"of {len(listed)} units {len(many)} have all their words drawn"
    return [
        judged(BEST, list(best.values()), ours(best), all_within, left),
        judged(TWENTY, list(many.values()), ours(many), part_within, few),
        judged(ORDER, list(many.values()), list(many), order, few),
    ]


def _drawn(published: Mapping[int, Words], place: Mapping[str, int]) -> dict[int, Words]:
    return {unit: words for unit, words in published.items() if all(word in place for word in words)}


EXPERIMENT = Experiment((BEST, TWENTY, ORDER), run, compares=True)
