import torch

from app.demo.config import load_config
from app.demo.evaluate import STYLES, concept_means, evaluate, multimodal
from app.demo.model import build
from app.demo.world import World

CONCEPTS, UNITS = 60, 100


def noise(seed: int) -> torch.Tensor:
    return torch.randn(CONCEPTS, UNITS, generator=torch.Generator().manual_seed(seed))


def test_planted_multimodal_units_are_found_and_chance_finds_none() -> None:
    means = {style: noise(number) for number, style in enumerate(STYLES)}
    for unit in range(10):
        for mean in means.values():
            mean[unit // 2, unit] = 12.0
    report = multimodal(means)
    assert {unit for unit, _, _ in report["list"]} >= set(range(10))
    assert report["strict"] <= 12
    assert report["concepts"] >= 5
    assert report["null"] < 1


def test_a_unit_that_prefers_another_concept_in_writing_is_not_multimodal() -> None:
    means = {style: torch.zeros(CONCEPTS, 1) for style in STYLES}
    means["colour"][4] = means["sketch"][4] = means["word"][5] = 1.0
    assert multimodal(means)["strict"] == 0
    means["word"][5], means["word"][4] = 0.0, 1.0
    assert multimodal(means)["strict"] == 1


def test_means_are_taken_per_concept() -> None:
    activations = torch.tensor([[1.0, 0.0], [3.0, 4.0], [5.0, 6.0]])
    means = concept_means(activations, torch.tensor([0, 0, 2]), 3)
    assert means.tolist() == [[2.0, 2.0], [3.5, 4.0], [5.0, 6.0]]  # the middle one has no pictures


def test_a_report_has_every_figure_and_its_controls(pack, few) -> None:
    config = load_config()
    small = {**config.model, "model_cfg": {**config.model["model_cfg"], "embed_dim": 16}}
    small["model_cfg"]["vision_cfg"] = {**small["model_cfg"]["vision_cfg"], "layers": [1, 1, 1, 1], "width": 8}
    worlds = {"fresh": World(pack, few), "held_out": World(pack, few, held_out=True)}
    report = evaluate(build(small), small, worlds, each=2, pairs=6)
    assert report["concepts"] == 3
    assert set(report["zero_shot"]) == {"fresh", "held_out"}
    assert all(0 <= score <= 1 for scores in report["zero_shot"].values() for score in scores.values())
    assert set(report["attack"]) == {"none", "blank", "word", "scrambled"}
    assert {"units", "strict", "null", "concepts", "list"} <= set(report["multimodal"])
    again = evaluate(build(small), small, worlds, each=2, pairs=6)
    assert again == report
