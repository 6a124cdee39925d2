"""The training configuration, read from one TOML file."""

import json
import tomllib
from dataclasses import dataclass
from pathlib import Path

from app.errors import BadInput

HERE = Path(__file__).parent
CONFIG_FILE = HERE / "iconclip.toml"
MODEL_FILE = HERE / "open_clip_config.json"
RELEASE = HERE / "release"
WITNESS = HERE / "witness.safetensors"  # the second seed, as far as naming pictures needs it


@dataclass(frozen=True)
class Schedule:
    """How long to train, and how fast. Exactly one of `images` and `minutes` is positive."""

    images: int
    minutes: float
    batch: int
    learning_rate: float
    warmup: float
    curriculum: float
    weight_decay: float


@dataclass(frozen=True)
class NonNegative:
    """The contrastive term on the pooled last layer."""

    weight: float
    undershoot: float
    scale: float
    scale_limit: float


@dataclass(frozen=True)
class Adversarial:
    """Pictures moved one step against the loss."""

    start: float
    share: float
    ramp_steps: int
    eps: float
    probe_noise: float
    noise: float


@dataclass(frozen=True)
class Run:
    """What does not change the result."""

    threads: int
    checkpoint_minutes: float
    log_steps: int


@dataclass(frozen=True)
class TrainConfig:
    """One training run. `model` is open_clip's `model_cfg` with its `preprocess_cfg` beside it."""

    seed: int
    stage: int
    schedule: Schedule
    nonnegative: NonNegative
    adversarial: Adversarial
    run: Run
    model: dict


def load_config(path: Path = CONFIG_FILE, model: Path = MODEL_FILE) -> TrainConfig:
    """Read and check a configuration. BadInput names what is wrong with it."""
    try:
        raw = tomllib.loads(path.read_text("utf-8"))
        config = TrainConfig(
            seed=raw["seed"],
            stage=raw["stage"],
            schedule=Schedule(**raw["schedule"]),
            nonnegative=NonNegative(**raw["nonnegative"]),
            adversarial=Adversarial(**raw["adversarial"]),
            run=Run(**raw["run"]),
            model=json.loads(model.read_text("utf-8")),
        )
    except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise BadInput(f"config {path}: {error}; compare it with {CONFIG_FILE.name}", field="config") from error
    if (config.schedule.images > 0) == (config.schedule.minutes > 0):
        raise BadInput(f"config {path}: set one of schedule.images and schedule.minutes, 0 the other", field="config")
    return config
