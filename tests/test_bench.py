import json
from pathlib import Path

from app.clip.clip import Clip
from app.facets.train import train
from bench.__main__ import main
from bench.rows import Row
from bench.steering import Pair, Theme, _rows, strongest_units
from tests.facets.pictures import blobs


def test_a_row_is_ok_when_it_reaches_its_goal_or_has_none():
    assert Row("a", 0.6, "share", 0.6, "").ok
    assert not Row("a", 0.59, "share", 0.6, "").ok
    assert Row("a", 0.0, "share", None, "").ok


def test_the_shares_count_pairs_and_leave_the_plain_pictures_out(tiny_clip: Clip):
    positives = [blobs(seed, striped=True) for seed in range(8)]
    facet = train(tiny_clip, positives, [blobs(seed) for seed in range(8)], ["layer3.0"])
    pairs = [
        Pair("", 1, 0.0, 99.9),
        Pair("", 2, 0.0, 50.0),
        Pair("face", 1, 0.5, 99.5),
        Pair("face", 2, 0.1, 99.0),
        Pair("flag", 1, -0.2, 99.7),
        Pair("flag", 2, 0.3, 99.1),
    ]
    rows = {row.name: row for row in _rows(pairs, [Theme("face", facet, facet), Theme("flag", facet, facet)])}
    values = {name: row.value for name, row in rows.items()}
    assert values["steering.score_up"] == 0.75 and values["steering.activation_kept"] == 0.75
    assert values["steering.both"] == 0.5 and values["steering.plain"] == 0.5
    assert values["steering.face"] == 0.5 and values["steering.flag"] == 0.5
    assert "4 pairs" in rows["steering.both"].note


def test_the_units_measured_are_the_strongest_of_the_evaluation(tmp_path: Path):
    listed = [[unit, "concept", 9.0 - unit / 10] for unit in range(30, 60)]
    (tmp_path / "evaluation.json").write_text(json.dumps({"multimodal": {"list": listed}}))
    assert strongest_units(tmp_path) == list(range(30, 50))


def test_an_unknown_bench_is_wrong_usage():
    assert main(["nothing"]) == 2
