"""Contrastive training of the embedded model: CLIP's loss, the non-negative term, and adversarial pictures.

Every random number follows from (seed, step), so a run that is interrupted and resumed is the run that was not; with a
schedule in minutes the pace of the machine decides how many steps there are.
"""

import json
import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from app.demo.batches import Batch
from app.demo.config import TrainConfig
from app.demo.losses import NonNegativeHead, contrastive, undershoot
from app.demo.model import Normalize, build, see, tokenizer

MakeBatches = Callable[[int, Callable[[int], float]], Iterator[Batch]]
LOGIT_SCALE_LIMIT = math.log(100)  # as in CLIP


@dataclass
class Clock:
    """How far the run is: by pictures, or by the time spent training (not the time spent stopped)."""

    config: TrainConfig
    step: int = 0
    spent: float = 0.0
    _since: float = field(default_factory=time.monotonic)

    @property
    def elapsed(self) -> float:
        return self.spent + time.monotonic() - self._since

    def progress(self, step: int | None = None) -> float:
        """Share of the run in 0..1; by the clock, `step` does not matter."""
        schedule = self.config.schedule
        if schedule.images:
            return min((self.step if step is None else step) * schedule.batch / schedule.images, 1.0)
        return min(self.elapsed / (60 * schedule.minutes), 1.0)

    def difficulty(self, step: int) -> float:
        """How hard the words of a step are, 0..1."""
        return min(self.progress(step) / self.config.schedule.curriculum, 1.0)


def learning_rate(config: TrainConfig, progress: float, warm_up: bool = True) -> float:
    """Linear warm-up, then cosine to zero; without warm-up, the cosine's beginning in its place."""
    schedule = config.schedule
    if progress < schedule.warmup:
        if not warm_up:
            return schedule.learning_rate
        return schedule.learning_rate * max(progress / schedule.warmup, 0.01)
    share = (progress - schedule.warmup) / (1 - schedule.warmup)
    return schedule.learning_rate * 0.5 * (1 + math.cos(math.pi * share))


class Trainer:
    """The model, its optimizer and one training step."""

    def __init__(self, config: TrainConfig, device: torch.device) -> None:
        self.config, self.device = config, device
        self.clock = Clock(config)
        self.clip = build(config.model, config.seed).to(device).to(memory_format=torch.channels_last)
        model_cfg = config.model["model_cfg"]
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(config.seed + 1)
            self.head = NonNegativeHead(
                model_cfg["embed_dim"],
                32 * model_cfg["vision_cfg"]["width"],
                config.nonnegative.scale,
                config.nonnegative.scale_limit,
            ).to(device)
        self.optimizer = torch.optim.AdamW(self._groups(), lr=0.0, betas=(0.9, 0.98), eps=1e-6, fused=True)
        self._normalize = Normalize(config.model["preprocess_cfg"], device)
        self._tokenize = tokenizer(config.model)
        self._attack_steps = 0

    def _groups(self) -> list[dict]:
        """Matrices and kernels decay. The head, which no trained weights wait for, needs no warm-up."""
        groups = []
        for module, warm_up in ((self.clip, True), (self.head, False)):
            named = list(module.named_parameters())
            decayed = [p for name, p in named if p.ndim > 1 and "embedding" not in name]
            plain = [p for name, p in named if p.ndim <= 1 or "embedding" in name]
            decay = self.config.schedule.weight_decay
            groups.append({"params": decayed, "weight_decay": decay, "warm_up": warm_up})
            groups.append({"params": plain, "weight_decay": 0.0, "warm_up": warm_up})
        return groups

    def step(self, batch: Batch) -> dict[str, float]:
        """One optimizer step on a batch; returns what there is to log."""
        progress = self.clock.progress()
        rate = learning_rate(self.config, progress)
        for group in self.optimizer.param_groups:
            group["lr"] = rate if group["warm_up"] else learning_rate(self.config, progress, warm_up=False)
        unique = sorted(set(batch.captions))
        where = torch.tensor([unique.index(caption) for caption in batch.captions], device=self.device)
        same = where[:, None] == where[None, :]
        generator = torch.Generator().manual_seed(self.config.seed * 1_000_003 + self.clock.step)
        pictures = self._normalize(torch.from_numpy(batch.images))
        # sixteen tokens are too few for the fused attention kernels to pay
        with torch.autocast(self.device.type, dtype=torch.bfloat16), sdpa_kernel(SDPBackend.MATH):
            texts = self.clip.encode_text(self._tokenize(unique).to(self.device))[where]  # (n, d)
            if progress >= self.config.adversarial.start:
                pictures = self._attack_some(pictures, texts.detach().float(), same, generator)
            embedding, deep = see(self.clip, pictures)
        terms = self._terms(embedding.float(), deep.float(), texts.float(), same)
        settings = self.config.nonnegative
        loss = terms[0] + settings.weight * terms[1] + settings.undershoot * terms[2]
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_([p for g in self.optimizer.param_groups for p in g["params"]], 1.0)
        self.optimizer.step()
        with torch.no_grad():
            self.clip.logit_scale.clamp_(0, LOGIT_SCALE_LIMIT)
        self.clock.step += 1
        names = ("contrastive", "nonnegative", "undershoot")
        report = {"loss": loss.item(), "rate": rate, "progress": progress}
        report |= {name: term.item() for name, term in zip(names, terms, strict=True)}
        return report | self._hits(embedding.float(), texts.float(), batch)

    def _terms(self, embedding: Tensor, deep: Tensor, texts: Tensor, same: Tensor) -> tuple[Tensor, ...]:
        scale = self.clip.logit_scale.exp()
        pooled = deep.relu().mean((2, 3))
        return contrastive(embedding, texts, scale, same), self.head(pooled, texts, same), undershoot(deep)

    def _attack_some(self, pictures: Tensor, texts: Tensor, same: Tensor, generator: torch.Generator) -> Tensor:
        """The first pictures of a batch, whose order says nothing, moved against the loss; the others as they are."""
        some = round(self.config.adversarial.share * len(pictures))
        moved = self._attack(pictures[:some], texts[:some], same[:some, :some], generator)
        return torch.cat([moved, pictures[some:]]).contiguous(memory_format=torch.channels_last)

    def _attack(self, pictures: Tensor, texts: Tensor, same: Tensor, generator: torch.Generator) -> Tensor:
        """Each picture moved by eps/2 to eps (L2, in 0..1 pixels) along the gradient of the contrastive loss, plus noise.

        One step from a noisy start, the text side fixed; the length differs from picture to picture, ramped in over the first
        steps. Models trained so have gradients that people can read (Engstrom et al. 2019).
        """
        settings = self.config.adversarial
        start = self._noisy(pictures, settings.probe_noise, generator).requires_grad_()
        with _frozen_statistics(self.clip.visual):
            embedding, _ = see(self.clip, start)
        loss = contrastive(embedding.float(), texts, self.clip.logit_scale.exp().detach(), same)
        gradient = torch.autograd.grad(loss, start)[0].float() / self._normalize.std  # per unit of pixel
        direction = gradient / gradient.flatten(1).norm(dim=1).clamp_min(1e-12).view(-1, 1, 1, 1)
        ramp = min(1.0, (self._attack_steps + 1) / settings.ramp_steps)
        share = 0.5 + 0.5 * torch.rand(len(pictures), 1, 1, 1, generator=generator).to(self.device)
        length = settings.eps * ramp * share
        self._attack_steps += 1
        return self._noisy(pictures + length * direction / self._normalize.std, settings.noise, generator)

    @staticmethod
    def _noisy(pictures: Tensor, sigma: float, generator: torch.Generator) -> Tensor:
        noise = torch.randn(pictures.shape, generator=generator).to(pictures.device)
        return (pictures + sigma * noise).contiguous(memory_format=torch.channels_last)

    @torch.no_grad()
    def _hits(self, embedding: Tensor, texts: Tensor, batch: Batch) -> dict[str, float]:
        """Per kind: share of pictures whose nearest text of the batch is of their own concept."""
        nearest = (F.normalize(embedding, dim=-1) @ F.normalize(texts, dim=-1).T).argmax(1).tolist()
        right = [batch.concepts[n] == concept for n, concept in zip(nearest, batch.concepts, strict=True)]
        kinds = set(batch.kinds)
        hits = {k: [r for r, kind in zip(right, batch.kinds, strict=True) if kind == k] for k in sorted(kinds)}
        return {kind: sum(values) / len(values) for kind, values in hits.items()}

    def save(self, path: Path) -> None:
        """Write the whole state; the file appears all at once."""
        state = {
            "clip": self.clip.state_dict(),
            "head": self.head.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "step": self.clock.step,
            "elapsed": self.clock.elapsed,
            "attack_steps": self._attack_steps,
        }
        partial = path.with_suffix(".partial")
        torch.save(state, partial)
        partial.replace(path)

    def begin_from(self, path: Path) -> None:
        """Take the weights of another run's saved state, or weights that ship; optimizer and schedule begin anew.

        What ships has no training-only head: that one starts from random weights.
        """
        if path.suffix == ".safetensors":
            self.clip.load_state_dict(load_file(path, device=str(self.device)))
            return
        state = torch.load(path, map_location=self.device, weights_only=True)
        self.clip.load_state_dict(state["clip"])
        self.head.load_state_dict(state["head"])

    def resume(self, path: Path) -> None:
        """Go on from a saved state."""
        state = torch.load(path, map_location=self.device, weights_only=True)
        self.clip.load_state_dict(state["clip"])
        self.head.load_state_dict(state["head"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.clock = Clock(self.config, step=state["step"], spent=state["elapsed"])
        self._attack_steps = state["attack_steps"]


@contextmanager
def _frozen_statistics(module: nn.Module) -> Iterator[None]:
    """Batch statistics are used but not remembered: the probe pictures of the attack are not the training pictures."""
    norms = [m for m in module.modules() if isinstance(m, nn.BatchNorm2d)]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.momentum = 0.0
    try:
        yield
    finally:
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum


def export(clip: nn.Module, path: Path) -> None:
    """Write the weights that ship: safetensors, fp16. The training-only head is not among them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file({name: tensor.half().contiguous().cpu() for name, tensor in clip.state_dict().items()}, path)


def train(
    config: TrainConfig,
    folder: Path,
    make_batches: MakeBatches,
    device: torch.device,
    watch: Callable[[dict], None],
    stop_step: int | None = None,
    begin: Path | None = None,
) -> Trainer:
    """Train to the end of the schedule, or to `stop_step`; goes on from `folder/state.pt` where there is one.

    `begin` is the saved state of another run, or its safetensors, whose weights a run starts from instead of random ones.

    `make_batches(first, progress)` yields batches from step `first`. Log lines go to `folder/log.jsonl` and to `watch`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    trainer = Trainer(config, device)
    state = folder / "state.pt"
    if state.exists():
        trainer.resume(state)
    elif begin:
        trainer.begin_from(begin)
    trainer.clip.train()
    saved = time.monotonic()
    sums: dict[str, list[float]] = {}
    with (folder / "log.jsonl").open("a", encoding="utf-8") as log:
        for batch in make_batches(trainer.clock.step, trainer.clock.difficulty):
            if trainer.clock.progress() >= 1 or trainer.clock.step == stop_step:
                break
            for name, value in trainer.step(batch).items():
                sums.setdefault(name, []).append(value)
            if trainer.clock.step % config.run.log_steps == 0:
                line = _line(trainer, sums)
                sums = {}
                log.write(json.dumps(line) + "\n")
                log.flush()
                watch(line)
            if time.monotonic() - saved > 60 * config.run.checkpoint_minutes:
                trainer.save(state)
                saved = time.monotonic()
    trainer.save(state)
    return trainer


def _line(trainer: Trainer, sums: dict[str, list[float]]) -> dict:
    means = {name: round(sum(values) / len(values), 5) for name, values in sums.items()}
    images = trainer.clock.step * trainer.config.schedule.batch
    return {"step": trainer.clock.step, "images": images, "seconds": round(trainer.clock.elapsed, 1)} | means
