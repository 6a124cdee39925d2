"""The vision tower in two parts: as far as a layer, and from there to the embedding.

Whoever asks what units do edits the layer's map and runs the second part again, which for the last layer is the pooling
alone. The first part, nearly all of the work, runs once.
"""

from dataclasses import dataclass

import torch
from open_clip.modified_resnet import ModifiedResNet
from torch import Tensor

from app.clip.clip import Clip
from app.clip.edits import Edit
from app.clip.taps import run, tap


@dataclass(frozen=True, eq=False)
class Reached:
    """What a layer made of some pictures: its `map` [B, C, h, w], before the block's last ReLU where there is one, and of a
    transformer the class `token` as a map of one place, [B, C, 1, 1]."""

    layer: str
    map: Tensor
    token: Tensor | None = None

    def units(self) -> Tensor:
        """The activation of every unit, the spatial mean of its map: [B, C]."""
        return self.map.mean((2, 3))

    def first(self, count: int) -> "Reached":
        """Of the first pictures alone."""
        return Reached(self.layer, self.map[:count], None if self.token is None else self.token[:count])

    def edited(self, edit: Edit) -> "Reached":
        """The same with the map edited, and the class token as `edits.edited` has it."""
        return Reached(self.layer, edit(self.map), None if self.token is None else edit(self.token))


def reach(clip: Clip, rgb: Tensor, layer: str) -> Reached:
    """Run pictures [B, 3, S, S] in 0..1 as far as a layer.

    Raises:
        NotFound: the model has no such layer.
    """
    with tap(clip, {layer: "pre"}) as read:
        handed = run(clip, rgb, [layer])
    if isinstance(clip.module.visual, ModifiedResNet):
        return Reached(layer, read[layer])
    return Reached(layer, read[layer], handed[:, 0, :, None, None])


def onward(clip: Clip, reached: Reached) -> Tensor:
    """Run the rest of the tower: the embeddings [B, E] that `Clip.encode_image` gives the pictures."""
    visual, order = clip.module.visual, list(clip.layers)
    later = [visual.get_submodule(clip.layers[name].path) for name in order[order.index(reached.layer) + 1 :]]
    if reached.token is None:
        x = reached.map.relu()
        for block in later:
            x = block(x)
        return visual.get_submodule("attnpool")(x)
    x = torch.cat([each.flatten(2).transpose(1, 2) for each in (reached.token, reached.map)], dim=1)
    for block in later:
        x = block(x)
    pooled, _ = visual._pool(x)  # pyright: ignore[reportCallIssue]
    return pooled @ visual.get_parameter("proj")
