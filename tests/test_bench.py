import torch

from app.clip.clip import Clip
from app.demo.steering import Pair, Theme
from app.facets.train import train
from app.render.passes import Pass
from app.render.run import begin
from app.render.steer import steering
from bench import cost
from bench.__main__ import main
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


def test_an_unknown_bench_is_wrong_usage():
    assert main(["nothing"]) == 2


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
