"""A unit's strongest examples by the kind that the corpus records of them."""

from app.microscope import Microscope
from app.microscope.responses import WAY_EXAMPLES, ways
from tests.pictures import KINDS

LAYER = "layer4.0"


def test_the_strongest_examples_are_parted_by_the_kind_the_corpus_records(shared: Microscope) -> None:
    page = shared.unit_page("small", LAYER, 5)
    index = shared.indexes.need("small")
    top = index.unit(LAYER, 5).top
    assert sorted(way.name for way in page.ways) == sorted(KINDS)
    assert page.ways[0].name == index.record(top[0].image)["kind"]
    assert sum(way.count for way in page.ways) == len(top)
    for way in page.ways:
        of_kind = [entry.activation for entry in top if index.record(entry.image)["kind"] == way.name]
        assert way.count == len(of_kind)
        assert [example.activation for example in way.examples] == of_kind[:WAY_EXAMPLES]


def test_examples_of_one_kind_are_not_parted(shared: Microscope) -> None:
    index, layer = shared.indexes.need("small"), shared.browser.layer("small", LAYER)
    top = index.unit(LAYER, 5).top
    assert len(ways(index, layer, 5, top)) == 2
    assert ways(index, layer, 5, [entry for entry in top if index.record(entry.image)["kind"] == KINDS[0]]) == []
