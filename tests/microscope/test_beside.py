"""Two models side by side: the other is the one with the channels of its last block in another order, and one more that saw
other pictures."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from app.answers.beside import BesidePage
from app.errors import NotFound
from app.microscope import Microscope, beside
from app.settings import Settings
from tests.microscope.conftest import wait_for
from tests.microscope.test_alike_page import brought

LAYER, UNITS = "layer4.0", 256
ORDER = np.random.default_rng(6).permutation(UNITS)  # unit i of the second is unit ORDER[i] of the first


def permuted(folder: Path) -> Path:
    """The model with what its last block puts out in the order `ORDER`; what it makes of a picture stays the same."""
    path, order = folder / "open_clip_model.safetensors", torch.from_numpy(ORDER)
    tensors = load_file(path)
    for name, tensor in tensors.items():
        if name.startswith("visual.layer4.0.") and any(part in name for part in (".conv3.", ".bn3.", ".downsample.")):
            tensors[name] = tensor[order] if tensor.dim() else tensor
        elif name == "visual.attnpool.positional_embedding" or (
            name.startswith("visual.attnpool.") and name.endswith(("q_proj.weight", "k_proj.weight", "v_proj.weight"))
        ):
            tensors[name] = tensor[:, order]
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, path)
    return folder


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Microscope]:
    root = tmp_path_factory.mktemp("beside")
    folders = [brought(root / "one", 0), permuted(brought(root / "mixed", 0)), brought(root / "third", 2, first=1000)]
    models = tuple(f"{folder.name}@{folder}" for folder in folders)
    microscope = Microscope(Settings(models=models, data=root / "data", device="cpu"))
    microscope.start()
    slugs = [folder.name for folder in folders]
    wait_for(lambda: all(microscope.indexes.find(slug) for slug in slugs))
    wait_for(lambda: all(microscope.column_desk.find(microscope.indexes.find(slug)) for slug in slugs))
    yield microscope
    microscope.close()


def ask(microscope: Microscope, *models: str, **question: object) -> BesidePage:
    return asyncio.run(microscope.beside_desk.page(*models, **question))  # type: ignore[arg-type]


def all_pairs(microscope: Microscope, *models: str, **question: object) -> list[tuple[int, int, float]]:
    found: list[tuple[int, int, float]] = []
    while True:
        page = ask(microscope, *models, **question, after=len(found))
        found += [(pair.a.unit, pair.b.unit, pair.correlation) for pair in page.pairs]
        if page.next is None:
            assert len(found) == page.matched
            return found
        assert f"after={len(found)}" in page.next


def test_a_permuted_model_is_matched_unit_by_unit(two: Microscope) -> None:
    pairs = all_pairs(two, "one", "mixed")
    index = two.indexes.find("one")
    assert index
    varying = {unit for unit in range(UNITS) if index.std(LAYER)[unit] > 0}
    assert {(one, other) for one, other, _ in pairs} == {
        (int(ORDER[other]), other) for other in range(UNITS) if int(ORDER[other]) in varying
    }
    assert min(r for _, _, r in pairs) > 0.999 and len(varying) > 250
    page = ask(two, "one", "mixed")
    assert (page.a.layer, page.b.layer, page.units, page.why) == (LAYER, LAYER, (UNITS, UNITS), "")
    assert page.compared == page.images == page.exact == 160
    assert page.pairs[0].b.url == f"/models/mixed/{LAYER}/{page.pairs[0].b.unit}"


def test_a_unit_of_one_has_its_like_in_the_other(two: Microscope) -> None:
    page = ask(two, "one", "mixed", unit=int(ORDER[31]))
    assert page.unit and page.unit.unit == ORDER[31]
    assert page.like[0].card.unit == 31 and page.like[0].mutual and page.like[0].correlation > 0.999
    rs = [each.correlation for each in page.like]
    assert rs == sorted(rs, reverse=True) and not page.like[1].mutual


def test_the_same_words_are_asked_of_both(two: Microscope) -> None:
    page = ask(two, "one", "mixed", q="red")
    assert page.a.units and {int(ORDER[hit.unit]) for hit in page.b.units} & {hit.unit for hit in page.a.units}
    found = asyncio.run(two.look_desk.search("red", "mixed", LAYER))
    assert page.b.units == found.units and page.q == "red"


def test_two_layers_of_one_model_and_the_same_layer_twice(two: Microscope) -> None:
    page = ask(two, "one", "one", layer_a="layer3.1", layer_b="layer3.0")
    assert page.units == (128, 128) and page.pairs and page.why == ""
    assert all(pair.correlation > 0 for pair in page.pairs)
    same = ask(two, "one", "one", layer_a=LAYER, layer_b=LAYER)
    assert same.pairs == [] and "choose another layer" in same.why


def test_without_pictures_that_both_saw_it_says_how_to_come_by_them(two: Microscope) -> None:
    page = ask(two, "one", "third", q="red", unit=3)
    assert page.pairs == page.like == [] and page.a.units and page.b.units
    assert "index build --model one" in page.why and "index build --model third" in page.why
    with pytest.raises(NotFound):
        ask(two, "one", "mixed", unit=UNITS)
    with pytest.raises(NotFound):
        ask(two, "one", "nothing")


def test_a_layer_that_a_model_lacks_counts_as_not_given(two: Microscope) -> None:
    page = ask(two, "one", "mixed", layer_a="layer3.0", layer_b="layer9", q="red")
    assert (page.a.layer, page.a.lacks, page.b.layer, page.b.lacks) == ("layer3.0", None, LAYER, "layer9")
    assert page.q == "red" and page.b.units


def test_numbers_shown_are_over_more_images_than_the_matching(two: Microscope, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beside, "QUICK_IMAGES", 64)
    page = ask(two, "one", "mixed", layer_a="layer3.0", layer_b="layer3.1")
    assert (page.compared, page.exact) == (64, 160)
    pair = page.pairs[0]
    ours, theirs = (two.column_desk.find(two.indexes.find(slug)) for slug in ("one", "mixed"))
    assert ours and theirs
    whole = np.corrcoef(ours.unit("layer3.0", pair.a.unit), theirs.unit("layer3.1", pair.b.unit))[0, 1]
    assert pair.correlation == pytest.approx(whole, abs=1e-3)
