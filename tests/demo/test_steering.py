import json
from pathlib import Path

import pytest

from app.clip.clip import Clip
from app.demo import steering
from app.demo.concepts import Concept
from app.demo.pack import Pack
from app.demo.release import FACETS, corpus, facet, write_shards
from app.demo.sheets import facets as facets_sheet
from app.demo.sheets import renders as renders_sheet
from app.demo.steering import SHOWS, Theme, facets, listed_units, themes
from app.demo.world import World


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The smallest preset: how a picture comes about is tested elsewhere."""
    monkeypatch.setattr(steering, "PRESET", "preview")


@pytest.fixture(scope="module")
def release(pack: Pack, few: tuple[Concept, ...], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus and one facet of the tiny world, as they ship."""
    folder = tmp_path_factory.mktemp("release")
    write_shards({"corpus-000000.tar": corpus(World(pack, few), 160)}, few, folder)
    write_shards({"sketch.tar": facet(pack, few, "sketch", 60)}, few, folder / "facets")
    return folder


@pytest.fixture(scope="module")
def trained(tiny_clip: Clip, release: Path) -> list[Theme]:
    return list(themes(tiny_clip, release, lambda _: None))


def test_every_shipped_facet_has_a_rule_for_what_else_shows_it() -> None:
    assert set(SHOWS) == set(FACETS)


def test_the_judge_shares_no_picture_with_the_facet_that_steers(trained: list[Theme]) -> None:
    (theme,) = trained
    assert theme.name == "sketch"
    assert theme.steers.positives + theme.judges.positives == 60
    assert theme.judges.negatives < theme.steers.negatives  # it leaves out what shows the theme
    assert theme.auc > 0.55  # a random network, and still better than chance


def test_the_report_counts_every_pair(tiny_clip: Clip, release: Path) -> None:
    said: list[str] = []
    report = facets(tiny_clip, release, [1, 4, 7], said.append)
    assert set(report) == {"sketch", "all"}
    assert report["sketch"]["pairs"] == report["all"]["pairs"] == 3
    assert all(0 <= report["sketch"][share] <= 1 for share in ("auc", "score_up", "activation_kept"))
    assert said == ["training sketch", "drawing without a facet", "drawing with sketch"]


def test_the_sheets_have_a_place_for_every_picture(tiny_clip: Clip, release: Path, trained: list[Theme]) -> None:
    units = [(1, "sun"), (4, "cat"), (7, "car")]
    renders, columns = renders_sheet(tiny_clip, release, units), facets_sheet(tiny_clip, units, trained)
    assert renders.width > 2 * 7 * 96 and renders.height > 2 * 96
    assert columns.width > 2 * 96 and columns.height > 3 * 96
    left = columns.crop((0, 44, 96, 140)).getextrema()
    assert left != ((255, 255),) * 3  # the first render is there


def test_the_units_measured_are_the_strongest_of_the_evaluation(tmp_path: Path) -> None:
    listed = [[unit, "concept", 9.0 - unit / 10] for unit in range(30, 60)]
    (tmp_path / "evaluation.json").write_text(json.dumps({"multimodal": {"list": listed}}))
    assert listed_units(tmp_path) == list(range(30, 60))
