"""Does a facet steer? On the model that comes with Facetscope, through the code that serves any other.

For its strongest multimodal units and each of its facets: is the finished picture more of the theme with the facet
than without, by a probe that had no part in making it (other pictures of the theme, other pictures of the corpus), and
does the unit still fire on it more than on 99% of the corpus?
"""

import json
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
from PIL import Image

from app import images
from app.clip import registry, taps
from app.clip.clip import Clip
from app.corpus.build import build
from app.corpus.index import Index
from app.corpus.sources import open_source
from app.facets.facet import Facet, log_odds
from app.facets.train import default_layers, train
from app.render.gallery import pictures
from bench.rows import Row

UNITS = 20
NEGATIVES = 500
PRESET = "standard"
STRENGTH = 1.0
GOAL = 0.6
MAX_BYTES, MAX_PIXELS = 1_000_000, 1_000_000

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Theme:
    """The facet that steers and the one that judges, trained on different halves of everything."""

    name: str
    steers: Facet
    judges: Facet


@dataclass(frozen=True)
class Pair:
    """What a facet did to a unit's picture: by how much the judge's log odds rose, and the unit's percentile."""

    theme: str
    unit: int
    gain: float
    percentile: float

    @property
    def up(self) -> bool:
        return self.gain > 0

    @property
    def kept(self) -> bool:
        return self.percentile > 99


def strongest_units(release: Path) -> list[int]:
    """The multimodal units of the release's evaluation, strongest first."""
    evaluation = json.loads((release / "evaluation.json").read_text())
    return [int(unit) for unit, *_ in evaluation["multimodal"]["list"][:UNITS]]


@contextmanager
def _index(clip: Clip, source: str) -> Iterator[Index]:
    with tempfile.TemporaryDirectory() as folder:
        build(clip, open_source(source), "bench", [clip.default_layer], Path(folder) / "index")
        yield Index.open(Path(folder) / "index", clip=clip)


def _pictures_of(tar: Path) -> list[Image.Image]:
    source = open_source(str(tar))
    return [images.decode(item.read(), max_bytes=MAX_BYTES, max_pixels=MAX_PIXELS) for item in source]


def _themes(clip: Clip, tars: list[Path], index: Index, tell: Tell) -> Iterator[Theme]:
    step = len(index) // (2 * NEGATIVES)
    others = [[index.image(i) for i in range(half * step, len(index), 2 * step)][:NEGATIVES] for half in (0, 1)]
    for tar in tars:
        tell(f"training {tar.stem}")
        theme = _pictures_of(tar)
        steers, judges = (train(clip, theme[half::2], others[half], default_layers(clip), seed=half) for half in (0, 1))
        yield Theme(tar.stem, steers, judges)


def _odds(clip: Clip, facet: Facet, drawn: list[Image.Image]) -> torch.Tensor:
    return log_odds(facet, clip, clip.prepare(drawn)).mean(dim=1)


def _percentiles(clip: Clip, index: Index, units: list[int], drawn: list[Image.Image]) -> list[float]:
    layer = clip.default_layer
    maps = taps.activations(clip, clip.prepare(drawn), [layer])[layer]
    return [index.percentile(layer, unit, float(maps[i, unit].mean())) for i, unit in enumerate(units)]


def steer(clip: Clip, index: Index, units: list[int], themes: list[Theme], strength: float, tell: Tell) -> list[Pair]:
    """Draw every unit plain and within every theme, and judge each pair; the plain ones come as theme ''."""
    layer, batch = clip.default_layer, tuple(units)
    tell("drawing the units plain")
    plain = pictures(clip, layer, batch, None, PRESET, 0.0)
    pairs = [
        Pair("", unit, 0.0, percentile)
        for unit, percentile in zip(units, _percentiles(clip, index, units, plain), strict=True)
    ]
    for theme in themes:
        tell(f"drawing within {theme.name}")
        drawn = pictures(clip, layer, batch, theme.steers, PRESET, strength)
        gains = _odds(clip, theme.judges, drawn) - _odds(clip, theme.judges, plain)
        found = zip(units, gains.tolist(), _percentiles(clip, index, units, drawn), strict=True)
        pairs += [Pair(theme.name, unit, gain, percentile) for unit, gain, percentile in found]
    return pairs


def _share(flags: list[bool]) -> float:
    return sum(flags) / len(flags)


def _rows(pairs: list[Pair], themes: list[Theme]) -> list[Row]:
    plain = [pair for pair in pairs if not pair.theme]
    steered = [pair for pair in pairs if pair.theme]
    note = f"{len(steered)} pairs: {len(plain)} units, {len(themes)} facets, preset {PRESET}, strength {STRENGTH:g}"
    above = "unit above the corpus' 99th percentile"
    rows = [
        Row(
            "steering.score_up",
            _share([p.up for p in steered]),
            "share",
            GOAL,
            f"{note}; held-out probe's score higher",
        ),
        Row("steering.activation_kept", _share([p.kept for p in steered]), "share", GOAL, f"{note}; {above}"),
        Row("steering.both", _share([p.up and p.kept for p in steered]), "share", None, note),
        Row("steering.plain", _share([p.kept for p in plain]), "share", None, f"without a facet; {above}"),
    ]
    for theme in themes:
        own = [pair for pair in steered if pair.theme == theme.name]
        aucs = " and ".join(f"{facet.reports[0].auc:.2f}" for facet in (theme.steers, theme.judges))
        said = f"score up {_share([p.up for p in own]):.2f}, kept {_share([p.kept for p in own]):.2f}; AUC {aucs}"
        rows.append(Row(f"steering.{theme.name}", _share([p.up and p.kept for p in own]), "share", None, said))
    return rows


def measure(tell: Tell) -> list[Row]:
    """Steer the shipped model's units by its shipped facets."""
    release = registry.RELEASE
    clip = registry.load(registry.entry("iconclip"), release, "cpu", offline=True)
    with _index(clip, str(release / "corpus-*.tar")) as index:
        tell("indexing the corpus")
        themes = list(_themes(clip, sorted((release / "facets").glob("*.tar")), index, tell))
        pairs = steer(clip, index, strongest_units(release), themes, STRENGTH, tell)
    return _rows(pairs, themes)
