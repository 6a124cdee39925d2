"""In which precision a model's passes run: bfloat16 where it was measured to pay, float32 elsewhere.

Only what the model computes is in bfloat16. What a tap reads is float32 (`app.clip.taps`), and so are the objective, the
slopes of a facet, the roots of the backward pass and the picture. Small models stay in float32: their renders grow side
by side and must not show it, and a pass of theirs takes little time as it is
(docs/decisions/0006-what-a-step-costs.md).
"""

import copy
import time
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from weakref import WeakKeyDictionary

import torch
from open_clip.modified_resnet import ModifiedResNet
from torch import nn
from torch.nn.utils import fuse_conv_bn_eval

from app.clip import taps
from app.clip.clip import Clip

SMALL = 128  # px: models with an input up to this share passes on a CPU
GAIN = 1.3  # times as fast bfloat16 must be: where it is hardly faster it is not worth its rounding
TRIALS = 3  # timed passes of each kind, after one that is not


@dataclass(frozen=True)
class Tower:
    """What passes run through: the model, perhaps with another vision tower, and the precision of its blocks."""

    clip: Clip
    dtype: torch.dtype

    def cast(self) -> AbstractContextManager[object]:
        """The forward pass runs within this."""
        if self.dtype is torch.bfloat16:
            return torch.autocast(self.clip.device.type, torch.bfloat16)
        return nullcontext()


_lean: WeakKeyDictionary[Clip, Tower | None] = WeakKeyDictionary()
"""The towers in bfloat16 of the models that were asked for, None where it does not pay. None of them holds its key."""


def tower(clip: Clip) -> Tower:
    """What the passes of a model run through; measured when it is first asked for. Call on the device thread."""
    if clip not in _lean:
        _lean[clip] = _choose(clip)
    return _lean[clip] or Tower(clip, clip.mean.dtype)


def pays(plain_s: float, lean_s: float) -> bool:
    """Whether to take bfloat16 when a pass takes so many seconds in float32 and in bfloat16."""
    return plain_s >= GAIN * lean_s


def lean(clip: Clip) -> Tower:
    """A copy of the vision tower for passes in bfloat16.

    A ResNet's batch norms are folded into the convolutions before them, and those are cast for good: autocast would
    cast all weights anew in every pass, for they ask for no gradient. A transformer's norms need float32, so its
    weights stay as they are.
    """
    module = copy.copy(clip.module)
    module._modules = dict(module._modules)  # shared but for the vision tower
    if isinstance(clip.module.visual, ModifiedResNet):
        visual = folded(clip.module.visual).to(torch.bfloat16)
        module.visual = visual.to(memory_format=torch.channels_last)
    return Tower(replace(clip, module=module), torch.bfloat16)


def folded(visual: ModifiedResNet) -> ModifiedResNet:
    """A copy as far as the last block, its batch norms folded into the convolutions: in exact arithmetic the same."""
    visual = copy.deepcopy(visual)
    visual._modules["attnpool"] = nn.Identity()  # no pass goes so far
    for block in list(visual.modules()):
        for before, after in (("conv1", "bn1"), ("conv2", "bn2"), ("conv3", "bn3"), ("0", "1")):
            conv, norm = (block._modules.get(name) for name in (before, after))
            if isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                setattr(block, before, fuse_conv_bn_eval(conv, norm))
                setattr(block, after, nn.Identity())
    return visual.requires_grad_(False)


def _choose(clip: Clip) -> Tower | None:
    if clip.image_size <= SMALL or clip.mean.dtype is not torch.float32:
        return None
    clip.module.visual.to(memory_format=torch.channels_last)  # convolutions take less time with it
    if clip.device.type == "cuda" and not torch.cuda.is_bf16_supported(including_emulation=False):
        return None
    towers = (Tower(clip, torch.float32), lean(clip))
    times = [[_pass_s(each) for each in towers] for _ in range(1 + TRIALS)]
    plain_s, lean_s = (min(taken) for taken in zip(*times[1:], strict=True))
    return towers[1] if pays(plain_s, lean_s) else None


def _pass_s(tower: Tower) -> float:
    """Seconds of one pass, forward to the last block and back to a grey picture."""
    clip, layer, side = tower.clip, tower.clip.default_layer, tower.clip.image_size
    grey = torch.full((1, 3, side, side), 0.5, device=clip.device).contiguous(memory_format=torch.channels_last)
    seen = grey.requires_grad_()
    _wait(clip.device)
    started = time.perf_counter()
    with torch.enable_grad(), tower.cast(), taps.tap(clip, {layer: "post"}) as maps:
        taps.run(clip, seen, [layer])
    torch.autograd.grad(maps[layer].sum(), seen)
    _wait(clip.device)
    return time.perf_counter() - started


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
