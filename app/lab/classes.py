"""What a picture is said to show: a list of classes, and a model's zero-shot choice among them by its own text side."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from open_clip.zero_shot_metadata import IMAGENET_CLASSNAMES
from torch import Tensor

from app.clip.clip import Clip
from app.errors import BadInput
from app.spec.classes import HOLE

PROMPT = "a photo of a {}"
BATCH = 16  # texts: a second of a large model on a CPU
MOST = 2000  # classes: as many as ImageNet has, and some of one's own beside them
IMAGENET = tuple(IMAGENET_CLASSNAMES)


@dataclass(frozen=True)
class Classes:
    """Names to choose among, and the prompts that make texts of a name: each has the hole `{}` where the name goes."""

    names: tuple[str, ...]
    prompts: tuple[str, ...] = (PROMPT,)

    def __post_init__(self) -> None:
        if not 2 <= len(self.names) <= MOST:
            raise BadInput(
                f"classes: there are {len(self.names):,}; from 2 to {MOST:,} can be told apart.", field="classes"
            )
        if not self.prompts or any(HOLE not in prompt for prompt in self.prompts):
            raise BadInput(
                f"prompt: write {HOLE} where the name of the class goes, such as {PROMPT!r}.", field="prompt"
            )

    def texts(self, name: str) -> list[str]:
        """The texts of one name, one for each prompt."""
        return [prompt.replace(HOLE, name) for prompt in self.prompts]


def class_texts(clip: Clip, classes: Classes) -> Tensor:
    """One direction for each class: the mean over its prompts of the normalised text embeddings, normalised: [K, E].

    Raises:
        BadInput: the model cannot read texts.
    """
    *_, found = reading(clip, classes)
    assert isinstance(found, Tensor)
    return found


def reading(clip: Clip, classes: Classes) -> Iterator[tuple[int, int] | Tensor]:
    """`class_texts` in steps: yields how many texts were read and how many there are, at the end the directions."""
    texts = [text for name in classes.names for text in classes.texts(name)]
    parts: list[Tensor] = []
    for start in range(0, len(texts), BATCH):
        with torch.no_grad():
            parts.append(clip.encode_text(texts[start : start + BATCH]).float())
        yield min(start + BATCH, len(texts)), len(texts)
    each = torch.nn.functional.normalize(torch.cat(parts), dim=-1)
    mean = each.view(len(classes.names), len(classes.prompts), -1).mean(1)
    yield torch.nn.functional.normalize(mean, dim=-1)


@torch.no_grad()
def zero_shot(clip: Clip, rgb: Tensor, texts: Tensor) -> Tensor:
    """How likely the model finds each class for each picture: softmax of the scaled cosines, [B, K] on the CPU, rows sum to 1.

    Args:
        rgb: [B, 3, S, S] in 0..1, as `Clip.prepare` gives it.
        texts: [K, E] of `class_texts`.
    """
    return probabilities(clip, clip.encode_image(rgb), texts)


@torch.no_grad()
def probabilities(clip: Clip, embeddings: Tensor, texts: Tensor) -> Tensor:
    """As `zero_shot`, of pictures that are embedded already: [B, E], of any length, to [B, K]."""
    images = torch.nn.functional.normalize(embeddings.float(), dim=-1)
    scale = clip.module.logit_scale.exp()
    return (scale * images @ texts.T.to(images)).softmax(-1).cpu()


def best(probabilities: Tensor, names: Sequence[str], count: int = 5) -> list[tuple[str, float]]:
    """The likeliest classes of one picture [K], the likeliest first, each with its probability."""
    values, places = probabilities.topk(min(count, len(names)))
    return [(str(names[place]), value) for place, value in zip(places.tolist(), values.tolist(), strict=True)]
