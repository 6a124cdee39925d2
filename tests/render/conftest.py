import copy
import dataclasses
import json

import open_clip
import pytest
import torch
from safetensors.torch import save_file

from app.clip import registry
from app.clip.clip import Clip
from tests.tiny import CONFIG


def in_double(clip: Clip) -> Clip:
    """The same model in float64, for identities that must hold to the last digits."""
    module = copy.deepcopy(clip.module).double()
    return dataclasses.replace(clip, module=module, mean=clip.mean.double(), std=clip.std.double())


@pytest.fixture(scope="session")
def double_clip(tiny_clip: Clip) -> Clip:
    """The tiny ResNet in float64."""
    return in_double(tiny_clip)


@pytest.fixture(scope="session")
def double_transformer(tmp_path_factory: pytest.TempPathFactory) -> Clip:
    """A small random vision transformer in float64: blocks.0 to blocks.3, 32 units, maps of 4 x 4."""
    folder = tmp_path_factory.mktemp("models") / "vit"
    folder.mkdir()
    vision = {"layers": 4, "width": 32, "head_width": 16, "patch_size": 16, "image_size": 64}
    config = {**CONFIG, "model_cfg": {**CONFIG["model_cfg"], "vision_cfg": vision}}
    (folder / "open_clip_config.json").write_text(json.dumps(config))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        module = open_clip.CLIP(**config["model_cfg"])
    save_file(module.state_dict(), folder / "open_clip_model.safetensors")
    return in_double(registry.load(registry.entry(f"vit@{folder}"), folder, "cpu", offline=True))


@pytest.fixture
def picture() -> torch.Tensor:
    """Two pictures, float64 [2, 3, 64, 64] in (0, 1)."""
    return torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
