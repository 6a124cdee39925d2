"""Gallery renders stand for a unit only while the weights are those they were made with."""

from dataclasses import replace
from pathlib import Path

import pytest

from app.clip.clip import Clip
from app.errors import NotFound
from app.microscope import Microscope
from app.render.gallery import render_layer


def test_a_gallery_stands_for_its_units_and_another_models_does_not(
    microscope: Microscope, tiny_clip: Clip, tmp_path: Path
) -> None:
    place = microscope.gallery.path("small", "layer1.0")
    clip = microscope.residents.clip("small")
    with pytest.raises(NotFound, match="no gallery render"):
        microscope.gallery_picture("small", "layer1.0", 0)
    microscope.worker.post(render_layer, clip, "layer1.0", None, place, preset="preview").result(120)
    assert microscope.gallery_picture("small", "layer1.0", 31).startswith(b"RIFF")
    assert microscope.unit_page("small", "layer1.0", 31).picture is not None
    cards = microscope.layer_page("small", "layer1.0").units
    assert len(cards) == 32 and all(card.rendered for card in cards)

    other = tmp_path / "other.zip"
    render_layer(replace(tiny_clip, weights_hash="0" * 16), "layer1.0", None, other, preset="preview")
    other.replace(place)
    assert microscope.unit_page("small", "layer1.0", 31).picture is None
