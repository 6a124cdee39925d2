"""Maximal captions: texts that ask for one unit of the last layer more than any others that a search finds.

Goh et al. 2021, "text feature visualization": fix a unit on the vision side and climb over texts for the one that
maximises the logit. The article gives neither the moves nor the schedule; those here are ours. What is maximised is the
unit's score in `app.clip.text`, less a price for every token by how rare it is: by Zipf's law a token of rank r has a
probability in proportion to 1 / r, so it costs log r plus a constant. The published asset names speak of such a penalty.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.random import Generator, default_rng
from torch import Tensor

from app.clip.clip import Clip
from app.clip.text import bilinear, output_matrix
from app.clip.vocabulary import Vocabulary

RESTARTS, PROPOSALS, STEPS, PATIENCE = 8, 48, 64, 6
LONGEST = 8  # tokens
PENALTY = 0.1  # standard deviations of the scores of single tokens, for a factor of e in rarity
LIKELY = 512  # tokens that speak for the unit by themselves, from which half of the proposals are taken
MOVES = ("change", "insert", "delete", "swap")

Pieces = tuple[int, ...]
"""A text as places in the vocabulary."""


@dataclass(frozen=True)
class Caption:
    """A text, the unit's score for it, and what the search makes large: the score in standard deviations over single
    tokens, less the price of its tokens. `step` is where in its climb it was found."""

    text: str
    score: float
    objective: float
    step: int


@dataclass(frozen=True)
class Word:
    """A single token and the unit's score for it, also in standard deviations over all tokens."""

    text: str
    score: float
    sd: float


def single_words(clip: Clip, vocabulary: Vocabulary, unit: int, most: int) -> list[Word]:
    """The tokens that ask for the unit most, each as a text of its own: what a caption has to beat."""
    scores = token_scores(clip, vocabulary, unit)
    mean, std = scores.mean(), scores.std()
    best: dict[str, Word] = {}
    for place in np.argsort(-scores, kind="stable").tolist():
        text = vocabulary.pieces[place].strip()
        best.setdefault(text, Word(text, float(scores[place]), float((scores[place] - mean) / std)))
        if len(best) == most:
            break
    return list(best.values())


def token_scores(clip: Clip, vocabulary: Vocabulary, unit: int) -> np.ndarray:
    """The unit's score for every token of the vocabulary, float32 [V]."""
    column = output_matrix(clip.module.visual)[:, unit].detach().float().cpu()
    return (vocabulary.embeddings.float() @ column).numpy()


class Climb:
    """One search: `restarts` texts, each climbing by itself from its own start.

    Each step proposes `proposals` changed texts to each and takes the best if it is better. What a restart does depends
    on (seed, its number, step) alone. The first starts from the best single token, so that the result is no
    worse; the others from tokens drawn from the likely ones.
    """

    def __init__(
        self,
        clip: Clip,
        vocabulary: Vocabulary,
        unit: int,
        *,
        restarts: int = RESTARTS,
        proposals: int = PROPOSALS,
        steps: int = STEPS,
        penalty: float = PENALTY,
        seed: int = 0,
    ) -> None:
        self.clip, self.vocabulary, self.unit = clip, vocabulary, unit
        self.proposals, self.steps, self.seed = proposals, steps, seed
        single = token_scores(clip, vocabulary, unit)
        self.mean, self.scale = float(single.mean()), float(single.std()) or 1.0
        self.prices = penalty * np.log(np.arange(2, len(single) + 2))
        self.likely = np.argsort(-single, kind="stable")[:LIKELY]
        starts: list[Pieces] = [
            (int((single / self.scale - self.prices).argmax()),),
            *((self._likely(self._rng(r, 0)),) for r in range(1, restarts)),
        ]
        self.best = self._measured(starts, 0)
        self.texts = starts
        self.found: dict[frozenset[str], Caption] = {}
        for caption in self.best:
            self._keep(caption)

    def __iter__(self) -> Iterator[list[Caption]]:
        """The captions so far, best first, after the start and after every step; ends when no restart has become better
        for `PATIENCE` steps."""
        yield self.captions
        idle = 0
        for step in range(1, self.steps + 1):
            idle = 0 if self._advance(step) else idle + 1
            yield self.captions
            if idle == PATIENCE:
                return

    @property
    def captions(self) -> list[Caption]:
        """The best text of every set of words that some restart stood at, best first. Restarts often meet in the end."""
        return sorted(self.found.values(), key=lambda each: -each.objective)

    def _keep(self, caption: Caption) -> None:
        known = self.found.get(words := frozenset(caption.text.split()))
        if known is None or known.objective < caption.objective:
            self.found[words] = caption

    def in_sd(self, score: float) -> float:
        """A score in standard deviations from the mean over single tokens."""
        return (score - self.mean) / self.scale

    def _advance(self, step: int) -> bool:
        better = False
        moved = [self._proposed(text, self._rng(number, step)) for number, text in enumerate(self.texts)]
        measured = iter(self._measured([text for texts in moved for text in texts], step))
        for number, texts in enumerate(moved):
            found = [(next(measured), text) for text in texts]
            caption, text = max(found, key=lambda each: each[0].objective)
            if caption.objective > self.best[number].objective:
                self.best[number], self.texts[number], better = caption, text, True
                self._keep(caption)
        return better

    def _proposed(self, text: Pieces, rng: Generator) -> list[Pieces]:
        return [moved(text, str(rng.choice(MOVES)), self._token(rng), rng) for _ in range(self.proposals)]

    def _token(self, rng: Generator) -> int:
        return self._likely(rng) if rng.random() < 0.5 else int(rng.integers(len(self.vocabulary.pieces)))

    def _likely(self, rng: Generator) -> int:
        """A likely token, the first ones more often: the place is log-uniform."""
        return int(self.likely[int(len(self.likely) ** rng.random()) - 1])

    def _rng(self, restart: int, step: int) -> Generator:
        return default_rng([self.seed, restart, step])

    def _measured(self, texts: list[Pieces], step: int) -> list[Caption]:
        written = [self._written(text) for text in texts]
        different = list(dict.fromkeys(written))
        scores = dict(zip(different, scored(self.clip, different, self.unit).tolist(), strict=True))
        return [
            Caption(text, scores[text], scores[text] / self.scale - float(self.prices[list(pieces)].sum()), step)
            for pieces, text in zip(texts, written, strict=True)
        ]

    def _written(self, text: Pieces) -> str:
        return "".join(self.vocabulary.pieces[place] for place in text).strip()


def moved(text: Pieces, move: str, token: int, rng: Generator) -> Pieces:
    """A text after one move: a token changed, put in, taken out, or two of them swapped. Never empty, never longer than
    `LONGEST`; a move that a text is too short or too long for changes a token instead."""
    place = int(rng.integers(len(text)))
    if move == "insert" and len(text) < LONGEST:
        place = int(rng.integers(len(text) + 1))
        return (*text[:place], token, *text[place:])
    if move == "delete" and len(text) > 1:
        return (*text[:place], *text[place + 1 :])
    if move == "swap" and len(text) > 1:
        other = (place + int(rng.integers(1, len(text)))) % len(text)
        swapped = list(text)
        swapped[place], swapped[other] = swapped[other], swapped[place]
        return tuple(swapped)
    return (*text[:place], token, *text[place + 1 :])


@torch.no_grad()
def scored(clip: Clip, texts: list[str], unit: int) -> Tensor:
    """A unit's score for texts, [T] float32 on the CPU: that of `app.clip.text.unit_scores`."""
    parts = [
        bilinear(clip.module.visual, clip.encode_text(texts[start : start + 256]))[:, unit].float().cpu()
        for start in range(0, len(texts), 256)
    ]
    return torch.cat(parts)
