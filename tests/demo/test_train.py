from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from app.demo.batches import Batch, batches_inline
from app.demo.config import Run, TrainConfig, load_config
from app.demo.model import Normalize, build, load, look, see
from app.demo.train import Clock, Trainer, export, learning_rate, train
from app.demo.world import World
from app.errors import BadInput

CPU = torch.device("cpu")
STEPS, BATCH = 4, 8


@pytest.fixture(scope="module")
def config() -> TrainConfig:
    """The real configuration with a tiny model and four steps, the last two of them adversarial."""
    real = load_config()
    model_cfg = {
        "embed_dim": 16,
        "vision_cfg": {**real.model["model_cfg"]["vision_cfg"], "layers": [1, 1, 1, 1], "width": 8},
        "text_cfg": {**real.model["model_cfg"]["text_cfg"], "width": 16, "heads": 2, "layers": 1},
    }
    return replace(
        real,
        schedule=replace(real.schedule, images=STEPS * BATCH, minutes=0, batch=BATCH),
        adversarial=replace(real.adversarial, start=0.5, ramp_steps=2),
        run=Run(threads=1, checkpoint_minutes=60, log_steps=2),
        model={**real.model, "model_cfg": model_cfg},
    )


@pytest.fixture
def make(pack, few, config: TrainConfig) -> Callable[[int, Callable[[int], float]], Iterator[Batch]]:
    world = World(pack, few)
    return lambda first, progress: batches_inline(world, config.seed, BATCH, first, progress)


def test_a_resumed_run_is_the_run_that_was_not_interrupted(config, make, tmp_path: Path) -> None:
    whole = train(config, tmp_path / "whole", make, CPU, lambda _: None)
    train(config, tmp_path / "parts", make, CPU, lambda _: None, stop_step=3)
    parts = train(config, tmp_path / "parts", make, CPU, lambda _: None)
    assert whole.clock.step == parts.clock.step == STEPS
    for one, two in ((whole.clip, parts.clip), (whole.head, parts.head)):
        for name, tensor in one.state_dict().items():
            assert torch.equal(tensor, two.state_dict()[name]), name


def test_a_run_can_begin_with_the_weights_of_another(config, make, tmp_path: Path) -> None:
    train(config, tmp_path / "first", make, CPU, lambda _: None)
    first = torch.load(tmp_path / "first" / "state.pt", weights_only=True)
    second = Trainer(config, CPU)
    second.begin_from(tmp_path / "first" / "state.pt")
    assert second.clock.step == 0
    for name, tensor in second.clip.state_dict().items():
        assert torch.equal(tensor, first["clip"][name]), name
    on = train(config, tmp_path / "second", make, CPU, lambda _: None, begin=tmp_path / "first" / "state.pt")
    assert on.clock.step == STEPS


def test_a_run_can_begin_with_weights_that_ship(config, make, tmp_path: Path) -> None:
    first = train(config, tmp_path / "first", make, CPU, lambda _: None)
    export(first.clip, tmp_path / "model.safetensors")
    second = Trainer(config, CPU)
    second.begin_from(tmp_path / "model.safetensors")
    for name, tensor in second.clip.state_dict().items():
        assert torch.equal(tensor, first.clip.state_dict()[name].half().to(tensor.dtype)), name
    on = train(config, tmp_path / "second", make, CPU, lambda _: None, begin=tmp_path / "model.safetensors")
    assert on.clock.step == STEPS


def test_the_head_needs_no_warm_up(config, make) -> None:
    trainer = Trainer(replace(config, schedule=replace(config.schedule, warmup=0.5)), CPU)
    head = {id(parameter) for parameter in trainer.head.parameters()}
    trainer.step(next(make(0, trainer.clock.difficulty)))
    rates = {(id(p) in head): group["lr"] for group in trainer.optimizer.param_groups for p in group["params"]}
    assert rates[True] == config.schedule.learning_rate
    assert 0 < rates[False] < 0.1 * rates[True]


def test_words_are_at_their_hardest_from_the_end_of_the_curriculum_on(config) -> None:
    clock = Clock(replace(config, schedule=replace(config.schedule, images=1000, batch=10, curriculum=0.4)))
    assert [clock.difficulty(step) for step in (0, 20, 40, 90)] == pytest.approx([0, 0.5, 1, 1])


def test_steps_move_every_part_and_log_what_they_did(config, make, tmp_path: Path) -> None:
    lines: list[dict] = []
    start = build(config.model, config.seed).state_dict()
    done = train(config, tmp_path, make, CPU, lines.append)
    assert [line["step"] for line in lines] == [2, 4]
    assert all(0 < line["loss"] < 10 and 0 < line["nonnegative"] < 10 for line in lines)
    for name in ("visual.conv1.weight", "visual.attnpool.c_proj.weight", "text_projection", "token_embedding.weight"):
        assert not torch.equal(start[name], done.clip.state_dict()[name]), name
    assert all(tensor.isfinite().all() for tensor in done.clip.state_dict().values())


def test_training_on_one_batch_learns_it(config, make) -> None:
    calm = replace(config, adversarial=replace(config.adversarial, start=2.0))
    trainer = Trainer(calm, CPU)
    trainer.clip.train()
    batch = next(make(0, lambda _: 0.0))
    losses = []
    for _ in range(12):
        trainer.clock.step = 1  # the learning rate near its peak
        losses.append(trainer.step(batch)["loss"])
    assert losses[-1] < 0.7 * losses[0]


def test_an_adversarial_step_raises_the_loss_and_keeps_its_length(config, make) -> None:
    trainer = Trainer(replace(config, adversarial=replace(config.adversarial, noise=0, ramp_steps=1)), CPU)
    trainer.clip.train()
    batch = next(make(0, lambda _: 0.0))
    pictures = trainer._normalize(torch.from_numpy(batch.images))
    texts, same = torch.randn(BATCH, 16, generator=torch.Generator().manual_seed(0)), torch.eye(BATCH, dtype=torch.bool)
    moved = trainer._attack(pictures, texts, same, torch.Generator().manual_seed(0)).detach()
    length = ((moved - pictures) * trainer._normalize.std).flatten(1).norm(dim=1)
    assert length.max() <= trainer.config.adversarial.eps * 1.001
    assert length.max() > 0.3 * trainer.config.adversarial.eps
    running = trainer.clip.state_dict()["visual.bn1.running_mean"]
    assert torch.equal(running, torch.zeros_like(running))  # probe pictures leave no trace in the statistics


def test_only_a_share_of_each_batch_is_perturbed(config, make) -> None:
    trainer = Trainer(replace(config, adversarial=replace(config.adversarial, share=0.25)), CPU)
    trainer.clip.train()
    pictures = trainer._normalize(torch.from_numpy(next(make(0, lambda _: 0.0)).images))
    texts, same = torch.randn(BATCH, 16, generator=torch.Generator().manual_seed(0)), torch.eye(BATCH, dtype=torch.bool)
    moved = trainer._attack_some(pictures, texts, same, torch.Generator().manual_seed(0)).detach()
    assert torch.equal((moved != pictures).flatten(1).any(1), torch.arange(BATCH) < BATCH // 4)


def test_the_learning_rate_rises_then_falls_to_zero(config) -> None:
    rates = [learning_rate(config, share) for share in (0.0, 0.01, 0.02, 0.5, 1.0)]
    assert rates[0] < rates[1] < rates[2] == config.schedule.learning_rate
    assert rates[3] == pytest.approx(config.schedule.learning_rate / 2, rel=0.05)
    assert rates[4] == pytest.approx(0.0)


def test_exported_weights_load_again(config, tmp_path: Path) -> None:
    clip = build(config.model, 3)
    export(clip, tmp_path / "model.safetensors")
    again = load(config.model, tmp_path / "model.safetensors")
    for name, tensor in clip.state_dict().items():
        assert torch.equal(tensor.half().float(), again.state_dict()[name].float()), name


def test_an_activation_is_the_mean_before_the_last_relu(config) -> None:
    clip = build(config.model, 3).eval()
    last = clip.get_submodule("visual.layer4.0.bn3").get_parameter("weight")  # zero in a fresh block: an identity
    torch.nn.init.normal_(last, generator=torch.Generator().manual_seed(1))
    images = Normalize(config.model["preprocess_cfg"])(torch.randint(0, 256, (3, 64, 64, 3), dtype=torch.uint8))
    embedding, activations = look(clip, images)
    with torch.no_grad():
        expected, deep = see(clip, images)
    assert torch.allclose(embedding, torch.nn.functional.normalize(expected, dim=-1))
    assert activations.shape == (3, 256)
    assert (activations < 0).any()
    assert (activations <= deep.mean((2, 3)) + 1e-6).all()


@pytest.mark.parametrize(("images", "minutes"), [(0, 0.0), (10, 1.0)])
def test_a_schedule_needs_exactly_one_length(tmp_path: Path, images: int, minutes: float) -> None:
    text = (Path(load_config.__code__.co_filename).parent / "iconclip.toml").read_text("utf-8")
    lines = [
        f"images = {images}"
        if line.startswith("images")
        else f"minutes = {minutes}"
        if line.startswith("minutes")
        else line
        for line in text.splitlines()
    ]
    (tmp_path / "wrong.toml").write_text("\n".join(lines))
    with pytest.raises(BadInput, match=r"one of schedule\.images and schedule\.minutes"):
        load_config(tmp_path / "wrong.toml")
