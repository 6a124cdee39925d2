"""The Stroop test as a finding: words are drawn in inks, the model chooses among the inks, and the answers are counted."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from PIL import Image
from torch import Tensor

from app import images, urls
from app.answers.counted import Guess
from app.answers.findings import FindingView
from app.answers.stroop import InkShown, StroopCell, StroopDrawn, StroopPage, StroopRow
from app.clip.clip import Clip
from app.errors import NotFound
from app.lab import stroop
from app.lab.fonts import FONTS
from app.lab.stroop import PAPERS, PLACES, Ink, answering, ink, outcome, stimuli
from app.microscope.instruments import Files, Found, Step, so_far
from app.microscope.lab.counting import counted
from app.spec import INKS, STROOP_PROMPT, STROOP_WORDS, StroopSpec
from app.store import FindingRow, Store

DIGITS = 6  # of a probability
SIDE = 128  # px of a picture among those of all ways
WHERE = ("large, in the middle", "smaller, up and to the left")  # `PLACES` in words


class Stroop:
    """The instrument."""

    title = "Stroop test"
    lede = "The name of a colour, written in another colour: does the model answer with what it sees, or with what it reads?"

    def __init__(self, store: Store) -> None:
        self.store = store

    def said(self, spec: StroopSpec) -> str:
        """Its size and its prompt."""
        return f"{len(spec.inks)} inks, {len(spec.words)} words: {spec.prompt}"

    def choices(self, _slug: str) -> dict[str, Any]:
        """The article's setting, and the papers."""
        return {
            "inks": list(INKS),
            "words": list(STROOP_WORDS),
            "prompt": STROOP_PROMPT,
            "papers": list(PAPERS),
            "drawings": len(FONTS) * len(PLACES),
        }

    def take_in(self, values: dict[str, Any], _files: Files) -> dict[str, Any]:
        """The form's fields are those of the spec."""
        return values

    def check(self, clip: Clip, spec: StroopSpec) -> None:
        """Raise `BadInput` for what is no ink, or cannot be seen or drawn, `NotFound` for a layer that there is not."""
        clip.layer(spec.layer)
        stroop.check(_inks(spec), spec.words, PAPERS[spec.paper])

    def steps(self, clip: Clip, spec: StroopSpec, _before: Found) -> Iterator[Step]:
        """Show the model every word in every ink."""
        for found in answering(clip, _inks(spec), spec.words, spec.prompt, PAPERS[spec.paper]):
            if isinstance(found, Tensor):
                total = found.shape[0] * found.shape[1]
                yield Step("", total, total, {"probabilities": found.double().round(decimals=DIGITS).tolist()})
            else:
                yield Step("Showing words in inks.", *found, {})

    def remains(self, _row: FindingRow) -> bool:
        """What was found is all in the database."""
        return True

    def page(self, row: FindingRow, ahead: int, view: FindingView) -> StroopPage:
        """The test as far as it is."""
        spec, found = StroopSpec.model_validate_json(row.spec), row.result.get("probabilities")
        page = StroopPage(
            **so_far(row, ahead),
            spec=spec,
            whole=view.whole,
            other=urls.with_query(urls.finding(row.id), whole=None if view.whole else 1),
            rows=[],
            neutral=None,
            congruent=None,
            as_ink=None,
            as_word=None,
            drawn=None,
        )
        if not found:
            return page
        names = [each.name for each in _inks(spec)]
        answers = [[names[_best(cell)] for cell in cells] for cells in found]
        totals = outcome(names, spec.words, answers)
        update = {
            "rows": _rows(row.id, spec, found),
            "neutral": counted(totals.neutral_right, totals.neutral),
            "congruent": counted(totals.congruent_right, totals.congruent),
            "as_ink": counted(totals.as_ink, totals.incongruent),
            "as_word": counted(totals.as_word, totals.incongruent),
            "drawn": _drawn(row.id, spec),
        }
        return page.model_copy(update=update)

    def stimulus(self, finding_id: str, row: int, column: int) -> bytes:
        """A word in an ink as it is drawn first, as WebP. Raises `NotFound`."""
        return images.encode_webp(self._stimuli(finding_id, row, column)[0])

    def stimuli(self, finding_id: str, row: int, column: int) -> bytes:
        """The same in all ways, side by side."""
        drawn = [np.asarray(images.thumbnail(each, SIDE)) for each in self._stimuli(finding_id, row, column)]
        return images.encode_webp(images.side_by_side(np.stack(drawn)))

    def _stimuli(self, finding_id: str, row: int, column: int) -> list[Image.Image]:
        finding = self.store.findings.get(finding_id)
        if finding.kind != "stroop":
            raise NotFound(f"The finding {finding_id} is no Stroop test.")
        spec = StroopSpec.model_validate_json(finding.spec)
        if row >= len(spec.inks) or column >= len(spec.words):
            raise NotFound(f"There is no word {column} in ink {row}: there are {len(spec.words)} in {len(spec.inks)}.")
        return stimuli(spec.words[column], _inks(spec)[row].colour, PAPERS[spec.paper])


def _inks(spec: StroopSpec) -> list[Ink]:
    return [ink(each) for each in spec.inks]


def _best(cell: list[float]) -> int:
    return max(range(len(cell)), key=cell.__getitem__)


def _rows(finding_id: str, spec: StroopSpec, found: list[list[list[float]]]) -> list[StroopRow]:
    inks = _inks(spec)
    names = [each.name for each in inks]
    return [
        StroopRow(
            ink=_shown(each),
            cells=[
                _cell(word, each.name, names, found[row][column], urls.stimulus(finding_id, row, column))
                for column, word in enumerate(spec.words)
            ],
        )
        for row, each in enumerate(inks)
    ]


def _cell(word: str, colour: str, names: list[str], probabilities: list[float], picture: str) -> StroopCell:
    meant = next((name for name in names if name.casefold() == word.casefold()), None)
    order = sorted(range(len(names)), key=lambda place: -probabilities[place])
    guesses = [Guess(name=names[each], share=probabilities[each], named=names[each] == meant) for each in order]
    answer = guesses[0].name
    return StroopCell(
        word=word,
        picture=picture,
        relation="neutral" if meant is None else "congruent" if meant == colour else "incongruent",
        guesses=guesses,
        by="ink" if answer == colour else "word" if answer == meant else "neither",
    )


def _shown(each: Ink) -> InkShown:
    return InkShown(name=each.name, colour="#{:02x}{:02x}{:02x}".format(*each.colour))


def _drawn(finding_id: str, spec: StroopSpec) -> StroopDrawn:
    row, column = 0, len(spec.words) - 1
    return StroopDrawn(
        fonts=[font.name for font in FONTS],
        places=list(WHERE),
        papers=["white", "black"] if spec.paper == "both" else [spec.paper],
        word=spec.words[column],
        ink=_inks(spec)[row].name,
        picture=urls.stimuli(finding_id, row, column),
    )
