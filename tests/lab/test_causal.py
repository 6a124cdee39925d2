"""The causal check: logits with units raised are those of the model whose last map was changed."""

import numpy as np
import pytest
import torch

from app.clip.clip import Clip
from app.clip.taps import activations
from app.clip.text import unit_scores
from app.lab.causal import AT_ONCE, GREY, SD, Rise, blank, heights, logits, rising


def rises(clip: Clip, texts: list[str], units: list[int], by: np.ndarray, count: int) -> list[Rise]:
    *steps, found = rising(clip, clip.encode_text(texts), units, by, count)
    assert isinstance(found, list) and len(steps) >= count // AT_ONCE and steps[-1][0] == steps[-1][1]
    return found


def test_logits_are_the_scaled_cosines_of_a_changed_last_map(tiny_clip: Clip) -> None:
    texts, raised = tiny_clip.encode_text(["a cat", "pizza"]), [(0, 0.0), (7, 3.0), (90, 0.5)]
    found = logits(tiny_clip, blank(tiny_clip), raised, texts)
    grey = torch.full((1, 3, 64, 64), GREY)
    read = activations(tiny_clip, grey, ["layer4.0"])["layer4.0"]
    for row, (unit, by) in zip(found, raised, strict=True):
        map_ = read.clone()
        map_[0, unit] += by
        image = tiny_clip.module.visual.get_submodule("attnpool")(map_.relu())
        expected = torch.cosine_similarity(image, texts) * tiny_clip.module.logit_scale.exp()
        np.testing.assert_allclose(row, expected.detach().numpy(), rtol=1e-4)


def test_the_unit_that_a_text_asks_for_most_raises_it_more_than_others_do(tiny_clip: Clip) -> None:
    scores = unit_scores(tiny_clip, ["surprised"])[0]
    raised = [(0, 0.0), (int(scores.argmax()), 30.0), (int(scores.argmin()), 30.0)]
    before, up, down = logits(tiny_clip, blank(tiny_clip), raised, tiny_clip.encode_text(["surprised"]))[:, 0]
    assert down < before < up


def test_units_are_raised_by_deviations_over_a_corpus_or_over_units(tiny_clip: Clip) -> None:
    std = np.random.default_rng(0).uniform(1, 2, 256)
    np.testing.assert_array_equal(heights(tiny_clip, std), SD * std)
    alone = heights(tiny_clip, None)
    assert alone.shape == (256,) and alone[0] > 0 and (alone == alone[0]).all()


def test_a_rise_beside_that_of_others() -> None:
    rise = Rise(before=2.0, after=5.0, others=(1.0, 5.0, 7.0, 4.9))
    assert (rise.rise, rise.as_much, rise.by_chance) == (3.0, 0.5, 0.75)
    assert (Rise(1.0, 0.5, ()).as_much, Rise(1.0, 0.5, ()).by_chance) == (0, 0)


def test_every_text_has_its_own_unit_raised_beside_the_same_others(tiny_clip: Clip) -> None:
    texts, by = ["a cat", "pizza", "a dog"], np.linspace(1, 5, 256)
    found = rises(tiny_clip, texts, [3, 90, 3], by, count=256)
    every = logits(tiny_clip, blank(tiny_clip), [(0, 0.0), *enumerate(by.tolist())], tiny_clip.encode_text(texts))
    for place, (each, unit) in enumerate(zip(found, (3, 90, 3), strict=True)):
        assert each.before == pytest.approx(every[0, place], rel=1e-4)
        assert each.after == pytest.approx(every[1 + unit, place], rel=1e-4)
        without = np.delete(every[1:, place], unit)
        np.testing.assert_allclose(sorted(each.others), sorted(without), rtol=1e-4)
    few = rises(tiny_clip, texts[:1], [3], by, count=5)[0].others
    assert 4 <= len(few) <= 5 and few == rises(tiny_clip, texts[:1], [3], by, count=5)[0].others
