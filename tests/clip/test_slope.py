"""A unit's score for a text is the slope of their logit in a change of the unit that is the same everywhere, in float64."""

import copy

import pytest
import torch
from open_clip.modified_resnet import AttentionPool2d, ModifiedResNet
from torch import Tensor, nn

from app.clip.clip import Clip
from app.clip.edits import edited
from app.clip.text import bilinear, unit_scores
from tests.clip.test_text import written_out

BLANK = 0.5


def random(*shape: int, seed: int = 3) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def randomise(pool: AttentionPool2d, positions: bool) -> None:
    """Biases as of a trained pooling, which a fresh one has at 0; positions too, or 0."""
    for part in (pool.q_proj, pool.k_proj, pool.v_proj, pool.c_proj):
        nn.init.normal_(part.bias, std=0.3)
    nn.init.normal_(pool.positional_embedding, std=0.1 if positions else 0.0)


@pytest.fixture
def clip(tiny_clip: Clip) -> Clip:
    """The tiny model in float64 with biases, and without positions."""
    clip = copy.copy(tiny_clip)
    clip.module = copy.deepcopy(tiny_clip.module).double()
    torch.manual_seed(0)
    randomise(clip.module.visual.get_submodule("attnpool"), positions=False)  # pyright: ignore[reportArgumentType]
    return clip


def test_on_a_map_that_is_the_same_everywhere_scores_are_the_logits_gradient(clip: Clip) -> None:
    level = random(256).requires_grad_()
    texts = ["a cat", "surprised"]
    blank = torch.full((1, 3, 64, 64), BLANK, dtype=torch.float64)
    with edited(clip, "layer4.0", lambda x: level[None, :, None, None].expand_as(x)):
        embedding = clip.encode_image(blank)[0]
    directions = nn.functional.normalize(clip.encode_text(texts), dim=-1)
    for direction, scores in zip(directions, unit_scores(clip, texts), strict=True):
        (gradient,) = torch.autograd.grad(embedding @ direction, level, retain_graph=True)
        torch.testing.assert_close(gradient, scores, rtol=0, atol=1e-8)


def test_positions_make_attention_choose_so_that_the_gradient_is_another(clip: Clip) -> None:
    randomise(clip.module.visual.get_submodule("attnpool"), positions=True)  # pyright: ignore[reportArgumentType]
    level = random(256).requires_grad_()
    pooled = clip.module.visual.get_submodule("attnpool")(level[None, :, None, None].expand(1, 256, 2, 2))
    direction = nn.functional.normalize(clip.encode_text(["a cat"]), dim=-1)[0]
    (gradient,) = torch.autograd.grad(pooled[0] @ direction, level)
    assert not torch.allclose(gradient, unit_scores(clip, ["a cat"])[0], rtol=0, atol=1e-4)


def test_with_attention_held_it_is_the_gradient_on_every_map_with_positions_too(clip: Clip) -> None:
    pool = clip.module.visual.get_submodule("attnpool")
    assert isinstance(pool, AttentionPool2d)
    randomise(pool, positions=True)
    level = torch.zeros(256, dtype=torch.float64, requires_grad=True)
    embedding = written_out(pool, random(256, 2, 2) + level[:, None, None], held=True)
    direction = nn.functional.normalize(clip.encode_text(["a cat"]), dim=-1)[0]
    (gradient,) = torch.autograd.grad(embedding @ direction, level)
    torch.testing.assert_close(gradient, unit_scores(clip, ["a cat"])[0], rtol=0, atol=1e-8)


def test_it_holds_in_the_architecture_of_rn50() -> None:
    with torch.random.fork_rng(devices=[]), torch.device("cpu"):
        torch.manual_seed(0)
        visual = ModifiedResNet([3, 4, 6, 3], output_dim=1024, heads=32)
        randomise(visual.attnpool, positions=False)
    visual = visual.double().eval().requires_grad_(False)
    level = random(2048).requires_grad_()
    handle = visual.layer4.register_forward_hook(lambda *_: level[None, :, None, None].expand(1, 2048, 7, 7))
    embedding = visual(torch.full((1, 3, 32, 32), BLANK, dtype=torch.float64))[0]
    handle.remove()
    text = random(1024, seed=4) - 0.5
    (gradient,) = torch.autograd.grad(embedding @ nn.functional.normalize(text, dim=0), level)
    torch.testing.assert_close(gradient, bilinear(visual, text[None])[0], rtol=0, atol=1e-8)
