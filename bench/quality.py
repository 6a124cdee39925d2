"""Are the renders good? How strongly they drive their units, how near they are to real pictures, what others see there.

On the model that comes with Facetscope, for every unit that its evaluation lists with a clear concept. The last two
questions are also those of Fel et al. (2023, arXiv:2306.06805):

- **achieved**: the unit's activation on the finished picture, without transforms, against the corpus;
- **plausible**: the Frechet distance between renders and one half of the corpus, as Gaussians of unit-length embeddings
  (after Heusel et al., 2017, arXiv:1706.08500), seen by the second model; beside it, the distance of as many pictures of
  the other half and of noise. The distance to the nearest pictures of the corpus says nothing here: noise is nearer.
- **transferable**: whether the second model names the unit's concept among its first five.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from app.clip import registry, taps
from app.clip.clip import Clip
from app.corpus.index import Index
from app.corpus.packed import unpack
from app.corpus.sample import sample, sample_key
from app.corpus.sources import open_source
from app.demo.concepts import concepts
from app.demo.config import CONFIG_FILE, RELEASE, WITNESS, load_config
from app.demo.evaluate import Reader
from app.demo.model import look
from app.demo.transfer import load_witness, transfer
from app.images import square
from app.render.ascend import Ascent
from app.render.gallery import BATCH, Units
from app.render.presets import recipe
from app.render.spectrum import Spectrum, spectrum_of
from app.spec import PRESETS
from bench.rows import Row, Tell

COMPARED = ("standard", "maco")
GOAL = 0.95
BEATS = 0.999  # of the corpus
CHUNK = 256


@dataclass(frozen=True)
class Achieved:
    """How strongly a picture drives its unit: in standard deviations over the corpus, as a percentile of it, and
    whether it beats the 99.9th."""

    unit: int
    sd: float
    percentile: float
    beats: bool


def draw(clip: Clip, units: Sequence[int], preset: str, spectrum: Spectrum, tell: Tell) -> list[Image.Image]:
    """The finished pictures of units of the last layer, from the seed 0."""
    chosen, drawn = PRESETS[preset], []
    for start in range(0, len(units), BATCH):
        tell(f"{preset}: {start} of {len(units)} drawn")
        watch = Units(clip.default_layer, tuple(units[start : start + BATCH]))
        slots = [(0, 0)] * len(watch.units)
        ascent = Ascent(
            clip,
            watch,
            watch,
            slots=slots,
            size=chosen.size,
            steps=chosen.steps,
            recipe=recipe(preset),
            spectrum=spectrum.at(chosen.size),
        )
        *_, last = ascent.frames()
        assert last.image is not None
        drawn += [Image.fromarray(each) for each in last.image]
    return drawn


@torch.no_grad()
def achieved(clip: Clip, index: Index, units: Sequence[int], drawn: Sequence[Image.Image]) -> list[Achieved]:
    """What the pictures do to their units, prepared as any picture is for the model."""
    layer = clip.default_layer
    maps = taps.activations(clip, clip.prepare(drawn), [layer])[layer]
    mean, std = index.mean(layer), index.std(layer)
    found = []
    for number, unit in enumerate(units):
        value = float(maps[number, unit].mean())
        sd, percentile = (value - mean[unit]) / std[unit], index.percentile(layer, unit, value)
        found.append(Achieved(unit, sd, percentile, value > index.quantile(layer, unit, BEATS)))
    return found


def embeddings(witness: Reader, drawn: Sequence[Image.Image], side: int) -> Tensor:
    """Unit-length embeddings [n, d] of pictures, brought to `side` px."""
    small = np.stack([np.asarray(square(each.convert("RGB"), side)) for each in drawn])
    batches = torch.from_numpy(small).split(CHUNK)
    return torch.cat([look(witness.clip, witness.normalize(batch))[0] for batch in batches])


def frechet(embedded: Tensor, corpus: Tensor) -> float:
    """The squared Frechet distance between the Gaussians of two sets of embeddings, [n, d] and [m, d].

    |a - b|^2 + tr(A + B - 2 (A B)^(1/2)); the last trace is that of (B^(1/2) A B^(1/2))^(1/2), which is symmetric.
    """
    (a, spread_a), (b, spread_b) = ((x.mean(0), torch.cov(x.T)) for x in (embedded.double(), corpus.double()))
    values, vectors = torch.linalg.eigh(spread_b)
    root = vectors * values.clamp_min(0).sqrt() @ vectors.T
    shared = torch.linalg.eigvalsh(root @ spread_a @ root).clamp_min(0).sqrt().sum()
    return float((a - b).square().sum() + spread_a.trace() + spread_b.trace() - 2 * shared)


def achieved_rows(preset: str, found: Sequence[Achieved], goal: float | None) -> list[Row]:
    """The share of units whose picture beats the 99.9th percentile, and the medians."""
    missed = [each.unit for each in found if not each.beats]
    note = f"{len(found)} units; their pictures above the corpus' 99.9th percentile"
    if missed:
        note += f", but for {', '.join(map(str, missed))}"
    middle = {name: float(np.median([getattr(each, name) for each in found])) for name in ("sd", "percentile")}
    share = 1 - len(missed) / len(found)
    return [
        Row(f"quality.{preset}.beats", share, "share", goal, note),
        Row(f"quality.{preset}.percentile", middle["percentile"], "percentile", None, "of the corpus, median"),
        Row(f"quality.{preset}.sd", middle["sd"], "sd", None, "above the corpus' mean, median"),
    ]


def plausible_row(preset: str, embedded: Tensor, known: Tensor, noise: Tensor) -> Row:
    """How far the renders' embeddings [n, d] are from the even pictures of the corpus, whose embeddings are `known`."""
    reference, real = known[::2], known[1::2]
    real = real[torch.linspace(0, len(real) - 1, len(embedded)).long()]
    note = (
        f"as many real pictures {frechet(real, reference):.3f}, noise {frechet(noise, reference):.3f}; lower is better"
    )
    return Row(f"quality.{preset}.distance", frechet(embedded, reference), "Frechet", None, note)


def transferable_row(
    preset: str, drawn: Sequence[Image.Image], units: Sequence[tuple[int, int]], witness: Reader, side: int
) -> Row:
    """The share of pictures on which the second model sees the unit's concept; `units` have their concepts' numbers."""
    named = transfer(drawn, units, witness, side)
    note = f"concept among the second model's first five; by chance {named['chance']:.3f}, first {named['top1']:.2f}"
    return Row(f"quality.{preset}.transfer", named["top5"], "share", None, note)


def measure(tell: Tell) -> list[Row]:
    """All three for the presets compared, of which the default has a goal."""
    clip = registry.load(registry.entry("iconclip"), registry.RELEASE, "cpu", offline=True)
    settings = load_config(CONFIG_FILE)
    numbers = {concept.name: number for number, concept in enumerate(concepts(settings.stage))}
    listed = json.loads((RELEASE / "evaluation.json").read_text("utf-8"))["multimodal"]["list"]
    units = [(int(unit), numbers[name]) for unit, name, _ in listed]
    witness = load_witness(settings.model, WITNESS)
    rows: list[Row] = []
    with TemporaryDirectory() as scratch:
        index = _index(clip, Path(scratch) / "index")
        spectrum = spectrum_of(index.folder, sample_key(index), sample(index))
        tell("embedding the corpus")
        known = embeddings(witness, [index.image(number) for number in range(len(index))], clip.image_size)
        noise = embeddings(witness, _noise(len(units), clip.image_size), clip.image_size)
        for preset in COMPARED:
            drawn = draw(clip, [unit for unit, _ in units], preset, spectrum, tell)
            found = achieved(clip, index, [unit for unit, _ in units], drawn)
            rows += achieved_rows(preset, found, GOAL if preset == "standard" else None)
            embedded = embeddings(witness, drawn, clip.image_size)
            rows.append(plausible_row(preset, embedded, known, noise))
            rows.append(transferable_row(preset, drawn, units, witness, clip.image_size))
    return rows


def _noise(count: int, side: int) -> list[Image.Image]:
    draws = np.random.default_rng(0).integers(0, 256, (count, side, side, 3), dtype=np.uint8)
    return [Image.fromarray(each) for each in draws]


def _index(clip: Clip, place: Path) -> Index:
    unpack(RELEASE / "index", clip, open_source(str(RELEASE / "corpus-*.tar")), place.name, place)
    return Index.open(place)
