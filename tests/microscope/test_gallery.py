"""Gallery renders stand for a unit only while the weights are those they were made with."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from shutil import rmtree

import pytest

from app.clip.clip import Clip
from app.errors import NotFound
from app.microscope import Microscope
from app.render.gallery import render_layer


@pytest.fixture
def galleries(shared: Microscope) -> Iterator[Microscope]:
    """The shared microscope without any gallery before and after the test."""
    yield shared
    rmtree(shared.gallery.folder, ignore_errors=True)


def test_a_gallery_stands_for_its_units_and_another_models_does_not(
    galleries: Microscope, tiny_clip: Clip, tmp_path: Path
) -> None:
    place = galleries.gallery.path("small", "layer1.0")
    clip = galleries.residents.clip("small")
    with pytest.raises(NotFound, match="no gallery render"):
        galleries.gallery_picture("small", "layer1.0", 0)
    galleries.worker.post(render_layer, clip, "layer1.0", None, place, preset="preview").result(120)
    assert galleries.gallery_picture("small", "layer1.0", 31).startswith(b"RIFF")
    assert galleries.unit_page("small", "layer1.0", 31).picture is not None
    cards = galleries.browser.layer_page("small", "layer1.0").units
    assert len(cards) == 32 and all(card.rendered for card in cards)

    other = tmp_path / "other.zip"
    render_layer(replace(tiny_clip, weights_hash="0" * 16), "layer1.0", None, other, preset="preview")
    other.replace(place)
    assert galleries.unit_page("small", "layer1.0", 31).picture is None


def test_a_unit_is_shown_under_each_facet_that_has_a_gallery(galleries: Microscope) -> None:
    layer, unit = "layer4.0", 3
    (facet,) = galleries.facet_desk.cards().facets
    clip = galleries.residents.clip("small")
    plain = galleries.gallery.path("small", layer)
    galleries.worker.post(render_layer, clip, layer, None, plain, preset="preview", units=4).result(120)
    assert [each.facet for each in galleries.unit_page("small", layer, unit).gallery] == [None]
    assert galleries.browser.layer_page("small", layer, facet="stripes").units[unit].thumbnail == (
        galleries.browser.layer_page("small", layer).units[unit].thumbnail
    )

    trained = galleries.facet_desk.load(facet.id)
    place = galleries.gallery.path("small", layer, facet.id)
    galleries.worker.post(render_layer, clip, layer, trained, place, preset="preview", units=4).result(120)
    page = galleries.unit_page("small", layer, unit)
    assert [each.facet.name if each.facet else None for each in page.gallery] == [None, "stripes"]
    assert page.picture == page.gallery[0].image != page.gallery[1].image
    under = galleries.unit_page("small", layer, unit, facet="stripes")
    assert under.picture == page.gallery[1].image
    assert page.gallery[1].url == f"{page.url}?facet={facet.id}"
    cards = galleries.browser.layer_page("small", layer, facet="stripes").units
    assert cards[unit].thumbnail == page.gallery[1].image
