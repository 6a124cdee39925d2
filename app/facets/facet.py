"""A facet: one linear probe per layer that tells a theme's pictures from all others, and its file."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import safetensors.torch
import torch
from torch import Tensor

from app.clip import taps
from app.clip.clip import Clip
from app.errors import BadInput, NotFound
from app.spec import canonical_json, content_id
from app.whole import write_whole

FORMAT = "facetscope-facet-1"


@dataclass(frozen=True, eq=False)
class Probe:
    """The log odds of the theme are `(weight * g).sum() + bias`.

    `g` is the layer's map after its ReLU: averaged over space for a `weight` [C], as it is for a `spatial` one
    [C, h, w]. Float32, on the CPU.
    """

    layer: str
    weight: Tensor
    bias: float

    @property
    def spatial(self) -> bool:
        return self.weight.dim() == 3


@dataclass(frozen=True)
class ProbeReport:
    """How well a probe told held-out pictures apart; the interval is a 95% bootstrap. `alignment` is how far the theme's
    pictures are active at the same places, `alignment_others` the same of those it was told from (`Alignment`)."""

    layer: str
    auc: float
    auc_low: float
    auc_high: float
    accuracy: float
    spatial: bool
    alignment: float | None = None
    alignment_others: float | None = None


@dataclass(frozen=True, eq=False)
class Facet:
    """A theme as one model sees it. `probes` are ordered deepest layer first; `positives` and `negatives` count the
    pictures used."""

    model_slug: str
    weights_hash: str
    probes: Mapping[str, Probe]
    reports: tuple[ProbeReport, ...]
    warnings: tuple[str, ...]
    positives: int
    negatives: int

    def check(self, clip: Clip) -> None:
        """Raise BadInput unless the facet was trained on exactly these weights."""
        if self.weights_hash != clip.weights_hash:
            raise BadInput(
                f"facet: it was trained on other weights ({self.model_slug}) than those of {clip.entry.slug}; "
                "train it again on this model",
                field="facet",
            )


def save(facet: Facet, path: Path) -> None:
    """Write a facet as one safetensors file: the weights as tensors, all else as JSON in its metadata."""
    about = {
        "model_slug": facet.model_slug,
        "weights_hash": facet.weights_hash,
        "layers": list(facet.probes),
        "biases": [probe.bias for probe in facet.probes.values()],
        "reports": [asdict(report) for report in facet.reports],
        "warnings": list(facet.warnings),
        "positives": facet.positives,
        "negatives": facet.negatives,
    }
    weights = {layer: probe.weight.contiguous() for layer, probe in facet.probes.items()}
    write_whole(path, safetensors.torch.save(weights, metadata={"format": FORMAT, "facet": json.dumps(about)}))


def load(path: Path) -> Facet:
    """Read what `save` wrote. NotFound if there is no such file, BadInput if it is something else."""
    if not path.is_file():
        raise NotFound(f"facet: there is no file {path.name}; train the facet again")
    try:
        with safetensors.safe_open(path, framework="pt") as file:  # type: ignore[no-untyped-call]
            metadata = file.metadata() or {}
            weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
    except safetensors.SafetensorError as error:
        raise BadInput(f"facet: {path.name} is no facet file ({error}); train the facet again") from error
    if metadata.get("format") != FORMAT:
        raise BadInput(f"facet: {path.name} is not in the format {FORMAT}; train the facet again")
    about = json.loads(metadata["facet"])
    biases = dict(zip(about["layers"], about["biases"], strict=True))
    return Facet(
        model_slug=about["model_slug"],
        weights_hash=about["weights_hash"],
        probes={layer: Probe(layer, weights[layer], bias) for layer, bias in biases.items()},
        reports=tuple(ProbeReport(**report) for report in about["reports"]),
        warnings=tuple(about["warnings"]),
        positives=about["positives"],
        negatives=about["negatives"],
    )


@torch.no_grad()
def log_odds(facet: Facet, clip: Clip, rgb: Tensor) -> Tensor:
    """How much each picture [B, 3, S, S] in [0, 1] is of the theme, per probe: float64 [B, probes]."""
    return _log_odds([facet], clip, rgb)[0]


def _log_odds(facets: Sequence[Facet], clip: Clip, rgb: Tensor) -> list[Tensor]:
    """What `log_odds` gives for each of several facets, in one pass."""
    layers = list(dict.fromkeys(layer for facet in facets for layer in facet.probes))
    with taps.tap(clip, dict.fromkeys(layers, "post")) as maps:
        taps.run(clip, rgb, layers)
        return [
            torch.stack([_one(probe, maps[layer]) for layer, probe in facet.probes.items()], dim=1) for facet in facets
        ]


def _one(probe: Probe, g: Tensor) -> Tensor:
    features = g if probe.spatial else g.mean(dim=(2, 3))
    weight = probe.weight.to(g.device, torch.float64)
    return (features.double() * weight).flatten(1).sum(dim=1) + probe.bias


def score(facet: Facet, clip: Clip, rgb: Tensor) -> Tensor:
    """The probability of the theme, the mean over the facet's probes, for pictures [B, 3, S, S] in [0, 1]: [B]."""
    return scores([facet], clip, rgb)[:, 0]


@torch.no_grad()
def scores(facets: Sequence[Facet], clip: Clip, rgb: Tensor) -> Tensor:
    """What `score` gives for each of several facets, in one pass: [B, facets]."""
    return torch.stack([odds.sigmoid().mean(dim=1) for odds in _log_odds(facets, clip, rgb)], dim=1)


def probes_id(facet: Facet) -> str:
    """Names what decides a facet's scores: the model's weights, and every probe's layer, shape, weight and bias."""
    about = [[layer, list(probe.weight.shape), probe.bias] for layer, probe in facet.probes.items()]
    weights = (probe.weight.float().contiguous().numpy().tobytes() for probe in facet.probes.values())
    return content_id("probes", facet.weights_hash, canonical_json(about), *weights)
