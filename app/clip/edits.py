"""Change what a block of the vision tower hands on: units raised, or set to a value, for the rest of the network to consume.

A ResNet's map is edited before the block's last ReLU, where a tap of stage `pre` reads it: a unit that stays negative after
the edit is as silent as it was. A transformer's block ends without a ReLU, so its output is edited: the patch tokens as
a map, and the class token as a map of one place. That one is no place of the picture, yet the only token that is read
out: without it, no edit of the last block would change the embedding.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from open_clip.transformer import VisionTransformer
from torch import Tensor, nn

from app.clip.clip import Clip
from app.clip.layers import Layer

Edit = Callable[[Tensor], Tensor]
"""A map [B, C, h, w] to another of as many channels and places; it may give more pictures than it got."""


@contextmanager
def edited(clip: Clip, layer: str, edit: Edit) -> Iterator[None]:
    """Edit a layer in every forward pass within the block; the hook is gone when the block is left, however it is left.

    The newest edit works on what the older ones made of the map, and a tap that is set within the block reads what the
    edit made of it. Gradients go through.

    Raises:
        NotFound: the model has no such layer.
    """
    visual, at = clip.module.visual, clip.layer(layer)
    block = visual.get_submodule(at.path)
    if isinstance(visual, VisionTransformer):
        handle = block.register_forward_hook(_edits_tokens(at, edit))
    else:
        handle = block.get_submodule("act3").register_forward_pre_hook(_edits_input(edit))
    try:
        yield
    finally:
        handle.remove()


def ablated(units: Sequence[int], to: Tensor | float = 0.0) -> Edit:
    """Units held at a value at every place, whatever the picture: `to` is one for all of them, or one for each, [k]."""
    places = list(units)

    def edit(x: Tensor) -> Tensor:
        x = x.clone()
        x[:, places] = torch.as_tensor(to, dtype=x.dtype, device=x.device).expand(len(places))[:, None, None]
        return x

    return edit


def _edits_input(edit: Edit) -> Any:
    def hook(_relu: nn.Module, inputs: tuple[Tensor, ...]) -> Tensor:
        return edit(inputs[0]).clone()  # the ReLU overwrites what it is given

    return hook


def _edits_tokens(layer: Layer, edit: Edit) -> Any:
    def hook(_block: nn.Module, _inputs: tuple[Tensor, ...], output: Tensor) -> Tensor:
        n, _, channels = output.shape  # (n, 1 + h * w, c), the class token first
        maps = (output[:, :1].reshape(n, 1, 1, channels), output[:, 1:].reshape(n, *layer.map, channels))
        parts = [edit(each.permute(0, 3, 1, 2)).flatten(2).transpose(1, 2) for each in maps]
        return torch.cat(parts, dim=1)

    return hook
