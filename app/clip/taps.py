"""Read block outputs of the vision tower while it runs.

What a tap reads is the very tensor that the rest of the network consumes, so a gradient of anything deeper reaches it.
Two traps of open_clip's ResNet blocks are dealt with here: the last ReLU works in place, so the value before it would
be overwritten, and the identity is added in place, so a tensor kept from the last batch-norm would be as well.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, Literal

import torch
from open_clip.modified_resnet import ModifiedResNet
from open_clip.transformer import VisionTransformer
from torch import Tensor, nn

from app.clip.clip import Clip
from app.clip.layers import Layer
from app.errors import BadInput

SMALLEST = 32  # px: the stride of a ResNet's last layer, which then has one place

Stage = Literal["pre", "post"]
"""Before or after the block's last ReLU; a transformer's block ends without one, so there both are its output."""


@contextmanager
def tap(clip: Clip, stages: Mapping[str, Stage]) -> Iterator[dict[str, Tensor]]:
    """Read the named layers in every forward pass within the block; the newest pass wins.

    Yields:
        Layer name -> [B, C, h, w], filled by the pass, part of its autograd graph and never overwritten by it. The
        hooks are gone when the block is left, however it is left; the tensors stay with whoever holds the dict.

    Raises:
        NotFound: the model has no such layer.
    """
    read: dict[str, Tensor] = {}
    with ExitStack() as hooks:
        for name, stage in stages.items():
            hooks.enter_context(_hook(clip.module.visual, clip.layer(name), stage, read))
        yield read


def run(clip: Clip, rgb: Tensor, layers: Sequence[str]) -> Tensor:
    """Run the vision tower as far as the deepest of the layers, for its taps to read: no later block, no pooling.

    Args:
        rgb: [B, 3, H, W] in 0..1. A ResNet takes any size from 32 px, a transformer only the one it was trained on.

    Returns:
        What the deepest block handed on: [B, C, h, w] of a ResNet, [B, 1 + h * w, C] of a transformer.

    Raises:
        NotFound: the model has no such layer.
        BadInput: a size the tower cannot take.
    """
    order = list(clip.layers)
    deepest = max((order.index(clip.layer(name).name) for name in layers), default=-1)
    visual = clip.module.visual
    x = _enter(clip, clip.normalize(rgb))
    for name in order[: deepest + 1]:
        x = visual.get_submodule(clip.layers[name].path)(x)
    return x


@torch.no_grad()
def activations(clip: Clip, rgb: Tensor, layers: Sequence[str]) -> dict[str, Tensor]:
    """The maps [B, C, h, w] of the layers before their last ReLU, without gradients.

    Args:
        rgb: [B, 3, H, W] in 0..1.

    Raises:
        NotFound: the model has no such layer.
    """
    stages: dict[str, Stage] = dict.fromkeys(layers, "pre")
    with tap(clip, stages) as read:
        run(clip, rgb, layers)
    return read


def _enter(clip: Clip, x: Tensor) -> Tensor:
    """What the first block gets."""
    visual, side = clip.module.visual, clip.image_size
    if isinstance(visual, ModifiedResNet):
        if min(x.shape[2:]) < SMALLEST:
            raise BadInput(f"{clip.slug} needs pictures of at least {SMALLEST} px: choose a larger size.", field="size")
        return visual.stem(x)
    assert isinstance(visual, VisionTransformer)  # the layer table takes no other
    if x.shape[2:] != (side, side):
        raise BadInput(f"{clip.slug} takes pictures of {side} px only: choose that size.", field="size")
    return visual._embeds(x)


@contextmanager
def _hook(visual: nn.Module, layer: Layer, stage: Stage, read: dict[str, Tensor]) -> Iterator[None]:
    block = visual.get_submodule(layer.path)
    if isinstance(visual, VisionTransformer):
        handle = block.register_forward_hook(_reads_tokens(layer, read))
    elif stage == "post":
        handle = block.register_forward_hook(_reads_output(layer, read))
    else:
        handle = block.get_submodule("act3").register_forward_pre_hook(_reads_input(layer, read))
    try:
        yield
    finally:
        handle.remove()


def _reads_output(layer: Layer, read: dict[str, Tensor]) -> Any:
    def hook(_block: nn.Module, _inputs: tuple[Tensor, ...], output: Tensor) -> Tensor:
        read[layer.name] = _full(output)
        return read[layer.name]

    return hook


def _reads_input(layer: Layer, read: dict[str, Tensor]) -> Any:
    def hook(_activation: nn.Module, inputs: tuple[Tensor, ...]) -> Tensor:
        read[layer.name] = _full(inputs[0])
        return read[layer.name].clone()  # the ReLU overwrites what it is given

    return hook


def _reads_tokens(layer: Layer, read: dict[str, Tensor]) -> Any:
    def hook(_block: nn.Module, _inputs: tuple[Tensor, ...], output: Tensor) -> Tensor:
        n, _, channels = output.shape  # (n, 1 + h * w, c), the class token first
        output = _full(output)
        grid = output[:, 1:].reshape(n, *layer.map, channels).permute(0, 3, 1, 2)  # (n, c, h, w)
        read[layer.name] = grid
        # Hand on what was read, not its source: otherwise no gradient from deeper layers would reach the reading.
        return torch.cat([output[:, :1], grid.flatten(2).transpose(1, 2)], dim=1)

    return hook


def _full(output: Tensor) -> Tensor:
    """A map that autocast computed in half precision as float32, for sums over it and slopes in it; others as they are."""
    return output.float() if output.dtype in (torch.bfloat16, torch.float16) else output
