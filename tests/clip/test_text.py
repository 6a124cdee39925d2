"""Text to units: the bilinear form is what attention pooling does on a map that is the same everywhere."""

import pytest
import torch
from open_clip.modified_resnet import AttentionPool2d
from open_clip.transformer import VisionTransformer
from torch import nn

from app.clip.clip import Clip
from app.clip.text import bilinear, output_matrix, unit_scores
from app.errors import BadInput


class Tower(nn.Module):
    """Only what `output_matrix` looks at, with the pooling's own code."""


def pool(channels: int = 24, embedding: int = 10) -> AttentionPool2d:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)
        return AttentionPool2d(3, channels, 4, embedding).double().requires_grad_(False)


def written_out(pool: AttentionPool2d, x: torch.Tensor, *, held: bool = False) -> torch.Tensor:
    """y = W_o sum_i A_i W_v x_i with A = softmax(q k), head by head; x is [C, h, w]; positions as trained. With A `held`
    no gradient goes through it."""
    tokens = x.flatten(1).T  # (h * w, c)
    tokens = torch.cat([tokens.mean(0, keepdim=True), tokens]) + pool.positional_embedding
    q, k, v = pool.q_proj(tokens[:1]), pool.k_proj(tokens), pool.v_proj(tokens)
    heads = []
    for part in torch.arange(x.shape[0]).chunk(pool.num_heads):
        weights = torch.softmax(q[:, part] @ k[:, part].T / len(part) ** 0.5, dim=-1)
        heads.append((weights.detach() if held else weights) @ v[:, part])
    return pool.c_proj(torch.cat(heads, dim=-1))[0]


def test_on_a_homogeneous_map_the_pool_is_affine_with_the_bilinear_form(tiny_clip: Clip) -> None:
    attention = pool()
    attention.positional_embedding.zero_()
    visual = type(tiny_clip.module.visual).__new__(type(tiny_clip.module.visual))
    nn.Module.__init__(visual)
    visual.attnpool = attention
    generator = torch.Generator().manual_seed(1)
    levels = torch.rand(24, generator=generator, dtype=torch.float64)
    text = torch.randn(3, 10, generator=generator, dtype=torch.float64)
    x = levels[:, None, None].expand(24, 3, 3)

    moved = written_out(attention, x) - written_out(attention, torch.zeros_like(x))
    expected = (text / text.norm(dim=-1, keepdim=True)) @ moved
    torch.testing.assert_close(bilinear(visual, text) @ levels, expected, rtol=1e-12, atol=1e-12)


def test_the_written_out_pool_is_the_models_pool() -> None:
    attention = pool()
    x = torch.rand(24, 3, 3, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    torch.testing.assert_close(written_out(attention, x), attention(x[None])[0], rtol=1e-12, atol=1e-12)


def test_scores_ignore_the_length_of_the_embedding_and_count_units(tiny_clip: Clip) -> None:
    scores = unit_scores(tiny_clip, ["a cat", "pizza", "a cat"])
    assert scores.shape == (3, 256)
    assert torch.equal(scores[0], scores[2])
    assert not torch.allclose(scores[0], scores[1])
    embeddings = tiny_clip.encode_text(["a cat"])
    torch.testing.assert_close(bilinear(tiny_clip.module.visual, 7 * embeddings), scores[:1])


def test_a_transformers_matrix_is_the_norms_scale_then_the_projection() -> None:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        visual = VisionTransformer(32, 16, 8, 1, 2, 2.0, output_dim=5).requires_grad_(False)
    scale, projection = visual.get_parameter("ln_post.weight"), visual.get_parameter("proj")
    nn.init.uniform_(scale, 0.5, 2)
    token = torch.randn(8)
    token -= token.mean()
    normed = nn.functional.layer_norm(token, (8,), scale, eps=0)
    torch.testing.assert_close(output_matrix(visual) @ token / token.var(unbiased=False).sqrt(), normed @ projection)


def test_a_model_with_another_vocabulary_says_so(tiny_clip: Clip, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiny_clip.module, "vocab_size", 830)
    with pytest.raises(BadInput, match="vocabulary of 830 tokens"):
        tiny_clip.tokenize(["a cat"])
