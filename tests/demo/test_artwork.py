import json
from random import Random

import numpy as np
import pytest
from PIL import ImageFont

from app.demo.lettering import scramble, text_mask
from app.demo.sprites import IconFile, edge_sketch
from tests.demo.conftest import sprite


def test_an_edge_sketch_has_ink_at_the_rim_and_none_inside() -> None:
    ink = edge_sketch(sprite("sun", "plain"))[..., 3]
    assert ink[48, 48] == 0
    assert ink[48, 4:9].max() > 200
    assert ink[0, 0] == 0


def test_a_text_mask_is_cropped_to_its_ink() -> None:
    mask = text_mask("cat", ImageFont.load_default(40))
    assert mask.shape[0] == 32
    assert mask.dtype == np.uint8
    assert mask[:, 0].any() and mask[:, -1].any()


@pytest.mark.parametrize("word", ["elephant", "sun", "1"])
def test_a_scrambled_word_reads_differently(word: str) -> None:
    for seed in range(20):
        assert scramble(word, Random(seed)) != word


def test_an_icon_is_found_by_name_and_by_alias(tmp_path) -> None:
    icons = {
        "icons": {"cat": {"body": "<path/>", "height": 12}},
        "aliases": {"kitten": {"parent": "cat"}},
        "width": 24,
        "height": 24,
    }
    (tmp_path / "icons.json").write_text(json.dumps(icons))
    file = IconFile(tmp_path)
    assert 'viewBox="0 0 24 12"' in (file.svg("cat") or "")
    assert file.svg("kitten") == file.svg("cat")
    assert file.svg("dog") is None
