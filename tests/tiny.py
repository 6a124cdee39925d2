"""A small random CLIP in every form that tests need: a checkpoint folder, its configuration, its tensors."""

import json
from pathlib import Path
from typing import Any

import open_clip
import torch
from open_clip.modified_resnet import ModifiedResNet
from safetensors.torch import save_file
from torch import nn

CONFIG: dict[str, Any] = {
    "model_cfg": {
        "embed_dim": 32,
        "vision_cfg": {"layers": [1, 1, 2, 1], "width": 8, "image_size": 64},
        "text_cfg": {"context_length": 16, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 1},
    },
    "preprocess_cfg": {
        "mean": [0.48, 0.46, 0.41],
        "std": [0.27, 0.26, 0.28],
        "interpolation": "bilinear",
        "resize_mode": "shortest",
    },
}


def tiny_module(seed: int = 0, config: dict[str, Any] = CONFIG) -> open_clip.CLIP:
    """A random CLIP whose every block does something: a fresh ResNet's upper blocks are identities."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        module = open_clip.CLIP(**config["model_cfg"])
        assert isinstance(module.visual, ModifiedResNet)
        enliven(module.visual, pictures=64)
    return module.eval().requires_grad_(False)


def enliven(visual: ModifiedResNet, pictures: int) -> None:
    """Randomise the batch norms' weights and set their statistics near what smooth random pictures give.

    Draws from torch's default generator: seed it first.
    """
    norms = [module for module in visual.modules() if isinstance(module, nn.BatchNorm2d)]
    for norm in norms:
        nn.init.uniform_(norm.weight, 0.5, 1.5)
        nn.init.normal_(norm.bias, std=0.3)
        norm.momentum = None  # a cumulative average
        norm.reset_running_stats()
    side = visual.image_size
    rgb = nn.functional.interpolate(torch.rand(pictures, 3, 8, 8), size=(side, side), mode="bicubic")
    with torch.no_grad():
        visual.train()(4 * (rgb - 0.5))
    for norm in norms:
        norm.momentum = 0.1
        assert norm.running_mean is not None and norm.running_var is not None
        norm.running_mean += 0.1 * torch.randn_like(norm.running_mean) * norm.running_var.sqrt()
        norm.running_var *= torch.empty_like(norm.running_var).uniform_(0.8, 1.25)
    visual.eval()


def tiny_hub_folder(folder: Path, seed: int = 0, config: dict[str, Any] = CONFIG) -> Path:
    """Write the tiny model, or one of another configuration, in open_clip's hub layout, in fp16, and return the folder:
    load it as `tiny@FOLDER`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "open_clip_config.json").write_text(json.dumps(config))
    tensors = {
        name: tensor.half() if tensor.is_floating_point() else tensor
        for name, tensor in tiny_module(seed, config).state_dict().items()
    }
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, folder / "open_clip_model.safetensors")
    return folder
