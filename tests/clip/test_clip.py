"""A loaded model: preprocessing as its weights say, and a hash that names its content."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from open_clip.transform import PreprocessCfg, image_transform_v2
from PIL import Image
from torchvision.transforms import Compose

from app.clip import registry
from app.clip.clip import Clip, weights_hash
from tests.tiny import CONFIG, tiny_hub_folder, tiny_module


def picture(width: int, height: int) -> Image.Image:
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8))


def reload(folder: Path) -> Clip:
    return registry.load(registry.entry(f"tiny@{folder}"), folder, "cpu", offline=True)


@pytest.mark.parametrize("resize_mode", ["shortest", "longest", "squash"])
@pytest.mark.parametrize("interpolation", ["bicubic", "bilinear"])
def test_preparing_then_normalising_is_open_clips_own_transform(
    tiny_folder: Path, tmp_path: Path, resize_mode: str, interpolation: str
) -> None:
    told: dict[str, Any] = CONFIG["preprocess_cfg"] | {"resize_mode": resize_mode, "interpolation": interpolation}
    (tmp_path / "open_clip_config.json").write_text(json.dumps(CONFIG | {"preprocess_cfg": told}))
    (tmp_path / "model.safetensors").symlink_to(tiny_folder / "open_clip_model.safetensors")
    clip = reload(tmp_path)
    images = [picture(100, 70), picture(64, 64), picture(33, 180)]
    transform = image_transform_v2(PreprocessCfg(size=64, **told), is_train=False)
    assert isinstance(transform, Compose)
    prepared = clip.prepare(images)
    assert prepared.shape == (3, 3, 64, 64)
    assert prepared.min() >= 0 and prepared.max() <= 1
    torch.testing.assert_close(
        clip.normalize(prepared), torch.stack([torch.as_tensor(transform(image)) for image in images])
    )
    assert (clip.resize_mode, clip.interpolation, clip.image_size) == (resize_mode, interpolation, 64)


def test_the_model_wants_no_gradients_and_is_in_fp32_evaluation_mode(tiny_clip: Clip) -> None:
    assert not tiny_clip.module.training
    assert {parameter.dtype for parameter in tiny_clip.module.parameters()} == {torch.float32}
    assert not any(parameter.requires_grad for parameter in tiny_clip.module.parameters())


def test_a_picture_and_a_text_land_in_one_space(tiny_clip: Clip) -> None:
    image = tiny_clip.encode_image(tiny_clip.prepare([picture(80, 64)]))
    assert image.shape == tiny_clip.encode_text(["a bell"]).shape == (1, 32)
    assert tiny_clip.tokenize(["a bell", "bells " * 50]).shape == (2, 16)


def test_the_same_weights_have_the_same_hash_wherever_they_lie(tiny_clip: Clip, tmp_path: Path) -> None:
    assert reload(tiny_hub_folder(tmp_path / "copy")).weights_hash == tiny_clip.weights_hash


def test_one_changed_number_or_another_preprocessing_is_another_hash() -> None:
    module, preprocess = tiny_module(), PreprocessCfg(size=64)
    model = CONFIG["model_cfg"]
    hashes = {weights_hash(module, model, preprocess), weights_hash(module, model, PreprocessCfg(size=96))}
    hashes.add(weights_hash(module, model | {"quick_gelu": True}, preprocess))
    with torch.no_grad():
        module.get_parameter("visual.layer3.1.conv2.weight")[0, 0, 0, 0] += 1e-6
    hashes.add(weights_hash(module, model, preprocess))
    assert len(hashes) == 4
    counted = weights_hash(module, model, preprocess)
    module.get_buffer("visual.bn1.num_batches_tracked").add_(1)
    assert weights_hash(module, model, preprocess) == counted, "training's counter changes no answer"
