"""Facets' columns are made in the background of a real microscope, and never used when they are stale."""

import asyncio
from dataclasses import replace

import numpy as np

from app.corpus.pictures import decode_item
from app.facets import facet as facet_file
from app.facets.columns import column_path
from app.facets.facet import Probe, score
from app.microscope import Microscope
from app.microscope.facet_columns import FacetColumnDesk
from tests.microscope.conftest import wait_for
from tests.pictures import blobs, png

LAYER = "layer4.0"


def upload(microscope: Microscope, name: str, numbers: range) -> str:
    """A facet of discs of one colour."""
    files = [(f"{number}.png", png(blobs(number)[0])) for number in numbers]
    return asyncio.run(microscope.add_facet(name, "small", files))[0]


def recorded(microscope: Microscope) -> bool:
    page = microscope.unit_page("small", LAYER, 5)
    ready = {facet.id for facet in page.facets if facet.ready}
    return not page.by_facet_status and ready == {row.facet.id for row in page.by_facet}


def test_columns_are_made_behind_everything_and_made_anew_for_new_probes(microscope: Microscope) -> None:
    wait_for(lambda: recorded(microscope))
    index, desk = microscope.indexes.need("small"), microscope.facet_columns
    (stripes,) = desk.every(index)
    red = upload(microscope, "red discs", range(1000, 1060, 5))
    wait_for(lambda: microscope.facet(red).status == "ready" and recorded(microscope))
    clip, facet = microscope.residents.clip("small"), microscope.facet_desk.load(red)
    numbers = [0, 1, 64, 119]
    pictures = clip.prepare([decode_item(index.item(number)) for number in numbers])
    column = desk.every(index)[red].probability
    np.testing.assert_allclose(column[numbers], score(facet, clip, pictures).numpy(), atol=1e-5)

    before = column_path(index, red).read_bytes()
    again = replace(facet, probes={n: Probe(n, -p.weight, p.bias) for n, p in facet.probes.items()})
    facet_file.save(again, microscope.store.files.facet_weights(red))
    assert set(desk.every(index)) == {stripes}, "a column of other probes is not used"
    page = microscope.unit_page("small", LAYER, 5)
    assert [row.facet.id for row in page.by_facet] == [stripes] and "index columns small-corpus" in page.by_facet_status
    desk.queue("small")
    wait_for(lambda: recorded(microscope))
    np.testing.assert_allclose(
        desk.every(index)[red].probability[numbers], score(again, clip, pictures).numpy(), atol=1e-5
    )
    assert column_path(index, red).read_bytes() != before

    strange = replace(facet, weights_hash="f" * 16)
    facet_file.save(strange, microscope.store.files.facet_weights(red))
    assert set(desk.every(index)) == {stripes} and not desk.status(index), "facets of other weights have none"
    _the_pass_gives_way(microscope, desk)


def _the_pass_gives_way(microscope: Microscope, desk: FacetColumnDesk) -> None:
    """A facet that somebody waits for is trained before a pass goes on, and the pass then makes its column too."""
    index = microscope.indexes.need("small")
    for path in (index.folder / "facets").iterdir():
        path.unlink()
    desk.queue("small")
    blue = upload(microscope, "blue discs", range(1002, 1062, 5))
    wait_for(lambda: microscope.facet(blue).status == "ready")
    wait_for(lambda: blue in desk.every(index) and not desk.status(index))
    assert len(desk.every(index)) == 2


def test_what_is_not_recorded_is_said(microscope: Microscope) -> None:
    wait_for(lambda: recorded(microscope))
    folder = microscope.indexes.need("small").folder
    for lost in ("columns", "facets"):
        (folder / lost).rename(folder / "aside")
        page = microscope.unit_page("small", LAYER, 5)
        said = page.record.status if page.record and lost == "columns" else page.by_facet_status
        assert page.by_facet == [] and "index columns small-corpus --model small" in said
        sorted_ = microscope.browser.layer_page("small", LAYER, sort="purity")
        if lost == "columns":
            assert not sorted_.hint, "the index has the strongest images"
        else:
            assert sorted_.hint.startswith(said) and [card.unit for card in sorted_.units[:3]] == [0, 1, 2]
            assert all(card.of is None for card in sorted_.units)
        (folder / "aside").rename(folder / lost)
