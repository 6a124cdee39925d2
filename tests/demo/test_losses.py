import math

import pytest
import torch

from app.demo.losses import NonNegativeHead, contrastive, undershoot


def written_out(images: list[list[float]], texts: list[list[float]], scale: float, captions: list[str]) -> float:
    """The symmetric loss in plain Python: mean over rows and columns of the mean over positives of -log softmax."""

    def unit(v: list[float]) -> list[float]:
        return [x / math.sqrt(sum(y * y for y in v)) for x in v]

    n = len(images)
    logits = [[scale * sum(a * b for a, b in zip(unit(i), unit(t), strict=True)) for t in texts] for i in images]
    total = 0.0
    for lines in (logits, [list(column) for column in zip(*logits, strict=True)]):
        for row, line in enumerate(lines):
            positives = [k for k in range(n) if captions[k] == captions[row]]
            norm = math.log(sum(math.exp(x) for x in line))
            total += sum(norm - line[k] for k in positives) / len(positives) / n
    return total / 2


@pytest.mark.parametrize("captions", ["abcde", "aabca", "aaaaa"])
def test_the_contrastive_loss_is_the_written_out_formula(captions: str) -> None:
    generator = torch.Generator().manual_seed(1)
    images, texts = (torch.randn(5, 7, generator=generator, dtype=torch.float64) for _ in range(2))
    same = torch.tensor([[a == b for b in captions] for a in captions])
    loss = contrastive(images, texts, torch.tensor(8.0), same)
    assert loss.item() == pytest.approx(written_out(images.tolist(), texts.tolist(), 8.0, list(captions)), rel=1e-9)


def test_pictures_of_one_caption_do_not_push_each_other_away() -> None:
    images = torch.eye(3)[[0, 0, 1]].requires_grad_()
    same = torch.tensor([[True, True, False], [True, True, False], [False, False, True]])
    contrastive(images, torch.eye(3)[[0, 0, 1]], torch.tensor(50.0), same).backward()
    assert images.grad is not None
    assert images.grad.abs().max() < 1e-6


def test_the_non_negative_term_is_the_same_loss_on_rectified_text() -> None:
    generator = torch.Generator().manual_seed(2)
    head = NonNegativeHead(6, 9, scale=10, scale_limit=60).double()
    pooled = torch.rand(4, 9, generator=generator, dtype=torch.float64)
    texts = torch.randn(4, 6, generator=generator, dtype=torch.float64)
    unit = texts / texts.norm(dim=1, keepdim=True) * math.sqrt(6)
    wanted = (unit @ head.linear.weight.T + head.linear.bias).clamp(min=0)
    expected = written_out(pooled.tolist(), wanted.tolist(), 10.0, list("abca"))
    same = torch.tensor([[a == b for b in "abca"] for a in "abca"])
    assert head(pooled, texts, same).item() == pytest.approx(expected, rel=1e-6)


def test_undershoot_is_the_share_of_energy_below_zero() -> None:
    deep = torch.tensor([3.0, -1.0, 0.0, -2.0]).view(2, 2, 1, 1)
    assert undershoot(deep).item() == pytest.approx(5 / 14)
    assert undershoot(deep * 100).item() == pytest.approx(5 / 14)
    assert undershoot(deep.clamp(min=0)).item() == 0
    assert undershoot(torch.zeros(2, 2, 1, 1)).item() == 0


def test_the_non_negative_scale_is_limited() -> None:
    pooled, texts, same = torch.rand(3, 5), torch.randn(3, 4), torch.eye(3, dtype=torch.bool)
    limited, free = (NonNegativeHead(4, 5, scale=s, scale_limit=60) for s in (1000, 60))
    limited.linear = free.linear
    assert limited(pooled, texts, same).item() == pytest.approx(free(pooled, texts, same).item(), rel=1e-5)
