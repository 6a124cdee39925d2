"""One file with all the artwork the world needs: sprites and words as masks. Fonts and icon sets stay behind."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

SPRITE_PX = 96
TEXT_PX = 32


@dataclass(frozen=True)
class SpriteLabel:
    """What a sprite shows: `style` is the icon set, `name` its name there, `kind` one of colour, line, edge, flag."""

    concept: str
    name: str
    style: str
    kind: str
    held_out: bool


@dataclass(frozen=True)
class TextLabel:
    """What a mask says: `kind` is word, scrambled (a word's letters in disorder) or nonsense (concept empty)."""

    text: str
    concept: str
    font: str
    kind: str
    held_out: bool


@dataclass(frozen=True)
class Pack:
    """Sprites uint8 (n, 96, 96, 4), straight alpha; texts: one uint8 (32, w) coverage mask each."""

    sprites: np.ndarray
    sprite_labels: list[SpriteLabel]
    texts: list[np.ndarray]
    text_labels: list[TextLabel]

    def only(self, keep: Callable[[SpriteLabel], bool]) -> "Pack":
        """The same words with some of the sprites."""
        chosen = [i for i, label in enumerate(self.sprite_labels) if keep(label)]
        return Pack(self.sprites[chosen], [self.sprite_labels[i] for i in chosen], self.texts, self.text_labels)

    def save(self, path: Path) -> None:
        """Write the pack as a compressed npz."""
        path.parent.mkdir(parents=True, exist_ok=True)
        labels = {"sprites": [asdict(s) for s in self.sprite_labels], "texts": [asdict(t) for t in self.text_labels]}
        np.savez_compressed(
            path,
            sprites=self.sprites,
            texts=np.concatenate(self.texts, axis=1),
            widths=np.array([t.shape[1] for t in self.texts]),
            labels=np.frombuffer(json.dumps(labels).encode(), dtype=np.uint8),
        )


def load_pack(path: Path) -> Pack:
    """Read a pack. FileNotFoundError when it was never built."""
    with np.load(path) as data:
        labels = json.loads(data["labels"].tobytes())
        texts = np.split(data["texts"], np.cumsum(data["widths"])[:-1], axis=1)
        return Pack(
            sprites=data["sprites"],
            sprite_labels=[SpriteLabel(**entry) for entry in labels["sprites"]],
            texts=[np.ascontiguousarray(text) for text in texts],
            text_labels=[TextLabel(**entry) for entry in labels["texts"]],
        )
