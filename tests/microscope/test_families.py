"""Units are sorted into families by the agreement that names them too, for any corpus whose records have a family."""

import json
from collections import Counter
from pathlib import Path

from app.clip.clip import Clip
from app.corpus.build import build
from app.corpus.index import Index
from app.corpus.sources import open_source
from app.microscope import Microscope
from app.microscope.families import AGREEING, OTHER, families, links, within
from app.microscope.indexes import LABEL_EXAMPLES
from tests.pictures import blobs, png, write_tar

LAYER = "layer1.0"


def indexed(clip: Clip, folder: Path, records: list[dict[str, str]]) -> Index:
    """An index of one layer over blobs with these records."""
    pictures = [(f"{i:02d}.png", png(blobs(i)[0])) for i in range(len(records))]
    notes = [(f"{i:02d}.json", json.dumps(record).encode()) for i, record in enumerate(records)]
    write_tar(folder / "corpus.tar", [entry for pair in zip(pictures, notes, strict=True) for entry in pair])
    build(clip, open_source(str(folder / "corpus.tar")), "blobs", [LAYER], folder / "index")
    return Index.open(folder / "index")


def test_a_unit_is_of_the_family_that_enough_of_its_strongest_examples_share(tiny_clip: Clip, tmp_path: Path) -> None:
    records = [{"family": "discs" if i < 10 else ""} for i in range(24)]
    index = indexed(tiny_clip, tmp_path, records)
    found = families("small", index, LAYER)
    assert set(found) == {"discs", OTHER}
    for unit, name in enumerate(found):
        top = index.unit(LAYER, unit).top[:LABEL_EXAMPLES]
        count = Counter(records[entry.image]["family"] for entry in top)["discs"]
        assert (name == "discs") == (count >= AGREEING)


def test_a_corpus_without_families_has_none(tiny_clip: Clip, tmp_path: Path) -> None:
    index = indexed(tiny_clip, tmp_path, [{"caption": "discs"} for _ in range(12)])
    assert families("small", index, LAYER) == families("small", None, LAYER) == ()


def test_families_are_listed_by_name_with_what_is_in_no_family_last() -> None:
    names = ("food", OTHER, "animals", "food")
    listed = links(names, [0, 1, 2, 3], None, lambda name: f"/{name}")
    assert [(link.name, link.units, link.url) for link in listed] == [
        ("animals", 1, "/animals"), ("food", 2, "/food"), (OTHER, 1, f"/{OTHER}"),
    ]  # fmt: skip
    assert [(link.name, link.units) for link in links(names, [1], "food", str)] == [("food", 0), (OTHER, 1)]
    assert within("food", names, [3, 2, 0]) == [3, 0]
    assert within(None, names, [3, 2]) == [3, 2]
    assert within("food", (), [3, 2]) == []


def test_the_filter_stays_while_one_pages_and_sorts(shared: Microscope) -> None:
    whole = shared.browser.layer_page("small", LAYER)
    assert {"cool", "warm"} <= {link.name for link in whole.families} <= {"cool", "warm", OTHER}
    assert sum(link.units for link in whole.families) == whole.total == 32
    warm = next(link for link in whole.families if link.name == "warm")
    first = shared.browser.layer_page("small", LAYER, family="warm", sort="strength", limit=2)
    assert first.total == warm.units and first.families[0].units == whole.families[0].units
    assert first.next and "family=warm" in first.next and "sort=selectivity" in first.next
    assert "family=warm" not in first.every_family and "sort=selectivity" in first.every_family
    rest = shared.browser.layer_page("small", LAYER, family="warm", sort="strength", after=1)
    names = families("small", shared.indexes.find("small"), LAYER)
    shown = [card.unit for card in (*first.units, *rest.units)]
    assert [names[unit] for unit in shown] == ["warm"] * warm.units
    order = [card.unit for card in shared.browser.layer_page("small", LAYER, sort="strength").units]
    assert shown == [unit for unit in order if unit in shown]


def test_a_family_counts_what_the_query_leaves_over(shared: Microscope) -> None:
    page = shared.browser.layer_page("small", LAYER, q="7")
    assert page.total == sum(link.units for link in page.families) == 1
    assert all("q=7" in link.url for link in page.families)
    assert shared.browser.layer_page("small", LAYER, family="nobody").units == []
