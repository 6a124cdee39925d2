"""Do renders show what their units fire for? A second model, trained from another seed, says what it sees on them.

The witness is that model's image tower and the concepts' texts, which is all that naming a picture takes.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from open_clip.model import CLIP
from PIL import Image
from safetensors.torch import load_file, save_file

from app.demo.concepts import Concept
from app.demo.evaluate import Reader, reader
from app.demo.model import Normalize, build

FIRST = 5
_VISUAL, _TEXTS = "visual.", "texts"


def save_witness(clip: CLIP, model: dict, concepts: Sequence[Concept], path: Path) -> None:
    """Write the image tower and the texts of the concepts' names, fp16."""
    tower = {_VISUAL + name: tensor for name, tensor in clip.visual.state_dict().items()}
    tensors = tower | {_TEXTS: reader(clip, model, concepts).texts}
    save_file({name: tensor.half().contiguous() for name, tensor in tensors.items()}, path)


def load_witness(model: dict, path: Path) -> Reader:
    """Read a witness of the same configuration."""
    tensors = {name: tensor.float() for name, tensor in load_file(path).items()}
    texts = tensors.pop(_TEXTS)
    clip = build(model)
    clip.visual.load_state_dict({name.removeprefix(_VISUAL): tensor for name, tensor in tensors.items()})
    return Reader(clip.eval(), Normalize(model["preprocess_cfg"]), texts)


def transfer(renders: Sequence[Image.Image], units: Sequence[tuple[int, int]], witness: Reader, side: int) -> dict:
    """Whether the witness names each unit's concept among its first five of all concepts, and how often by chance.

    renders: one picture per (unit, concept number); side: pixels of the witness's pictures. `chance` is the share of a
    guess; `permuted` how often the first five hold the concept of *another* unit of the list, which counts what any
    render of this model makes the witness say.
    """
    small = [np.asarray(each.convert("RGB").resize((side, side), Image.Resampling.BICUBIC)) for each in renders]
    closeness, _ = witness.compare(np.stack(small))
    ranks = closeness.argsort(dim=1, descending=True).argsort(dim=1)  # (renders, concepts), 0 is first
    own = torch.tensor([concept for _, concept in units])
    table = ranks[:, own] < FIRST  # [i, j]: render i names the concept of unit j
    other = own[:, None] != own[None, :]
    found = ranks[torch.arange(len(own)), own]
    return {
        "units": len(own),
        "top1": round(float((found == 0).float().mean()), 4),
        "top5": round(float((found < FIRST).float().mean()), 4),
        "chance": round(FIRST / closeness.shape[1], 4),
        "permuted": round(float(table[other].float().mean()), 4) if other.any() else None,
        "ranks": [[unit, int(rank) + 1] for (unit, _), rank in zip(units, found, strict=True)],
    }
