"""Do automatic labels name what is known? On the model that comes with Facetscope, whose corpus records what it shows.

The known layer is the model's zero-shot classifier: a unit for each concept, its activation on an image the cosine of image
and word. Whatever names units should give each its own concept, from the images that drive it most. Every constant is
CLIP-Dissect's; nothing is chosen here. Beside soft-WPMI stand the naive ways: the words' cosine over the whole corpus, its
cube, and the word nearest to the mean of the strongest images. Then the same with thousands of English words among the
concepts', most of which the model never read; and the units of the last block, whose images the corpus calls by a concept.
"""

from collections.abc import Callable, Sequence
from contextlib import closing
from itertools import islice

import numpy as np
import torch
from torch import Tensor, nn

from app.clip import registry
from app.clip.clip import Clip
from app.corpus.look import measure as activations
from app.corpus.pictures import decoded
from app.corpus.sources import open_source
from app.demo.concepts import Concept, concepts
from app.errors import FacetscopeError
from app.lab import wpmi
from app.lab.making import SHUFFLED
from app.lab.words import english
from bench.rows import Row, Tell

GOAL = 0.9
TOGETHER = 32
AGREE, EXAMPLES = 6, 12  # of a unit's strongest images that must show one concept before it is taken for the unit's

Way = Callable[[Tensor, Tensor, Tensor], Tensor]
"""From image embeddings [N, E], word embeddings [W, E] and activations [N, U], to a score of each word for each unit [U, W]."""


def strongest(fires: Tensor) -> Tensor:
    """The images that drive each unit most: [U, K]."""
    return fires.topk(min(wpmi.IMAGES, len(fires)), 0).indices.T


def soft_wpmi(images: Tensor, words: Tensor, fires: Tensor) -> Tensor:
    """As labels are made: p(t) over shuffled units."""
    sets = strongest(fires)
    drawn = torch.from_numpy(wpmi.shuffled(sets.numpy(), SHUFFLED, 0))
    given = _given(images, words, torch.cat([sets, drawn]))
    return given[: len(sets)] - wpmi.LAMBDA * wpmi.log_prior(given[len(sets) :])


def over_units(images: Tensor, words: Tensor, fires: Tensor) -> Tensor:
    """As CLIP-Dissect's code has it: p(t) over the units themselves."""
    given = _given(images, words, strongest(fires))
    return given - wpmi.LAMBDA * wpmi.log_prior(given)


def cosine(images: Tensor, words: Tensor, fires: Tensor) -> Tensor:
    """The cosine of a unit's activations and a word's similarities, over all images; not centred, as in the released code,
    so activations before the ReLU, which lie around another value than zero, say little."""
    return nn.functional.normalize(fires, dim=0).T @ nn.functional.normalize(images @ words.T, dim=0)


def cosine_cubed(images: Tensor, words: Tensor, fires: Tensor) -> Tensor:
    """The same of their cubes, both centred before: the strong images weigh more."""
    cubed = [(values - values.mean(0)) ** 3 for values in (fires, images @ words.T)]
    return nn.functional.normalize(cubed[0], dim=0).T @ nn.functional.normalize(cubed[1], dim=0)


def nearest(images: Tensor, words: Tensor, fires: Tensor) -> Tensor:
    """How near a word is to the mean of a unit's strongest images."""
    return images[strongest(fires)].mean(1) @ words.T


WAYS: dict[str, Way] = {
    "soft_wpmi": soft_wpmi,
    "over_units": over_units,
    "cosine": cosine,
    "cosine_cubed": cosine_cubed,
    "nearest": nearest,
}


def _given(images: Tensor, words: Tensor, sets: Tensor) -> Tensor:
    *_, (table, _) = wpmi.log_given(images, words, sets)
    return table


def right(way: Way, images: Tensor, words: Tensor, fires: Tensor, answers: Sequence[int]) -> float:
    """The share of units whose best word is the right one."""
    return float((way(images, words, fires).argmax(1) == torch.tensor(answers)).double().mean())


@torch.no_grad()
def seen(clip: Clip, tell: Tell) -> tuple[Tensor, Tensor, list[str]]:
    """The corpus that the model brought along: embeddings [N, E], what it does to the last block [N, C], its concepts."""
    source, layer = open_source(str(registry.RELEASE / "corpus-*.tar")), clip.default_layer
    embeddings, fires, shown = [], [], []
    with closing(decoded(source)) as stream:
        while batch := list(islice(stream, TOGETHER)):
            rgb = torch.cat([clip.prepare([found]) for _, found in batch if not isinstance(found, FacetscopeError)])
            embeddings.append(nn.functional.normalize(clip.encode_image(rgb), dim=-1))
            fires.append(activations(clip, rgb, [layer])[layer][0])
            shown += [item.record.get("concept", "") for item, _ in batch]
            tell(f"{len(shown)} images")
    return torch.cat(embeddings), torch.cat(fires), shown


@torch.no_grad()
def texts(clip: Clip, words: Sequence[str]) -> Tensor:
    """Embeddings of bare words, of length 1."""
    parts = [clip.encode_text(words[start : start + 256]) for start in range(0, len(words), 256)]
    return nn.functional.normalize(torch.cat(parts), dim=-1)


def known_units(fires: Tensor, shown: Sequence[str], known: Sequence[Concept]) -> tuple[list[int], list[int]]:
    """The units most of whose strongest images show one concept, and that concept's number."""
    numbers = {concept.name: number for number, concept in enumerate(known)}
    units, answers = [], []
    for unit, images in enumerate(strongest(fires)[:, :EXAMPLES].tolist()):
        counts = np.bincount(
            [numbers[name] for name in (shown[int(image)] for image in images) if name in numbers], minlength=1
        )
        if counts.max() >= AGREE:
            units.append(unit)
            answers.append(int(counts.argmax()))
    return units, answers


def measure(tell: Tell) -> list[Row]:
    """Every way on the classifier, alone and among English words, and on the units of the last block."""
    clip, known = registry.load(registry.entry("iconclip"), registry.RELEASE, "cpu", offline=True), concepts()
    images, fires, shown = seen(clip, tell)
    tell("words")
    own = [concept.word for concept in known]
    others = [word for word in english() if word.casefold() not in {*own, *(each.name for each in known)}]
    words = texts(clip, [*own, *others])
    classifier, answers = images @ words[: len(own)].T, list(range(len(own)))
    units, meant = known_units(fires, shown, known)
    note = f"{len(own)} concepts, {len(images)} images, CLIP-Dissect's constants"
    among = f"the same among {len(words)} words"
    block = f"{among}: {len(units)} units of {clip.default_layer}, {AGREE} of whose {EXAMPLES} strongest images show one concept"
    rows = []
    for name, way in WAYS.items():
        tell(name)
        goal = GOAL if way is soft_wpmi else None
        share = right(way, images, words[: len(own)], classifier, answers)
        rows += [
            Row(f"labels.{name}", share, "share right", goal, note),
            Row(f"labels.{name}.among", right(way, images, words, classifier, answers), "share right", None, among),
            Row(f"labels.{name}.block", right(way, images, words, fires[:, units], meant), "share right", None, block),
        ]
    return rows
