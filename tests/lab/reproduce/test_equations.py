"""Equations and atlas beside what is known and published: planted results pass, and fail once they are dealt out."""

import json
from collections.abc import Generator
from pathlib import Path
from typing import TypeVar

import pytest

from app.clip.clip import Clip
from app.errors import FacetscopeError, NotFound, NotReady, WeightsMissing
from app.lab.composition import PROMPTS, Term
from app.lab.published import bigrams
from app.lab.reproduce import equations, published_equations
from app.lab.reproduce.material import Material, Step
from app.lab.reproduce.published_equations import CODES, LAYER, SLUG
from app.lab.reproduce.row import HOLDS, MISSED, Row

WORDS = [f"{how} {what}" for how in ("very", "hardly", "never") for what in ("glad", "sad", "mad", "calm")]
ALL = [*WORDS, "worthless"]
T = TypeVar("T")
NOWHERE = NotReady("No corpus here.")


def ended(running: Generator[Step, None, T]) -> T:
    """What a generator answers at its end."""
    while True:
        try:
            assert isinstance(next(running), Step)
        except StopIteration as end:
            return end.value


def verdicts(rows: list[Row]) -> list[str]:
    return [row.verdict.partition(":")[0] for row in rows]


def test_words_whose_largest_unit_is_their_concepts_pass_and_those_of_another_do_not() -> None:
    units = {unit: unit % 20 for unit in range(40)}
    found = [[Term(concept + 20, 1.0), Term(99, 0.5)] for concept in range(20)]
    (row,) = equations.rows(units, list(range(20)), found)
    assert row.verdict == HOLDS and row.figures["share"] == 1.0 and row.figures["terms"] == 2
    second = [[Term(99, 1.0), Term(concept, 0.5)] for concept in range(20)]
    (row,) = equations.rows(units, list(range(20)), second)
    assert verdicts([row]) == [MISSED] and row.figures["among"] == 1.0
    assert verdicts(equations.rows(units, list(range(20)), [*found[1:], []])) == [MISSED]


def write(folder: Path, sparse: dict, atlas: list) -> Path:
    (folder / CODES).write_text(json.dumps({"sparse": sparse, "atlas": atlas}))
    return folder


def cells(words: list[str]) -> list[dict]:
    return [{"name": word, "components": [float(number % 7 == factor) for factor in range(7)]}
            for number, word in enumerate(words)]  # fmt: skip


def material(clip: Clip | FacetscopeError, reference: Path, slug: str = SLUG) -> Material:
    return Material(slug=slug, clip=clip, index=NOWHERE, data=reference, reference=reference)


@pytest.fixture(scope="module")
def own(tiny_clip: Clip) -> list[list[Term]]:
    """The tiny model's equations of the words, without the units that the article sets aside."""
    return ended(equations.equations(material(tiny_clip, Path()), ALL, PROMPTS, bigrams(SLUG, LAYER)))


def test_a_models_own_codes_are_recovered_and_those_of_other_words_are_not(
    tiny_clip: Clip, own: list[list[Term]], tmp_path: Path
) -> None:
    """As if the tiny model's own equations had been published, or each word's under the next one's name."""
    for shift, expected in ((0, HOLDS), (1, MISSED)):
        dealt = [own[(number + shift) % len(WORDS)] for number in range(len(WORDS))]
        codes = {
            word: [(100 * weight, unit) for unit, weight in terms] for word, terms in zip(WORDS, dealt, strict=True)
        }
        reference = write(tmp_path, {"40": {**codes, "worthless": [[-3.0, 5]]}}, cells(WORDS))
        rows = ended(published_equations.EXPERIMENT.run(material(tiny_clip, reference)))
        assert verdicts(rows) == [expected] * 2, rows
        assert rows[0].figures["units"] == len(WORDS)  # nothing speaks for the last


def test_an_atlas_of_the_published_codes_is_recovered_without_weights(tmp_path: Path) -> None:
    words = [f"word {number}" for number in range(70)]
    codes = {word: [[50.0, number % 7], [-5.0, 20 + number]] for number, word in enumerate(words)}
    gone = WeightsMissing("The weights are not here.")
    reference = write(tmp_path, {"30": codes}, cells(words))
    (row,) = ended(published_equations.OF_ATLAS.run(material(gone, reference)))
    assert row.verdict == HOLDS and row.figures["share"] == pytest.approx(1, abs=1e-3)
    one_for_all = {word: [[50.0, 3]] for word in words}
    (row,) = ended(published_equations.OF_ATLAS.run(material(gone, write(tmp_path, {"30": one_for_all}, cells(words)))))
    assert verdicts([row]) == [MISSED]


def test_what_is_not_there_is_said(tiny_clip: Clip, tmp_path: Path) -> None:
    for experiment in (published_equations.EXPERIMENT, published_equations.OF_ATLAS):
        with pytest.raises(NotFound, match="There is no .*emotion_codes.json"):
            ended(experiment.run(material(tiny_clip, tmp_path)))
    other = material(tiny_clip, write(tmp_path, {}, cells(WORDS)), "tiny")
    with pytest.raises(NotFound, match=r"words of tiny nothing was published: the codes are of RN50x4\.openai"):
        ended(published_equations.EXPERIMENT.run(other))
    with pytest.raises(WeightsMissing):
        ended(published_equations.EXPERIMENT.run(material(WeightsMissing("None."), tmp_path)))
    (tmp_path / CODES).write_text('{"sparse": {}, "atlas": [{"name": "sad", "components": [1]}]}')
    with pytest.raises(NotReady, match=r"cannot be read as emotion codes \(atlas.0.components"):
        ended(published_equations.OF_ATLAS.run(material(tiny_clip, tmp_path)))
    with pytest.raises(NotReady, match="no code of 'word' at level 30"):
        ended(published_equations.OF_ATLAS.run(material(tiny_clip, write(tmp_path, {}, cells(["word", "other"])))))
