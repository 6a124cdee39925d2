"""What a model takes pictures for, in two ways at once: zero-shot, and by a linear probe of a layer; with units edited or not."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from app.clip.clip import Clip
from app.clip.onward import Reached, onward, reach
from app.lab.linear import LinearProbe

UNKNOWN = -1  # a class that is not among those that are told apart


@dataclass(frozen=True, eq=False)
class Judges:
    """The two classifiers at a layer. `texts` [K, E] are the classes' directions; `numbers` [classes of the probe] the place of
    each of its classes among those K, `UNKNOWN` for others."""

    clip: Clip
    layer: str
    texts: Tensor
    probe: LinearProbe | None
    numbers: NDArray[np.int64]

    def see(self, pictures: Sequence[Image.Image]) -> Reached:
        """What the layer makes of pictures."""
        return reach(self.clip, self.clip.tensors(pictures), self.layer)

    def tops(self, reached: Reached) -> NDArray[np.int64]:
        """The likeliest class of each picture, zero-shot and by the probe: [2, B]."""
        images = torch.nn.functional.normalize(onward(self.clip, reached).float(), dim=-1)
        said = (images @ self.texts.T.to(images)).argmax(1).cpu().numpy()
        if self.probe is None:
            return np.stack([said, np.full_like(said, UNKNOWN)])
        return np.stack([said, self.numbers[self.probe.probabilities(reached.units()).argmax(1).numpy()]])
