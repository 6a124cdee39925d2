"""Names: what a slug or a path stands for, and what is said when it stands for nothing."""

import json
import re
import shutil
from pathlib import Path

import pytest
import torch

from app import urls
from app.clip import registry
from app.clip.clip import Clip
from app.errors import BadInput, NotFound, NotReady, WeightsMissing


def test_all_of_openais_models_and_our_own_are_known() -> None:
    assert [entry.slug for entry in registry.known()] == [
        "iconclip",
        *(f"{name}.openai" for name in ("RN50", "RN101", "RN50x4", "RN50x16", "RN50x64")),
        *(f"{name}.openai" for name in ("ViT-B-32", "ViT-B-16", "ViT-L-14")),
    ]
    assert all(registry.entry(entry.slug) == entry for entry in registry.known())


def test_any_other_pretrained_tag_of_open_clip_is_a_model() -> None:
    entry = registry.entry("ViT-B-32.laion2b_s34b_b79k")
    assert (entry.architecture, entry.pretrained) == ("ViT-B-32", "laion2b_s34b_b79k")
    assert registry.image_size(entry) == 224


def test_an_unknown_model_is_answered_with_the_known_ones() -> None:
    with pytest.raises(NotFound, match="choose one of iconclip, RN50.openai"):
        registry.entry("RN51.openai")
    with pytest.raises(NotFound, match="open_clip has RN50.openai, RN50.yfcc15m"):
        registry.entry("RN50.laion")


@pytest.mark.parametrize("name", ["", "a b", "../x", "é", "a/b"])
def test_a_name_that_cannot_be_in_an_address_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot be part of an address"):
        registry.entry(f"{name}@{tmp_path}")


def test_a_folder_cannot_take_the_name_of_a_published_model(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="is taken"):
        registry.entry(f"RN50.openai@{tmp_path}")
    with pytest.raises(BadInput, match="is taken"):
        registry.entry(f"ViT-B-32.laion2b_s34b_b79k@{tmp_path}")


def test_a_path_that_leads_nowhere_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=re.escape(str(tmp_path / "gone"))):
        registry.entry(f"mine@{tmp_path / 'gone'}")


def test_two_files_of_one_name_have_two_slugs_that_fit_in_an_address(tmp_path: Path) -> None:
    slugs = set()
    for folder in ("a", "b"):
        path = tmp_path / folder / "epoch 3 (best)?.pt"
        path.parent.mkdir()
        path.touch()
        slugs.add(registry.entry(f"RN50@{path}").slug)
    assert len(slugs) == 2
    for slug in slugs:
        assert re.fullmatch(r"RN50\.epoch-3-best-[0-9a-f]{6}", slug)
        assert urls.model(slug) == f"/models/{slug}"


def test_a_folder_keeps_its_name_and_answers_as_it_did_when_written(tiny_clip: Clip, tiny_folder: Path) -> None:
    assert tiny_clip.slug == "tiny"
    assert registry.layers(registry.entry(f"tiny@{tiny_folder}")) == tiny_clip.layers
    assert registry.cached(registry.entry(f"tiny@{tiny_folder}"), tiny_folder) is not None


def test_a_config_beside_a_file_decides_its_preprocessing(tmp_path: Path) -> None:
    path = tmp_path / "weights.pt"
    path.touch()
    config = {"model_cfg": {"vision_cfg": {}, "text_cfg": {}}, "preprocess_cfg": {"mean": [0, 0, 0]}}
    (tmp_path / "open_clip_config.json").write_text(json.dumps(config))
    recipe = registry._recipe(registry.entry(f"RN50@{path}"), path, from_openai=False)
    assert list(recipe.preprocess.mean) == [0, 0, 0]
    assert recipe.preprocess.size == 224


def test_a_folder_without_weights_or_config_says_what_is_missing(tiny_folder: Path, tmp_path: Path) -> None:
    entry = registry.entry(f"mine@{tmp_path}")
    for attempt in (registry.load, registry.fetch):
        with pytest.raises(WeightsMissing, match="put the checkpoint there"):
            attempt(entry, tmp_path)
    shutil.copy(tiny_folder / "open_clip_config.json", tmp_path)
    with pytest.raises(WeightsMissing, match=re.escape(str(tmp_path / "open_clip_model.safetensors"))):
        registry.load(entry, tmp_path)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"model_cfg": 3}', '{"model_cfg": {"vision_cfg": {}}}'])
def test_a_folder_with_a_broken_config_is_refused(text: str, tiny_folder: Path, tmp_path: Path) -> None:
    shutil.copy(tiny_folder / "open_clip_model.safetensors", tmp_path)
    (tmp_path / "open_clip_config.json").write_text(text)
    with pytest.raises(NotReady, match="is no open_clip config"):
        registry.load(registry.entry(f"mine@{tmp_path}"), tmp_path)


def test_loading_leaves_torchs_random_numbers_alone(tiny_folder: Path) -> None:
    before = torch.random.get_rng_state()
    registry.load(registry.entry(f"tiny@{tiny_folder}"), tiny_folder)
    assert torch.equal(torch.random.get_rng_state(), before)
