"""The experiments on a real model from end to end, and what they say of what is not there."""

import json
from pathlib import Path

import pytest
import torch

from app.clip import vocabulary
from app.clip.clip import Clip
from app.clip.vocabulary import Vocabulary, pieces
from app.corpus.index import Index
from app.errors import NotFound, NotReady, WeightsMissing
from app.lab.reproduce.attacks import LEFT
from app.lab.reproduce.material import Material, Step
from app.lab.reproduce.published_attacks import FARTHEST
from app.lab.reproduce.published_regions import FILE, published
from app.lab.reproduce.reference import UNITS, Reference
from app.lab.reproduce.row import HOLDS, MISSED, Row
from app.lab.reproduce.running import EXPERIMENTS, reproducing


@pytest.fixture(scope="module")
def data(tiny_clip: Clip, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with every fortieth token of the vocabulary as if it were all, so that reading it takes no time."""
    known = pieces(tiny_clip)[::40]
    with torch.no_grad():
        embedded = tiny_clip.encode_text([piece.strip() for piece in known])
    folder = tmp_path_factory.mktemp("data")
    path = folder / vocabulary.FOLDER / f"{tiny_clip.weights_hash}.safetensors"
    vocabulary.save(
        Vocabulary(known, torch.nn.functional.normalize(embedded, dim=-1).half()), path, tiny_clip.weights_hash
    )
    return folder


def run(material: Material) -> tuple[list[Row], set[str]]:
    """The rows, and what took so long that it was told how far it was."""
    rows, told = [], set()
    for each in reproducing(material):
        if isinstance(each, Step):
            told.add(each.what)
            assert 0 < each.done <= each.total
        else:
            rows.append(each)
    return rows, told


def of_units(rows: list[Row]) -> list[Row]:
    """The rows that are about units, not about pictures."""
    return [row for row in rows if row.name.partition(":")[0] not in ("in the wild", "stroop")]


def write_reference(folder: Path, units: list[dict]) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / UNITS).write_text(json.dumps(units))
    return folder


def test_every_claim_gets_a_figure_where_everything_is_there(
    planted: tuple[Clip, Index], data: Path, tmp_path: Path
) -> None:
    clip, index = planted
    checkpoint = "OpenAI RN50x4 visual.layer4[0] (made for this test)"
    words = ["red", "stripes", "two", "paper"]
    known = [
        {"unit": unit, "checkpoint": checkpoint, "top_words": words[unit:3], "maximal_text": ["a cat", words[unit]]}
        for unit in range(2)
    ] + [{"unit": unit, "checkpoint": checkpoint, "top_words": words * 5, "label": None} for unit in (2, 3)]
    reference = write_reference(tmp_path / "paper", known)
    regions = [
        {
            "model": "contrastive_4x",
            "unit": unit,
            "top_countries": [["Chad", 9], ["Mali", unit]],
            "top_cities": [["Lima", 3]],
        }
        for unit in (1, 2)
    ]
    (reference / FILE).write_text(json.dumps(regions))
    material = Material(slug="RN50x4.openai", clip=clip, index=index, data=data, reference=reference, words=24, units=2)
    rows, told = run(material)
    assert [row.name for row in rows] == [claim.name for each in EXPERIMENTS for claim in each.claims]
    covers, *table = [row for row in rows if row.name.startswith("attack table")]
    assert covers.verdict == HOLDS and "trash 7.83% (published 7.59%)" in covers.measured
    assert len(table) == 9 and all("no label column of the index has one of the nine" in row.verdict for row in table)
    apart = ("published equations", "published atlas", "attack table", LEFT.name)  # of attacks that may never succeed
    assert [row.figures["of"] for row in rows if row.name.startswith("stroop")] == [8, 49, 49]
    measured = [row for row in of_units(rows) if not row.name.startswith(apart)]
    assert all(row.verdict == HOLDS or row.verdict.startswith(f"{MISSED}: ") for row in measured), rows
    by_name = {row.name.partition(":")[0]: row.figures["units"] for row in measured[::-1] if "units" in row.figures}
    assert by_name["captions"] == 2 and by_name["words"] == by_name["conditional"] > 10
    assert by_name["published words"] == 4 and by_name["published captions"] == by_name["published regions"] == 2
    assert {
        "words drawn",
        "pictures written on",
        "units whose captions are sought",
        "units whose pictures are counted",
    } <= told
    shown, *_ = (row for row in rows if row.name.startswith("conditional"))
    assert shown.figures["shuffled"] < shown.figures["share"] <= 1


def test_published_figures_are_asked_for_only_with_a_reference(planted: tuple[Clip, Index], data: Path) -> None:
    clip, _ = planted
    material = Material(slug="tiny", clip=clip, index=NotReady("No corpus here."), data=data)
    rows, _ = run(material)
    assert {row.verdict for row in rows} == {"not here: No corpus here."}
    assert not any(row.name.startswith("published") for row in rows)


def test_missing_weights_a_missing_reference_and_another_model_are_rows(
    planted_kindless: tuple[Clip, Index], data: Path, tmp_path: Path
) -> None:
    clip, index = planted_kindless
    gone = WeightsMissing("The weights of tiny are not here.")
    rows, _ = run(Material("tiny", gone, gone, data, reference=tmp_path))
    assert len(rows) == sum(len(each.claims) for each in EXPERIMENTS)
    weightless = {row.name: row.verdict for row in rows if row.verdict != "not here: The weights of tiny are not here."}
    assert weightless.pop(FARTHEST.name) == HOLDS, "it needs no model"
    ((name, verdict),) = weightless.items()
    assert name.startswith("published atlas") and verdict.startswith("not here: ")
    rows = of_units(run(Material("tiny", clip, index, data, reference=tmp_path, words=4, units=1))[0])
    rows = [row for row in rows if not row.name.startswith("attack")]  # which ask for no kind, or for another model
    kindless = [row for row in rows if not row.name.startswith(("published", "codes"))]
    assert all("label column `kind`" in row.verdict for row in kindless), kindless
    assert all(f"There is no {tmp_path}/" in row.verdict for row in rows if row.name.startswith("published"))
    other = write_reference(tmp_path, [{"unit": 1, "checkpoint": "OpenAI RN50x4 visual.layer4[5]"}])
    rows = of_units(run(Material("tiny", clip, gone, data, reference=other, words=4, units=1))[0])
    assert "the reference speaks of RN50x4.openai (layer4.5)" in rows[-1].verdict
    (other / UNITS).write_text('[{"unit": "x"}]')
    (other / FILE).write_text('[{"model": "tiny"}]')
    rows = of_units(run(Material("tiny", clip, gone, data, reference=other, words=4, units=1))[0])
    assert "cannot be read as published units (0.unit:" in rows[-1].verdict
    (regions,) = {row.verdict for row in rows if row.name.startswith("published regions")}
    assert f"{other / FILE} cannot be read as region units" in regions
    (other / FILE).write_text("[]")
    with pytest.raises(NotFound, match="No regions were published of RN50x4.openai, only of RN50.openai"):
        published(other, "RN50x4.openai")


def test_a_figure_that_was_published_of_one_model_is_asked_of_no_other(
    planted: tuple[Clip, Index], data: Path, tmp_path: Path
) -> None:
    clip, index = planted
    known = [{"unit": 1, "checkpoint": f"OpenAI {name} visual.layer4[0]"} for name in ("RN50", "RN50x4")]
    reference = write_reference(tmp_path, known)
    with pytest.raises(NotFound, match=r"published of RN50x4\.openai, not of RN50\.openai"):
        Material("RN50.openai", clip, index, data, reference=reference).need_published("RN50x4")
    assert Material("RN50x4-quickgelu.openai", clip, index, data, reference=reference).need_published("RN50x4") is clip


@pytest.mark.parametrize("slug", ["RN50.openai", "RN50-quickgelu.openai"])
def test_the_published_units_are_of_openais_weights(slug: str, tmp_path: Path) -> None:
    known = write_reference(tmp_path, [{"unit": 1, "checkpoint": "OpenAI RN50 visual.layer4[2]"}])
    assert list(Reference.read(known).of(slug, "layer4.2")) == [1]


@pytest.mark.parametrize("slug", ["RN50.cc12m", "RN50-quickgelu.yfcc15m", "RN50", "RN50x4.openai", "openai"])
def test_other_weights_of_the_same_architecture_have_no_published_units(slug: str, tmp_path: Path) -> None:
    known = write_reference(tmp_path, [{"unit": 1, "checkpoint": "OpenAI RN50 visual.layer4[2]"}])
    with pytest.raises(NotFound, match=rf"layer4.2 of {slug} nothing was published: .* RN50\.openai \(layer4\.2\)"):
        Reference.read(known).of(slug, "layer4.2")
