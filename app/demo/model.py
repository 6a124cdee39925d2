"""The embedded model as open_clip builds it, and its vision tower read at the last layer."""

from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from open_clip.model import CLIP
from open_clip.tokenizer import SimpleTokenizer
from safetensors.torch import load_file
from torch import Tensor


def build(model: dict, seed: int = 0) -> CLIP:
    """A fresh model of an open_clip configuration, its weights drawn from `seed` without touching the global state."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return CLIP(**model["model_cfg"])


def load(model: dict, weights: Path) -> CLIP:
    """A model with weights from a safetensors file (any float type), in float32 and evaluation mode."""
    clip = build(model)
    clip.load_state_dict({name: tensor.float() for name, tensor in load_file(weights).items()})
    return clip.eval()


def tokenizer(model: dict) -> SimpleTokenizer:
    """open_clip's own byte-pair tokenizer at the model's context length."""
    return SimpleTokenizer(context_length=model["model_cfg"]["text_cfg"]["context_length"])


class Normalize:
    """uint8 pictures (n, h, w, 3) -> float32 (n, 3, h, w), channels last, as the weights expect them."""

    def __init__(self, preprocess: dict, device: torch.device | None = None) -> None:
        self.mean = torch.tensor(preprocess["mean"], device=device).view(1, 3, 1, 1)
        self.std = torch.tensor(preprocess["std"], device=device).view(1, 3, 1, 1)

    def __call__(self, images: Tensor) -> Tensor:
        pictures = images.to(self.mean.device).permute(0, 3, 1, 2).float() / 255
        return ((pictures - self.mean) / self.std).contiguous(memory_format=torch.channels_last)


def see(clip: CLIP, images: Tensor) -> tuple[Tensor, Tensor]:
    """images (n, 3, h, w) -> embedding (n, d), and the last layer's output before its ReLU (n, units, h/32, w/32)."""
    before: list[Tensor] = []
    visual: Any = clip.visual
    # the ReLU works in place: keep what it gets
    handle = visual.layer4[-1].act3.register_forward_pre_hook(lambda _, inputs: before.append(inputs[0].clone()))
    try:
        embedding = visual(images)
    finally:
        handle.remove()
    return embedding, before[0]


@torch.no_grad()
def look(clip: CLIP, images: Tensor) -> tuple[Tensor, Tensor]:
    """Normalised pictures -> unit-length embeddings (n, d), and every unit's activation (n, units).

    The activation is the spatial mean of the last block's output before its ReLU.
    """
    embedding, deep = see(clip, images)
    return F.normalize(embedding, dim=-1), deep.mean((2, 3))
