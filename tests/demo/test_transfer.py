from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from app.demo.concepts import Concept
from app.demo.config import load_config
from app.demo.evaluate import Reader, reader
from app.demo.model import Normalize, build
from app.demo.transfer import load_witness, save_witness, transfer


@pytest.fixture(scope="module")
def model() -> dict:
    real = load_config().model
    vision = {**real["model_cfg"]["vision_cfg"], "layers": [1, 1, 1, 1], "width": 8}
    return {**real, "model_cfg": {**real["model_cfg"], "embed_dim": 16, "vision_cfg": vision}}


def noise(count: int) -> list[Image.Image]:
    generator = np.random.default_rng(3)
    return [Image.fromarray(generator.integers(0, 256, (96, 96, 3), dtype=np.uint8)) for _ in range(count)]


def test_a_witness_names_pictures_as_its_model_does(model: dict, few: tuple[Concept, ...], tmp_path: Path) -> None:
    clip = build(model, seed=5)
    save_witness(clip, model, few, tmp_path / "witness.safetensors")
    witness, whole = load_witness(model, tmp_path / "witness.safetensors"), reader(clip, model, few)
    images = np.stack([np.asarray(picture.resize((64, 64))) for picture in noise(4)])
    assert torch.allclose(witness.compare(images)[0], whole.compare(images)[0], atol=0.01)  # fp16 on disk


def test_the_rank_of_a_unit_is_that_of_its_concept_on_its_own_render(model: dict) -> None:
    concepts = 20
    texts = torch.nn.functional.normalize(torch.randn(concepts, 16, generator=torch.Generator().manual_seed(1)), dim=-1)
    witness = Reader(build(model, seed=5).eval(), Normalize(model["preprocess_cfg"]), texts)
    renders = noise(6)
    small = np.stack([np.asarray(picture.resize((64, 64), Image.Resampling.BICUBIC)) for picture in renders])
    order = witness.compare(small)[0].argsort(1, descending=True)
    units = [(10 + i, int(order[i, place])) for i, place in enumerate((0, 0, 4, 5, 9, 19))]
    report = transfer(renders, units, witness, side=64)
    assert report["ranks"] == [[10, 1], [11, 1], [12, 5], [13, 6], [14, 10], [15, 20]]
    assert report["top1"] == pytest.approx(2 / 6, abs=1e-4)
    assert report["top5"] == pytest.approx(3 / 6, abs=1e-4)
    assert report["chance"] == 0.25
    assert 0 <= report["permuted"] <= 1
