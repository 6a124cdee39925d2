from app.clip.clip import Clip
from app.demo.steering import Pair, Theme
from app.facets.train import train
from bench.__main__ import main
from bench.rows import Row
from bench.steering import rows
from tests.facets.pictures import blobs


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
