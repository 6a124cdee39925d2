"""Maximal captions as a finding: the search, and its page."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from app import urls
from app.answers.findings import CaptionFound, CaptionsPage, FindingView, WordFound
from app.clip.clip import Clip
from app.clip.vocabulary import Vocabulary, kept
from app.errors import BadInput
from app.lab.captions import STEPS, Climb, single_words
from app.microscope.instruments import Found, Step, so_far
from app.spec import CaptionsSpec
from app.store import FindingRow

WORDS = 12
SHOWN = 8


@dataclass(frozen=True)
class Captions:
    """The instrument; vocabularies are kept in the `data` folder, and `label` says what a unit is called."""

    data: Path
    label: Callable[[str, str, int | None], str]

    def check(self, clip: Clip, spec: CaptionsSpec) -> None:
        """Raise `NotFound` for a layer or unit that the model has not, `BadInput` where texts do not ask for units."""
        clip.unit(spec.layer, spec.unit)
        if not speaks(clip, spec.layer):
            raise BadInput(
                f"layer: texts ask for units of the last layer only, {clip.default_layer}, not of {spec.layer}.",
                field="layer",
            )

    def steps(self, clip: Clip, spec: CaptionsSpec, _before: Found) -> Iterator[Step]:
        """Read the vocabulary, if nobody has yet for these weights, then climb."""
        vocabulary = None
        for read in kept(clip, self.data):
            if isinstance(read, Vocabulary):
                vocabulary = read
            else:
                done, total = read
                yield Step(f"Reading the vocabulary: {done:,} of {total:,} tokens.", 0, STEPS, {})
        assert vocabulary is not None
        words = [vars(word) for word in single_words(clip, vocabulary, spec.unit, WORDS)]
        climb = Climb(clip, vocabulary, spec.unit, restarts=spec.restarts, penalty=spec.penalty, seed=spec.seed)
        for step, found in enumerate(climb):
            captions = [
                {"text": each.text, "score": each.score, "sd": climb.in_sd(each.score), "step": each.step}
                for each in found[:SHOWN]
            ]
            yield Step("Climbing.", step, STEPS, {"captions": captions, "words": words})

    def page(self, row: FindingRow, ahead: int, _view: FindingView) -> CaptionsPage:
        """What the search found so far."""
        return page(row, self.label(row.model, row.layer, row.unit), ahead)

    def remains(self, _row: FindingRow) -> bool:
        """What was found is all in the database."""
        return True


def speaks(clip: Clip, layer: str) -> bool:
    """Whether texts ask for the units of a layer: it is the last one, and the model reads texts."""
    return layer == list(clip.layers)[-1]


def page(row: FindingRow, label: str, ahead: int) -> CaptionsPage:
    """A search as an answer."""
    spec = CaptionsSpec.model_validate_json(row.spec)
    return CaptionsPage(
        **so_far(row, ahead),
        spec=spec,
        captions=[CaptionFound.model_validate(each) for each in row.result.get("captions", [])],
        words=[WordFound.model_validate(each) for each in row.result.get("words", [])],
        unit_url=urls.unit(spec.model, spec.layer, spec.unit),
        label=label,
    )
