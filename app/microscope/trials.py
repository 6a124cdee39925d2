"""The questions of a quiz: what can be asked of a unit, and the draw of the next one."""

import secrets
from collections.abc import Sequence

import numpy as np

from app.answers.quizzes import Reference
from app.corpus.bands import Entry
from app.corpus.columns import Columns
from app.corpus.fingerprint import folded
from app.corpus.index import Index
from app.lab.quiz import LEAST_IMAGES, QUERIES, REFERENCES, Trial, trial
from app.microscope.browsing import Browser
from app.microscope.references import References
from app.store import QuizRow, QuizTrialRow

KINDS: tuple[Reference, ...] = ("natural", "rendered")
POOL = REFERENCES + QUERIES


class Trials:
    """Draws trials from what a corpus does to units. Reads only."""

    def __init__(self, browser: Browser, references: References) -> None:
        self.browser = browser
        self.references = references

    def missing(self, slug: str, index: Index | None, layer: str, unit: int | None, kind: Reference) -> str:
        """Why there can be no quiz, and what to do about it; empty where there can."""
        if index is None:
            return self.browser.unindexed(slug, layer)
        if len(index) < LEAST_IMAGES:
            return f"A question takes {LEAST_IMAGES} images, and {index.manifest.name} has {len(index)}: index more of them."
        of, units = (
            f"Unit {unit}" if unit is not None else f"No unit of {layer}",
            self.units(slug, index, layer, unit, kind),
        )
        if kind == "rendered" and not units:
            remedy = f"`gallery render --model {slug} --layer {layer}` on the command line grows one for every unit"
            if unit is None:
                return f"{of} has a rendered picture yet. {remedy}."
            return f"{of} has no rendered picture yet. Press Visualize on its page to grow one; {remedy}."
        columns = self.browser.columns.find(index)
        if not any(_drawn(index, columns, layer, each, 0, ()) for each in units):
            has = "has" if unit is None else "does not have"
            return (
                f"{of} {has} {REFERENCES + 1} different images in {index.manifest.name} that drive it harder than its "
                f"{POOL} weakest, which a question takes. A larger corpus may have."
            )
        return ""

    def units(self, slug: str, index: Index, layer: str, unit: int | None, kind: Reference) -> list[int]:
        """The units that a quiz may ask about."""
        if kind == "natural":
            return list(range(index.units(layer))) if unit is None else [unit]
        if unit is None:
            return self.references.units(slug, layer)
        return [unit] if self.references.of(slug, layer, unit)[0] else []

    def draw(self, index: Index, row: QuizRow) -> QuizTrialRow | None:
        """A quiz's next trial: of a layer's units one that it has not asked about, as long as there are such. None where no
        unit has enough images any more."""
        seed, columns = secrets.randbits(31), self.browser.columns.find(index)
        asked = {each.unit for each in row.trials}
        units = np.random.default_rng(seed).permutation(self.units(row.model, index, row.layer, row.unit, kind_of(row)))
        for unit in sorted(units.tolist(), key=asked.__contains__):
            drawn = _drawn(index, columns, row.layer, unit, seed, _shown(row, unit))
            if drawn is None:
                continue
            strongest, weakest = drawn.strongest, drawn.weakest
            if row.reference == "rendered":
                strongest, weakest = self.references.of(row.model, row.layer, unit)
            seen = index.unit(row.layer, unit)
            activations = [seen.known[image].activation for image in drawn.pair]
            return QuizTrialRow(
                quiz_id=row.id,
                number=len(row.trials) + 1,
                unit=unit,
                seed=seed,
                strongest=strongest,
                weakest=weakest,
                pair=list(drawn.pair),
                activations=activations,
                sds=[(each - seen.stats.mean) / (seen.stats.std or 1.0) for each in activations],
                answer=drawn.answer,
            )
        return None


def _drawn(
    index: Index, columns: Columns | None, layer: str, unit: int, seed: int, shown: Sequence[int]
) -> Trial | None:
    """A trial of a unit; None where too few images drive it apart from its weakest."""
    seen = index.unit(layer, unit)
    bottom = _different(seen.bottom, columns)[:POOL]
    most = max(each.activation for each in bottom)
    top = [each for each in _different(seen.top, columns) if each.activation > most]
    return trial(_numbers(top), _numbers(bottom), seed, shown)


def _different(entries: Sequence[Entry], columns: Columns | None) -> list[Entry]:
    """The entries without near-duplicates of those before them, as far as these are known."""
    if columns is None or not entries:
        return list(entries)
    return [entries[group[0]] for group in folded(columns.fingerprints([each.image for each in entries]))]


def _numbers(entries: Sequence[Entry]) -> np.ndarray:
    return np.array([each.image for each in entries], np.int64)


def _shown(row: QuizRow, unit: int) -> list[int]:
    """The images that a quiz has shown of a unit."""
    seen = [each for each in row.trials if each.unit == unit]
    natural = row.reference == "natural"
    return [
        image
        for each in seen
        for image in (*each.pair, *(each.strongest if natural else ()), *(each.weakest if natural else ()))
    ]


def kind_of(row: QuizRow) -> Reference:
    """What is shown beside a quiz's questions."""
    return "rendered" if row.reference == "rendered" else "natural"
