"""Fixtures of the tests of models."""

import open_clip
import pytest
import torch

from app.clip.build import Recipe
from app.clip.clip import Clip, assemble
from app.clip.entry import Entry


@pytest.fixture(scope="session")
def tiny_transformer() -> Clip:
    """A random CLIP with a vision transformer: 3 blocks, 16 px patches of 64 px pictures."""
    config = {
        "embed_dim": 16,
        "vision_cfg": {"layers": 3, "width": 64, "patch_size": 16, "image_size": 64},
        "text_cfg": {"context_length": 16, "vocab_size": 49408, "width": 16, "heads": 2, "layers": 1},
    }
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        module = open_clip.CLIP(**config)
    recipe = Recipe(config, open_clip.transform.PreprocessCfg(size=64), "RN50")
    return assemble(Entry("vit", "vit", "vit", "none"), module, recipe, torch.device("cpu"))
