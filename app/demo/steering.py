"""Do the shipped facets steer? Measured from the shipped files alone, through the code that serves any model.

Half of a facet's pictures, and as many of one half of the corpus as the server takes, train the facet that steers. The
other halves train the one that judges: a probe that had no part in the picture. Its pictures of the corpus leave out
those that show the theme themselves, which only a labelled corpus can tell; they also give the steering probe's AUC.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np
import torch
from PIL import Image
from sklearn.metrics import roc_auc_score

from app import images
from app.clip import taps
from app.clip.clip import Clip
from app.corpus.sources import Item, open_source
from app.demo.release import FACE_CONCEPTS
from app.facets.facet import Facet, log_odds
from app.facets.pictures import NEGATIVES
from app.facets.train import default_layers, train
from app.render.gallery import BATCH, pictures

UNITS = 20
PRESET = "standard"
STRENGTH = 1.0
KEPT = 0.5  # of the activation of the render without the facet
MAX_BYTES, MAX_PIXELS = 1_000_000, 1_000_000

Tell = Callable[[str], None]
Record = Mapping[str, str]

SHOWS: Mapping[str, Callable[[Record], bool]] = MappingProxyType(
    {
        "text": lambda record: record.get("kind") in ("word", "labelled"),
        "sketch": lambda record: record.get("kind") == "sketch",
        "colour": lambda record: record.get("kind") not in ("word", "sketch", "background"),
        "face": lambda record: record.get("concept") in FACE_CONCEPTS,
        "flag": lambda record: record.get("family") == "countries",
        "scene": lambda record: record.get("kind") in ("scene", "background"),
        "several": lambda record: record.get("kind") in ("several", "many"),
    }
)
"""Whether a picture of the corpus shows a facet's theme, by its labels."""


@dataclass(frozen=True)
class Theme:
    """The facet that steers and the one that judges; `auc` is the first one's on the second one's pictures."""

    name: str
    steers: Facet
    judges: Facet
    auc: float


@dataclass(frozen=True)
class Pair:
    """What a facet did to a unit's picture: how much the judge's log odds rose, the activation with and without."""

    theme: str
    unit: int
    gain: float
    activation: float
    plain: float

    @property
    def up(self) -> bool:
        return self.gain > 0

    @property
    def kept(self) -> bool:
        return self.activation >= KEPT * self.plain


def listed_units(release: Path) -> list[int]:
    """The multimodal units of the release's evaluation, strongest first."""
    evaluation = json.loads((release / "evaluation.json").read_text())
    return [int(unit) for unit, *_ in evaluation["multimodal"]["list"]]


def themes(clip: Clip, release: Path, tell: Tell) -> Iterator[Theme]:
    """Train the two probes of every facet in `release/facets`, from the pictures there and in the corpus."""
    corpus = list(open_source(str(release / "corpus-*.tar")))
    halves = [corpus[half::2] for half in (0, 1)]
    for tar in sorted((release / "facets").glob("*.tar")):
        tell(f"training {tar.stem}")
        yield _theme(clip, tar.stem, list(open_source(str(tar))), halves)


def _theme(clip: Clip, name: str, shown: list[Item], halves: list[list[Item]]) -> Theme:
    clean = [item for item in halves[1] if not SHOWS[name](item.record)]
    positives = [_decoded(shown[half::2]) for half in (0, 1)]
    negatives = [_decoded(halves[0][:NEGATIVES]), _decoded(clean)]
    steers, judges = (train(clip, positives[i], negatives[i], default_layers(clip), seed=i) for i in (0, 1))
    odds = [_odds(clip, steers, batch) for batch in (positives[1], negatives[1])]
    labels = np.repeat([1, 0], [len(each) for each in odds])
    return Theme(name, steers, judges, float(roc_auc_score(labels, torch.cat(odds).numpy())))


def _decoded(items: Sequence[Item]) -> list[Image.Image]:
    return [images.decode(item.read(), max_bytes=MAX_BYTES, max_pixels=MAX_PIXELS) for item in items]


def _odds(clip: Clip, facet: Facet, drawn: list[Image.Image]) -> torch.Tensor:
    return log_odds(facet, clip, clip.prepare(drawn)).mean(dim=1)


def _activations(clip: Clip, units: Sequence[int], drawn: list[Image.Image]) -> list[float]:
    maps = taps.activations(clip, clip.prepare(drawn), [clip.default_layer])[clip.default_layer]
    return [float(maps[i, unit].mean()) for i, unit in enumerate(units)]


def draw(clip: Clip, units: Sequence[int], facet: Facet | None = None, strength: float = STRENGTH) -> list[Image.Image]:
    """The renders of units of the last layer, as the gallery makes them, without a facet or with one."""
    batches = [tuple(units[start : start + BATCH]) for start in range(0, len(units), BATCH)]
    return [
        picture
        for batch in batches
        for picture in pictures(clip, clip.default_layer, batch, facet, PRESET, strength if facet else 0.0)
    ]


def steer(
    clip: Clip, units: Sequence[int], among: Sequence[Theme], tell: Tell, strength: float = STRENGTH
) -> list[Pair]:
    """Draw every unit without a facet and with each, and judge each pair."""
    tell("drawing without a facet")
    plain = draw(clip, units)
    before = _activations(clip, units, plain)
    pairs: list[Pair] = []
    for theme in among:
        tell(f"drawing with {theme.name}")
        drawn = draw(clip, units, theme.steers, strength)
        gains = _odds(clip, theme.judges, drawn) - _odds(clip, theme.judges, plain)
        after = _activations(clip, units, drawn)
        pairs += [Pair(theme.name, *row) for row in zip(units, gains.tolist(), after, before, strict=True)]
    return pairs


def share(flags: Sequence[bool]) -> float:
    """The share of flags that are set."""
    return sum(flags) / len(flags)


def facets(clip: Clip, release: Path, units: Sequence[int], tell: Tell) -> dict[str, dict[str, float]]:
    """The figures of the model card: per facet, and over all pairs as `all`."""
    trained = list(themes(clip, release, tell))
    pairs = steer(clip, units, trained, tell)
    report = {theme.name: {"auc": round(theme.auc, 4)} | _shares(pairs, theme.name) for theme in trained}
    return report | {"all": {"auc": min(theme.auc for theme in trained)} | _shares(pairs, None)}


def _shares(pairs: Sequence[Pair], theme: str | None) -> dict[str, float]:
    own = [pair for pair in pairs if theme in (None, pair.theme)]
    return {
        "pairs": len(own),
        "score_up": round(share([pair.up for pair in own]), 4),
        "activation_kept": round(share([pair.kept for pair in own]), 4),
    }
