import re
from pathlib import Path

import pytest
import torch

from app.clip.clip import Clip
from app.demo.steering import Pair, Theme
from app.facets.train import train
from app.render.passes import Pass
from app.render.run import begin
from app.render.steer import steering
from bench import cost, labels
from bench.__main__ import BENCHES, main
from bench.quality import Achieved, achieved_rows, frechet, plausible_row
from bench.rows import Row
from bench.steering import rows
from tests.facets.pictures import blobs
from tests.render.conftest import in_double


def test_a_row_is_ok_when_it_reaches_its_goal_or_has_none():
    assert Row("a", 0.6, "share", 0.6, "").ok
    assert not Row("a", 0.59, "share", 0.6, "").ok
    assert Row("a", 0.0, "share", None, "").ok
    assert Row("a", 0.6, "share", 0.6, "", most=True).ok
    assert not Row("a", 0.61, "share", 0.6, "", most=True).ok


def test_the_shares_count_pairs_and_leave_the_plain_pictures_out(tiny_clip: Clip):
    positives = [blobs(seed, striped=True) for seed in range(8)]
    facet = train(tiny_clip, positives, [blobs(seed) for seed in range(8)], ["layer3.0"])
    pairs = [
        Pair("face", 1, 0.5, activation=1.0, plain=1.5),
        Pair("face", 2, 0.1, activation=0.7, plain=1.5),
        Pair("flag", 1, -0.2, activation=2.0, plain=1.5),
        Pair("flag", 2, 0.3, activation=0.75, plain=1.5),
    ]
    table = {row.name: row for row in rows(pairs, [Theme("face", facet, facet, 0.9), Theme("flag", facet, facet, 0.8)])}
    values = {name: row.value for name, row in table.items()}
    assert values["steering.score_up"] == 0.75 and values["steering.activation_kept"] == 0.75
    assert values["steering.both"] == 0.5
    assert values["steering.face"] == 0.5 and values["steering.flag"] == 0.5
    assert "4 pairs: 2 units, 2 facets" in table["steering.both"].note


def test_the_units_that_a_preset_fails_are_named():
    found = [Achieved(3, 9.0, 100.0, True), Achieved(7, 1.0, 84.0, False), Achieved(8, 5.0, 99.95, True)]
    table = {row.name: row for row in achieved_rows("standard", found, 0.95)}
    assert table["quality.standard.beats"].value == pytest.approx(2 / 3) and not table["quality.standard.beats"].ok
    assert table["quality.standard.beats"].note.endswith("but for 7")
    assert table["quality.standard.sd"].value == 5.0 and table["quality.standard.percentile"].value == 99.95


def test_the_frechet_distance_is_that_of_the_gaussians():
    draw = torch.Generator().manual_seed(0)
    flat, wide = torch.randn(2, 40_000, 2, generator=draw)
    wide = wide * torch.tensor([3.0, 1.0]) + torch.tensor([0.0, 2.0])
    assert frechet(flat, flat) == pytest.approx(0, abs=1e-9)
    assert frechet(flat, wide) == pytest.approx((3 - 1) ** 2 + 2**2, rel=0.05)
    assert frechet(wide, flat) == pytest.approx(frechet(flat, wide))


def test_renders_are_compared_with_real_pictures_and_with_noise():
    draw = torch.Generator().manual_seed(0)
    known = torch.randn(800, 4, generator=draw)
    alike, other, noise = torch.randn(3, 100, 4, generator=draw) + torch.tensor([0.0, 1.0, 2.0])[:, None, None]
    near, far = plausible_row("a", alike, known, noise), plausible_row("b", other, known, noise)
    assert near.value < 0.3 < 3 < far.value < 5
    assert near.note == far.note
    real, unlike = (float(said) for said in re.findall(r"\d+\.\d+", near.note))
    assert real < 0.3 and 13 < unlike < 19


def test_an_unknown_bench_is_wrong_usage():
    assert main(["nothing"]) == 2


def test_a_bench_that_cannot_measure_says_why_and_fails_while_the_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr("bench.__main__.RESULTS", tmp_path / "results" / "latest.json")
    monkeypatch.setitem(BENCHES, "cost", lambda tell: [Row("cost.a", 1.0, "", 0.5, "")])
    monkeypatch.setenv("FACETSCOPE_DATA", str(tmp_path / "data"))
    assert main(["families", "cost"]) == 1
    said = capsys.readouterr().out
    assert "families: Families are made of labels" in said and "label build" in said and "cost.a" in said
    assert main(["cost"]) == 0


def test_what_our_steps_are_compared_with_has_the_same_gradient(tiny_clip: Clip):
    clip, layer, layers = in_double(tiny_clip), "layer4.0", ("layer3.1", "layer3.0", "layer2.0")
    facet = cost.random_facet(clip, layers)
    weights = steering(facet, clip, layer, [1.0])
    seen = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    plain, faceted = (begin(clip, cost.spec_of(clip, each, layer), [each] if each else []) for each in (None, facet))
    for ours, theirs in (
        (plain, cost.Bare(clip, layer)),
        (plain, cost.Lucent(clip, layer)),
        (faceted, cost.Released(clip, weights, layer)),
    ):
        slope = Pass(clip, ours.objective, ours.watch, seen, seen).run().seen
        torch.testing.assert_close(theirs.slope(seen), slope, rtol=1e-9, atol=1e-12 * float(slope.abs().max()))
        theirs.step()


def test_lucent_takes_the_gradients_of_the_weights_along(tiny_clip: Clip):
    unfrozen, frozen = cost.Lucent(tiny_clip, "layer4.0"), cost.Lucent(tiny_clip, "layer4.0", frozen=True)
    for each in (unfrozen, frozen):
        each.step()
    assert unfrozen.visual.get_submodule("layer1.0.conv1").weight.grad is not None
    assert not [each for each in frozen.visual.parameters() if each.grad is not None]


@pytest.mark.parametrize("way", labels.WAYS.values(), ids=labels.WAYS)
def test_every_way_of_naming_finds_planted_concepts_and_none_in_noise(way: labels.Way):
    """Images of eight concepts, four dimensions apart from noise: a unit of each names it, a unit of noise names any."""
    draw = torch.Generator().manual_seed(0)
    words = torch.nn.functional.normalize(torch.randn(8, 32, generator=draw), dim=1)
    images = words.repeat_interleave(150, 0) + 0.1 * torch.randn(1200, 32, generator=draw)
    images = torch.nn.functional.normalize(images, dim=1)
    assert labels.right(way, images, words, images @ words.T, list(range(8))) == 1
    assert labels.right(way, images, words, torch.randn(1200, 64, generator=draw), [3] * 64) < 0.5
