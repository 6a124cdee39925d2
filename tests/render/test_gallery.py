import json
import zipfile
from io import BytesIO
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from app.clip.clip import Clip
from app.facets.facet import Facet, Probe
from app.render.gallery import is_rendered, pictures, render_layer
from app.render.run import render
from app.spec import PRESETS, RenderSpec

LAYER = "layer1.0"


def test_every_unit_of_a_layer_gets_its_picture(tiny_clip: Clip, tmp_path: Path):
    done: list[tuple[int, int | None]] = []
    path = tmp_path / "gallery" / "plain.zip"
    render_layer(tiny_clip, LAYER, None, path, preset="preview", progress=lambda *step: done.append(step))
    units = tiny_clip.layers[LAYER].channels
    with zipfile.ZipFile(path) as archive:
        about = json.loads(archive.read("about.json"))
        side = PRESETS["preview"].size
        for unit in range(units):
            assert Image.open(BytesIO(archive.read(f"{unit}.webp"))).size == (side, side)
    assert about == {"weights": tiny_clip.weights_hash, "layer": LAYER, "preset": "preview", "strength": None}
    assert done[-1] == (units, units)
    assert list(path.parent.iterdir()) == [path]


def test_a_gallery_picture_is_the_units_own_render(double_clip: Clip):
    drawn = pictures(double_clip, LAYER, (3, 7), None, "preview", 0.0)
    spec = RenderSpec.model_validate({"model": double_clip.slug, "layer": LAYER, "unit": 7, "preset": "preview"})
    *_, final = render(double_clip, spec)
    assert final.image is not None
    assert np.abs(np.asarray(drawn[1]).astype(int) - final.image[0]).max() <= 1


def test_a_facet_shows_in_the_gallery(tiny_clip: Clip):
    weight = torch.randn(tiny_clip.layers[LAYER].channels, generator=torch.Generator().manual_seed(0))
    facet = Facet(tiny_clip.slug, tiny_clip.weights_hash, {LAYER: Probe(LAYER, weight, 0.0)}, (), (), 9, 9)
    plain, steered = (pictures(tiny_clip, "layer2.0", (1, 2), each, "preview", 1.0) for each in (None, facet))
    assert np.abs(np.asarray(plain[0]).astype(int) - np.asarray(steered[0])).max() > 10


def test_a_gallery_is_whole_for_just_its_weights_and_preset(tiny_clip: Clip, tmp_path: Path):
    path = tmp_path / "any.zip"
    assert not is_rendered(tiny_clip, LAYER, None, path, "preview")
    render_layer(tiny_clip, LAYER, None, path, preset="preview", units=1)
    assert not is_rendered(tiny_clip, LAYER, None, path, "preview"), "of the first batch only"
    path.write_bytes(path.read_bytes()[:-30])
    assert not is_rendered(tiny_clip, LAYER, None, path, "preview"), "cut short"
