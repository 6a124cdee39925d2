"""Findings after a stop, or when weights or corpus have changed since: what is gone on from, and what is found anew."""

from typing import Any

import pytest

from app.answers.attack_table import AttackedPicture, AttackTablePage
from app.answers.findings import FindingView
from app.errors import BadInput, NotFound
from app.microscope import Microscope
from app.spec import (
    AttackSearchSpec,
    AttackSpec,
    AttackTableSpec,
    CompositionSpec,
    FindingSpec,
    StroopSpec,
    WildPhoto,
    WildSpec,
)
from tests.microscope.conftest import wait_for
from tests.pictures import blobs

WHERE: dict[str, Any] = {"model": "small", "layer": "layer4.0"}
TABLE: dict[str, Any] = {
    "corpus": "small-corpus",
    "column": "concept",
    "rows": ("red",),
    "styles": ("label",),
    "images": 8,
}
CLASSES: dict[str, Any] = {"classes": "column:concept", "prompt": "{}"}


@pytest.fixture(scope="module")
def picture(shared: Microscope) -> str:
    return shared.laboratory.attack.subjects.keep_as_is(blobs(0)[0])


def found(microscope: Microscope, spec: FindingSpec) -> dict[str, Any]:
    """What is found of a spec, when it is over."""
    microscope.finding_desk.start(spec)
    wait_for(lambda: microscope.store.findings.get(spec.id).status not in ("queued", "running"))
    row = microscope.store.findings.get(spec.id)
    assert row.status == "done", row.error
    return row.result


def test_a_search_goes_on_after_the_names_that_were_tried(shared: Microscope, picture: str) -> None:
    spec = AttackSearchSpec(**WHERE, **CLASSES, picture=picture, others=2, style="free")
    whole = found(shared, spec)
    first, *_ = whole["rows"]
    kept = {**whole, "rows": [{**first, "after": 0.5}]}  # to tell it from one that is tried again
    shared.store.findings.change(spec.id, status="cancelled", result=kept)
    resumed = found(shared, spec)
    assert resumed["rows"][0] == {**first, "after": 0.5}
    for row, expected in zip(resumed["rows"][1:], whole["rows"][1:], strict=True):
        assert row == {
            **expected,
            "before": pytest.approx(expected["before"]),
            "after": pytest.approx(expected["after"]),
        }
    for changed in ({"key": "other"}, {"weights_hash": "other"}):
        shared.store.findings.change(spec.id, status="cancelled", result={**kept, **changed})
        assert found(shared, spec)["rows"][0]["after"] == pytest.approx(first["after"], abs=1e-5), changed


@pytest.mark.parametrize("kind", ["attack", "attack_search", "attack_table", "wild", "stroop", "composition"])
def test_what_was_found_with_other_weights_or_of_another_corpus_is_found_anew(
    shared: Microscope, picture: str, kind: str
) -> None:
    words = shared.store.files.keep_words(("red", "blue", "green", "cat"))
    spec = {
        "attack": AttackSpec(**WHERE, **CLASSES, picture=picture, text="red"),
        "attack_search": AttackSearchSpec(**WHERE, **CLASSES, picture=picture),
        "attack_table": AttackTableSpec(**WHERE, **TABLE),
        "wild": WildSpec(**WHERE, **CLASSES, photos=(WildPhoto(blob=picture, thing="mug", label=""),)),
        "stroop": StroopSpec(**WHERE, inks=("red", "blue"), words=("red",)),
        "composition": CompositionSpec(**WHERE, source="pasted", pasted=words, shared="scores", prompts=("a {}",)),
    }[kind]
    result = found(shared, spec)
    for changed in ({"weights_hash": "other"}, {"key": "other"} if "key" in result else {}):
        outdated = {**result, **changed, "mark": 1}
        shared.store.findings.change(spec.id, result=outdated)
        assert ("mark" in found(shared, spec)) == (not changed), changed


def test_an_attack_from_before_the_labels_were_read_gets_its_probe(shared: Microscope, picture: str) -> None:
    spec = AttackSpec(**WHERE, **CLASSES, picture=picture, text="red", k=1)
    early = {name: value for name, value in found(shared, spec).items() if name != "probe"}
    shared.store.findings.change(spec.id, result=early)
    assert found(shared, spec)["probe"]["column"] == "concept"


def test_the_pictures_of_a_corpus_that_was_indexed_anew_are_not_shown_for_others(shared: Microscope) -> None:
    spec = AttackTableSpec(**WHERE, **TABLE)
    result, tables = found(shared, spec), shared.laboratory.attack_tables

    def shown() -> list[AttackedPicture]:
        page = shared.finding_desk.page(spec.id, FindingView())
        assert isinstance(page, AttackTablePage) and page.shown is not None
        return page.shown.pictures

    assert shown() and tables.attacked(spec.id, 0, 0)
    shared.store.findings.change(spec.id, result={**result, "key": "other"})
    assert not shown()
    with pytest.raises(NotFound, match="indexed anew"):
        tables.attacked(spec.id, 0, 0)


def test_what_is_found_anew_has_to_be_admitted_and_what_is_there_has_not(shared: Microscope) -> None:
    spec, asked = StroopSpec(**WHERE, inks=("red", "green"), words=("red",)), []
    result = found(shared, spec)
    shared.finding_desk.start(spec, asked.append)
    shared.store.findings.change(spec.id, result={**result, "weights_hash": "other"})
    shared.finding_desk.start(spec, asked.append)
    assert asked == [0, 1]
    assert found(shared, spec)["weights_hash"] == result["weights_hash"]


def test_a_table_that_was_kept_with_a_line_about_none_of_its_photos_can_still_be_read(
    shared: Microscope, picture: str
) -> None:
    photos = (WildPhoto(blob=picture, thing="mug", label=""),)
    spec = WildSpec(**WHERE, **CLASSES, photos=photos, called={"bin": "cat"})  # pyright: ignore[reportArgumentType]
    shared.store.findings.add(spec)
    assert shared.finding_desk.page(spec.id, FindingView()).id == spec.id
    with pytest.raises(BadInput, match="what bin means, which no photo shows or says"):
        shared.finding_desk.start(spec)
    shared.store.findings.remove(spec.id)


def test_what_a_restart_found_waiting_says_if_its_model_is_not_there_any_more(unloaded: Microscope) -> None:
    spec = StroopSpec(**WHERE, inks=("red", "blue"), words=("red",))
    unloaded.store.findings.add(spec)
    unloaded.worker.start()
    unloaded.finding_desk.resume()
    wait_for(lambda: unloaded.worker.find(spec.id) is None)
    row = unloaded.store.findings.get(spec.id)
    assert row.status == "failed" and row.error is not None and "is not ready" in row.error
