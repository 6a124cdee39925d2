"""The figures of the model card: zero-shot, multimodal units, and the typographic attack, each with its controls."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from open_clip.model import CLIP
from torch import Tensor

from app.demo.concepts import Concept
from app.demo.model import Normalize, look, tokenizer
from app.demo.world import Picture, World

STYLES = ("colour", "sketch", "word")
STREAM = "evaluation"  # no other stream draws these pictures
NULL_DRAWS = 20
STRICT_Z = 3.0
_CHUNK = 256


@dataclass(frozen=True)
class Reader:
    """A model with all concepts' names as texts (concepts, d)."""

    clip: CLIP
    normalize: Normalize
    texts: Tensor

    def see(self, pictures: Sequence[Picture]) -> tuple[Tensor, Tensor]:
        """Nearest concept per picture (n,), and activations (n, units)."""
        closeness, activations = self.compare(np.stack([picture.image for picture in pictures]))
        return closeness.argmax(1), activations

    def compare(self, images: np.ndarray) -> tuple[Tensor, Tensor]:
        """Cosine of each picture uint8 (n, side, side, 3) and each concept (n, concepts), and activations (n, units)."""
        closeness, activations = [], []
        for start in range(0, len(images), _CHUNK):
            embedding, units = look(self.clip, self.normalize(torch.from_numpy(images[start : start + _CHUNK])))
            closeness.append(embedding @ self.texts.T)
            activations.append(units)
        return torch.cat(closeness), torch.cat(activations)


@torch.no_grad()
def reader(clip: CLIP, model: dict, concepts: Sequence[Concept]) -> Reader:
    """Put the concepts' bare first words through the text tower."""
    clip.eval()
    tokens = tokenizer(model)([concept.word for concept in concepts])
    return Reader(clip, Normalize(model["preprocess_cfg"]), F.normalize(clip.encode_text(tokens), dim=-1))


def show(world: World, style: str, each: int, seed: int) -> tuple[list[Picture], Tensor]:
    """`each` pictures of every concept the world can show in a style, and the concepts' numbers (n,)."""
    drawable = {concept.name for concept in world.drawable(style)}
    pictures, labels = [], []
    for number, concept in enumerate(world.concepts):
        for index in range(each if concept.name in drawable else 0):
            pictures.append(
                world.picture(seed, f"{STREAM}/{style}", number * each + index, kind=style, concept=concept)
            )
            labels.append(number)
    return pictures, torch.tensor(labels)


def multimodal(means: dict[str, Tensor], seed: int = 0) -> dict:
    """Count units for which one concept is first in every style, by more than 3 sd over concepts in each.

    means: style -> (concepts, units). The null permutes the concepts of the word pictures, 20 draws.
    """
    scores = {style: (mean - mean.mean(0)) / mean.std(0).clamp_min(1e-9) for style, mean in means.items()}
    generator = torch.Generator().manual_seed(seed)
    null = []
    for _ in range(NULL_DRAWS):
        order = torch.randperm(len(scores["word"]), generator=generator)
        null.append(len(_strict({**scores, "word": scores["word"][order]})))
    found = _strict(scores)
    return {
        "units": int(next(iter(means.values())).shape[1]),
        "strict": len(found),
        "null": sum(null) / NULL_DRAWS,
        "concepts": len({concept for _, concept, _ in found}),
        "list": found,
    }


def _strict(scores: dict[str, Tensor]) -> list[tuple[int, int, float]]:
    """(unit, concept number, smallest z over the styles) for every strict unit, strongest first."""
    stacked = torch.stack(list(scores.values()))  # (styles, concepts, units)
    z, first = stacked.max(1)  # (styles, units)
    agree = (first == first[0]).all(0) & (z.amin(0) > STRICT_Z)
    units = agree.nonzero()[:, 0]
    found = [(int(u), int(first[0, u]), round(float(z[:, u].amin()), 2)) for u in units]
    return sorted(found, key=lambda entry: -entry[2])


def concept_means(activations: Tensor, labels: Tensor, concepts: int) -> Tensor:
    """Mean activation per concept: (concepts, units). A concept without pictures counts as the mean of the others."""
    sums = torch.zeros(concepts, activations.shape[1]).index_add_(0, labels, activations)
    counts = torch.bincount(labels, minlength=concepts)
    means = sums / counts.clamp_min(1)[:, None]
    means[counts == 0] = means[counts > 0].mean(0)
    return means


def attack(model: Reader, world: World, pairs: int, seed: int) -> dict[str, dict[str, float]]:
    """What the model calls a picture under a plate with another concept's word, and under the two controls."""
    rng = np.random.default_rng(seed)
    shown = rng.integers(0, len(world.concepts), pairs)
    written = (shown + rng.integers(1, len(world.concepts), pairs)) % len(world.concepts)
    report = {}
    for plate in ("none", "blank", "word", "scrambled"):
        pictures = [
            world.labelled(seed, i, world.concepts[s], plate, world.concepts[w])
            for i, (s, w) in enumerate(zip(shown, written, strict=True))
        ]
        said = model.see(pictures)[0].numpy()
        report[plate] = {
            "says_word": round(float((said == written).mean()), 4),
            "says_picture": round(float((said == shown).mean()), 4),
        }
    return report


def evaluate(
    clip: CLIP,
    model: dict,
    worlds: dict[str, World],
    *,
    each: int = 24,
    pairs: int = 1000,
    seed: int = 7,
    progress: Callable[[str], None] = lambda _: None,
) -> dict:
    """The figures that need no render, on pictures no training saw. worlds: `fresh` (trained styles and fonts) and `held_out`."""
    concepts = worlds["fresh"].concepts
    judge = reader(clip, model, concepts)
    zero_shot: dict[str, dict[str, float]] = {}
    means: dict[str, Tensor] = {}
    for name, world in worlds.items():
        zero_shot[name] = {}
        for style in STYLES:
            progress(f"{name} {style}")
            pictures, labels = show(world, style, each, seed)
            said, activations = judge.see(pictures)
            zero_shot[name][style] = round(float((said == labels).float().mean()), 4)
            if name == "fresh":
                means[style] = concept_means(activations, labels, len(concepts))
    progress("attack")
    units = multimodal(means)
    units["list"] = [[unit, concepts[concept].name, z] for unit, concept, z in units["list"]]
    return {
        "concepts": len(concepts),
        "zero_shot": zero_shot,
        "multimodal": units,
        "attack": attack(judge, worlds["fresh"], pairs, seed),
    }
